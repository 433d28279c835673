"""A table of texts: CSV, TSV or JSON lines with a column of texts and one to learn, or a table for each class.

Nothing is guessed about a text: "NA" is one, and so is a number. Tables with the same columns of which none is a class
(``male_names.csv``, ``female_names.csv``) are one class each, called by what tells their names apart.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from convscope.data.columns.spilled import spilled, spilled_strings
from convscope.data.listing import Listing, Target
from convscope.data.notice import Notice
from convscope.data.numerals import REAL
from convscope.data.sequences.texts import Texts
from convscope.data.sources import targets
from convscope.data.sources.candidate import Candidate, in_order, numbered
from convscope.data.sources.cells import Joined, RowNames, packed
from convscope.data.sources.columns import LABEL_COLUMNS, Columns, plain
from convscope.data.sources.files import Files, is_image, set_name
from convscope.data.sources.grouping import find_grouping, unused_notice
from convscope.data.sources.labels import text_of
from convscope.data.sources.rowfiles import rows_said
from convscope.data.sources.splitnames import split_sets
from convscope.data.sources.table import splits_of, tables
from convscope.data.sources.tabular import Table, parse
from convscope.data.sources.text_listing import by_text
from convscope.data.sources.unlabelled import no_label
from convscope.errors import DataError
from convscope.text import listed

TEXT_COLUMNS = (
    "text",
    "sequence",
    "sentence",
    "seq",
    "string",
    "review",
    "comment",
    "message",
    "title",
    "word",
    "name",
)
SHOWN = 20


def find(files: Files, columns: Columns, names: Sequence[str] | None = None) -> list[Candidate]:
    """Return a candidate for each set among the tables ``names`` (all) with a column of texts and one to learn."""
    heads: dict[str, Table] = {}
    for name in tables(files) if names is None else names:
        try:
            head = _parse(files, name, columns, SHOWN)
            if head.rows and _text_column(head, columns) and not (columns.text is None and _names_images(head)):
                heads[name] = head
        except DataError:  # some other table lying about
            continue
    if len(heads) > 1 and _a_class_each(heads.values(), columns):
        read_all = functools.partial(read_classes, files, [*heads], columns)
        return [Candidate("a table of texts a class", ", ".join(heads), read_all, files=(*heads,))]
    sets = [[*by_split.items()] for by_split in split_sets([*heads])]
    if len(sets) > 1 and all(len(each) == 1 for each in sets) and _are_one(heads.values(), columns):
        sets = [[pair for each in sets for pair in each]]
    return [
        Candidate(
            "tables of texts" if len(parts) > 1 else "table of texts", ", ".join(name for _, name in parts),
            functools.partial(read, files, parts, columns), files=tuple(name for _, name in parts),
        )
        for parts in sets
    ]  # fmt: skip


def read(files: Files, tables: Sequence[tuple[str, str]], columns: Columns) -> Listing:
    """List the texts of a table, or of several: pairs of the split of each, "" for none, and its name.

    Raises:
        DataError: nothing to learn, an empty text, a row without a label, and whatever ``targets.read`` raises.
    """
    parts = [_read_one(files, name, columns) for _, name in tables]
    where = ", ".join(name for _, name in tables)
    chosen = parts[0].target
    if chosen is None:
        raise no_label(parts[0].table, "a table of texts", {parts[0].text}, " and none of numbers")
    cells = {name: Joined(part.cells(name) for part in parts) for name in chosen.names}
    refs = Joined(part.refs for part in parts)
    if chosen.kind == "label":
        _refuse_blank(where, chosen.names[0], cells[chosen.names[0]], refs)
    target, how, notices = targets.read(where, chosen, cells, refs, columns)
    split = spilled(np.concatenate([part.split(split) for (split, _), part in zip(tables, parts, strict=True)]))
    return _listing(
        files, parts, where, target, columns, split=split, said=chosen.said + chosen.why + how, notices=notices
    )


def read_classes(files: Files, names: Sequence[str], columns: Columns) -> Listing:
    """List the texts of tables that are a class each, called by what tells the tables' names apart."""
    parts = [replace(_read_one(files, name, columns), target=None) for name in names]  # the table says the class
    classes = told_apart([name.rpartition("/")[2].rpartition(".")[0] for name in names])
    known = in_order(classes)
    sizes = [len(part.refs) for part in parts]
    target = Target("class", np.repeat(numbered(classes, known), sizes), known)
    split = spilled(np.full(sum(sizes), "", "<U5"))
    return _listing(files, parts, ", ".join(names), target, columns, split=split, said="the table", notices=())


@dataclass(frozen=True)
class _Texts:
    """One table: its column of texts, what is to be learned, and what its rows are called in messages."""

    table: Table
    text: str
    target: targets.TargetColumns | None
    refs: Sequence[str]

    def cells(self, name: str) -> Sequence[str]:
        if name not in self.table.columns:
            raise DataError(f"{self.table.where}: no column {name}; give all tables the same columns")
        return self.table.columns[name]

    def split(self, split: str) -> np.ndarray:
        """Return the split of each row (n,): that of the table, else what its split column says."""
        words = next((self.table.columns[name] for name in self.table.columns if plain(name) == "split"), None)
        return splits_of(self.table.where, self.table.rows, words, split)


def _read_one(files: Files, name: str, columns: Columns) -> _Texts:
    table = _parse(files, name, columns)
    text = _text_column(table, columns)
    if text is None or not table.rows:
        lacks = "but no rows" if text else f"none of texts (one of {', '.join(TEXT_COLUMNS)})"
        raise DataError(f"{table.where}: columns {listed(table.names, SHOWN)}, {lacks}")
    if text in table.nested:
        row, value = table.nested[text]
        raise DataError(f"{table.where} row {row}: expected a text in {text}, found {value[:60]}")
    refs = RowNames(table.rows, name)
    _refuse_blank(table.where, text, table.columns[text], refs)
    if columns.named("text") is None:
        _refuse_numbers(table.where, text, table.columns[text], refs)
    return _Texts(table, text, _learned(table, text, columns), refs)


def _listing(
    files: Files, parts: Sequence[_Texts], where: str, target: Target, columns: Columns, *, split: np.ndarray,
    said: str, notices: Sequence[Notice],
) -> Listing:  # fmt: skip
    texts = Joined(part.table.columns[part.text] for part in parts)
    refs = Joined(part.refs for part in parts)
    taken = {part.text for part in parts} | {name for part in parts if part.target for name in part.target.names}
    rest = {
        name: packed(text_of(value) for part in parts for value in part.cells(name))
        for name in parts[0].table.columns
        if name not in taken and plain(name) != "split"
    }
    labels = target.values if target.kind == "class" else np.zeros(len(target), np.int64)
    if whole := plain(columns.group or "") in ("text", plain(parts[0].text)):
        columns = replace(columns, group="none")
    grouping = find_grouping(rest, labels, columns.named("group"), wanted=columns.group != "none")
    if whole:
        grouping = replace(grouping, column="the text")
    kind = f"{'tables' if len(parts) > 1 else 'table'} {where} (columns text={parts[0].text}, {target.kind}={said}"
    return Listing(
        name=set_name(files.path),
        kind=kind + (f", group={grouping.column})" if grouping.column else ")"),
        images=Texts(texts, refs),
        ids=spilled_strings(refs),
        target=target,
        split=split,
        groups=by_text(texts) if whole else spilled_strings(rest[grouping.column]) if grouping.column else None,
        notices=(
            *notices, *unused_notice("column", [n for n in rest if n != grouping.column], grouping.passed),
            *grouping.notices,
        ),
        columns=tuple(parts[0].table.names),
    )  # fmt: skip


def told_apart(names: Sequence[str]) -> list[str]:
    """Return what tells names apart: without the words that all of them have.

    >>> told_apart(["male_names", "female_names"]), told_apart(["a", "b"])
    (['male', 'female'], ['a', 'b'])
    """
    words = [re.findall(r"[^\W_]+", name) for name in names]
    shared = set.intersection(*map(set, words))
    short = [" ".join(word for word in each if word not in shared) for each in words]
    return short if all(short) and len(set(short)) == len(short) else list(names)


def _a_class_each(heads: Collection[Table], columns: Columns) -> bool:
    """Tell whether tables hold a class each: they have the same columns, and none that says a class or is asked for."""
    if columns.named("label") is not None or columns.task not in (None, "classification"):
        return False
    labelled = any(plain(name) in map(plain, LABEL_COLUMNS) for head in heads for name in head.names)
    return _of_one_form(heads) and not labelled


def _are_one(heads: Collection[Table], columns: Columns) -> bool:
    """Tell whether tables of one form are to be read together: what is learned of each row is said."""
    return _of_one_form(heads) and (columns.task == "regression" or columns.named("label") is not None)


def _of_one_form(heads: Collection[Table]) -> bool:
    return len({tuple(head.names) for head in heads}) == 1


def _names_images(table: Table) -> bool:
    """Tell whether a table has a column of images: every cell is named like a file of one."""
    return any(all(map(is_image, cells)) for name, cells in table.columns.items() if name not in table.nested)


def _text_column(table: Table, columns: Columns) -> str | None:
    return columns.pick("text", TEXT_COLUMNS, table.names, table.where)


def _learned(table: Table, text: str, columns: Columns) -> targets.TargetColumns | None:
    taken = {text, *(name for name in table.columns if plain(name) == "split"), columns.named("group") or text}
    return targets.find(table.where, table.columns, columns, taken)


def _parse(files: Files, name: str, columns: Columns, rows: int | None = None) -> Table:
    words = {plain(word) for word in (*TEXT_COLUMNS, *LABEL_COLUMNS, columns.text, columns.label) if word}
    return parse(files, name, lambda names: len(words & set(map(plain, names))), rows)


def _refuse_blank(where: str, column: str, values: Sequence[str], refs: Sequence[str]) -> None:
    if blank := [refs[at] for at, value in enumerate(values) if not value.strip()]:
        raise DataError(f"{where}: no {column} in {rows_said(blank)}; fill it in or remove the row")


def _refuse_numbers(where: str, column: str, values: Sequence[str], refs: Sequence[str]) -> None:
    """Refuse a column that only its name makes one of texts."""
    if all(REAL.fullmatch(value.strip()) for value in values):
        some = listed((f"row {refs[at]}: {value}" for at, value in enumerate(values[:SHOWN])), 3)
        raise DataError(
            f"{where}: expected texts in {column}, found nothing but numbers ({some}); name the column of texts, or "
            f"read these as texts, with --text-column {column}"
        )
