"""A table of images: CSV, TSV or JSON lines, one row an image, with a column that names its class.

Several tables that differ in the name of a split (``train.csv`` and ``test.csv``, ``train/metadata.csv`` and
``test/metadata.csv``) are one set. Row numbers in messages are those of the lines in the file; the first line of a CSV
names the columns.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from convscope.data.listing import Listing, Target
from convscope.data.notice import Notice
from convscope.data.numerals import REAL
from convscope.data.sources.candidate import SPLITS, Candidate, in_order, numbered
from convscope.data.sources.columns import Columns, plain
from convscope.data.sources.files import FileImages, Files, hidden_notice, is_image, set_name, strings
from convscope.data.sources.grouping import Grouping, find_grouping, is_group_word, unused_notice
from convscope.data.sources.labels import class_texts, several_labels, text_of
from convscope.data.sources.matching import Matcher
from convscope.data.sources.rowfiles import left_out, refuse_twice, rows_said, with_files
from convscope.data.sources.splitnames import BySplit, split_sets
from convscope.data.sources.tabular import Table, parse, place
from convscope.errors import DataError

ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson")
IMAGE_COLUMNS = ("image", "path", "file_name", "filename", "file", "image_path", "image_name", "image_id", "id")
LABEL_COLUMNS = ("label", "target", "class")
SHOWN = 20


def tables(files: Files) -> list[str]:
    """Return the names of all tables among files, whatever is in them."""
    return [name for name in files.names if name.lower().endswith(ENDINGS)]


def find(files: Files, columns: Columns) -> list[Candidate]:
    """Return a candidate for each set of tables with an image and a label column.

    It is sure where some of the first rows name files that are there.
    """
    sure: dict[str, bool] = {}
    matcher = None
    for name in tables(files):
        try:
            head = _parse(files, name, columns, SHOWN)
            image = columns.pick("image", IMAGE_COLUMNS, head.names, head.where)
            label = columns.pick("label", LABEL_COLUMNS, head.names, head.where)
        except DataError:  # some other table lying about; alone, ``detect`` reads it and says what is wrong
            continue
        if image and label and head.rows:
            matcher = matcher or Matcher(files)
            beside = name.rpartition("/")[0]
            sure[name] = any(matcher.match(value, beside).files for value in head.columns[image])
    return [
        Candidate(
            "tables" if len(by_split) > 1 else "table",
            ", ".join(by_split.values()),
            functools.partial(read, files, by_split, columns),
            any(sure[name] for name in by_split.values()),
            tuple(by_split.values()),
        )
        for by_split in split_sets(list(sure))
    ]


@dataclass(frozen=True)
class _Rows:
    """The rows of a table whose image is there: what each is called in messages, its file, label and split.

    ``roles`` names the columns that were taken, ``why`` adds a reason, and ``rest`` holds the columns that were not.
    """

    refs: list[str]
    files: list[str]
    labels: list[str]
    split: np.ndarray
    roles: dict[str, str]
    why: str
    rest: dict[str, list[str]]
    nested: dict[str, str]
    names: list[str]
    absent: Notice | None
    notices: tuple[Notice, ...]


def read(files: Files, by_split: BySplit, columns: Columns) -> Listing:
    """List the rows of a table (``{"": name}``), or of one for each split.

    Raises:
        DataError: no image or label column, real-valued targets or several labels a row, rows without label, no row
            with a file, a file named twice.
    """
    matcher = Matcher(files)
    parts = [_read_one(files, name, split, columns, matcher) for split, name in by_split.items()]
    names = ", ".join(by_split.values())
    where = str(files.path) if len(parts) > 1 else place(files, names)
    found = [name for part in parts for name in part.files]
    refuse_twice(where, [ref for part in parts for ref in part.refs], found)
    roles = {role: "/".join(dict.fromkeys(part.roles[role] for part in parts)) for role in ("image", "class")}
    values, how, notices = class_texts(where, roles["class"], [label for part in parts for label in part.labels])
    classes = in_order(values)
    labels = numbered(values, classes)
    rest = _side_by_side(parts)
    grouping, groups = _groups(where, parts, rest, labels, columns)
    split = next((part.roles["split"] for part in parts if "split" in part.roles), "")
    roles = {**roles, "split": split, "group": grouping.column or ""}
    said = ", ".join(f"{role}={column}" for role, column in roles.items() if column)
    what = f"tables {names}" if len(parts) > 1 else f"table {names}"
    told = {f"; {name} numbers the same classes": name for name in rest}.get(parts[0].why)
    unused = [name for name in rest if name not in (grouping.column, told)]
    ids = strings(found)
    return Listing(
        name=set_name(files.path),
        kind=f"{what} (columns {said}{parts[0].why}{how})",
        images=FileImages(files, ids),
        ids=ids,
        target=Target("class", labels, classes),
        split=np.concatenate([part.split for part in parts]),
        groups=groups,
        notices=(
            *hidden_notice(files),
            *left_out(files, set(found)),
            *(notice for part in parts for notice in part.notices),
            *notices,
            *unused_notice("column", unused, grouping.passed),
            *grouping.notices,
        ),
        absent=_together([part.absent for part in parts if part.absent]),
        columns=tuple(dict.fromkeys(name for part in parts for name in part.names)),
    )


def columns_said(files: Files, name: str) -> str:
    """Return the names of a table's columns for a message."""
    return ", ".join(_parse(files, name, Columns(), 1).names[:SHOWN]) or "(none: it is empty)"


def _parse(files: Files, name: str, columns: Columns, rows: int | None = None) -> Table:
    words = {plain(word) for word in (*IMAGE_COLUMNS, *LABEL_COLUMNS, columns.image, columns.label) if word}
    return parse(files, name, lambda names: len(words & set(map(plain, names))), rows)


def _read_one(files: Files, name: str, split: str, columns: Columns, matcher: Matcher) -> _Rows:
    """Read one table, all of whose rows are of one ``split`` where it is given."""
    table = _parse(files, name, columns)
    where, said = table.where, ", ".join(table.names[:SHOWN])
    if not table.columns:
        raise DataError(f"{where} is empty; expected a header that names the columns, and a row for each image")
    image = columns.pick("image", IMAGE_COLUMNS, table.names, where)
    if image is None:
        wanted = ", ".join(IMAGE_COLUMNS)
        raise DataError(
            f"{where}: no column names the images (one of {wanted}); its columns: {said}; "
            f"say which one does with --image-column{_hint_at_header(table)}"
        )
    label, why = _label_column(table, columns)
    column = columns.pick("split", ("split",), table.names, where)
    for twice in filter(is_group_word, table.twice):
        columns.pick("group", (twice,), table.names, where)  # says that there are two
    if not table.rows:
        raise DataError(f"{where}: columns ({said}) but no rows")
    _refuse_lists(table, image, label)
    refs = [f"{row} of {name}" if split else str(row) for row in table.rows]
    paths = [value.strip() for value in table.columns[image]]
    rows = with_files(where, list(map(str, table.rows)), paths, matcher, name.rpartition("/")[0], split)
    kept = {key: [values[i] for i in rows.kept] for key, values in table.columns.items()}
    lines = [table.rows[i] for i in rows.kept]
    if missing := [str(row) for row, value in zip(lines, kept[label], strict=True) if not value.strip()]:
        raise DataError(f"{where}: no {label} in {rows_said(missing)}; fill it in or remove the row")
    return _Rows(
        refs=[refs[i] for i in rows.kept],
        files=rows.names,
        labels=kept[label],
        split=_splits(where, lines, kept[column] if column else None, split),
        roles={"image": image, "class": label, **({"split": column} if column else {})},
        why=why,
        rest={key: list(map(text_of, values)) for key, values in kept.items() if key not in (image, label, column)},
        nested={key: f"row {row}: {value[:60]}" for key, (row, value) in table.nested.items()},
        names=table.names,
        absent=rows.absent,
        notices=rows.notices,
    )


def _hint_at_header(table: Table) -> str:
    """Say where the first line names an image as the other lines do, and no columns."""
    rowlike = next(filter(is_image, table.names), None)
    return f"; the first line holds {rowlike}: put a line that names the columns above it" if rowlike else ""


def _refuse_lists(table: Table, image: str, label: str) -> None:
    """Raise ``DataError`` for the first image or label that is a list or an object."""
    if image in table.nested:
        row, value = table.nested[image]
        raise DataError(f"{table.where} row {row}: expected the name of a file in {image}, found {value[:60]}")
    if label in table.nested:
        row, value = table.nested[label]
        raise DataError(several_labels(f"{table.where} row {row}", label, value))


def _label_column(table: Table, columns: Columns) -> tuple[str, str]:
    """Choose the label column, and say why: where two say the same, words beat numbers."""
    label = columns.pick("label", LABEL_COLUMNS, table.names, table.where)
    if label is None:
        raise DataError(
            f"{table.where}: no label column (one of {', '.join(LABEL_COLUMNS)}); its columns: "
            f"{', '.join(table.names[:SHOWN])}; say which one it is with --label-column"
        )
    if plain(columns.named("label") or "") == plain(label):
        return label, ""
    values = table.columns[label]
    others = [n for n in table.columns if plain(n) in LABEL_COLUMNS and table.columns[n] != values]
    for other in others:
        pairs = set(zip(values, table.columns[other], strict=True))
        one_to_one = len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
        if one_to_one and _are_numbers(values) and not _are_numbers(table.columns[other]):
            return other, f"; {label} numbers the same classes"
    return label, f"; {', '.join(others)} says something else and is not used" if others else ""


def _are_numbers(values: Sequence[str]) -> bool:
    return all(REAL.fullmatch(value.strip()) for value in values)


def _splits(where: str, rows: Sequence[int], values: Sequence[str] | None, split: str) -> np.ndarray:
    """Return the split of each row (n,): that of the table, else what its split column says."""
    for row, value in zip(rows, values or (), strict=bool(values)):
        word = value.strip().lower()
        if word and word not in SPLITS:
            raise DataError(f"{where} row {row}: the split {value!r} is none of train, valid, test")
        if word and split and SPLITS[word] != split:
            raise DataError(
                f"{where} row {row}: the split {value!r} in a table whose name says {split}; correct one of them"
            )
    if split or values is None:
        return np.full(len(rows), split, "<U5")
    return np.array([SPLITS.get(value.strip().lower(), "") for value in values], "<U5")


def _side_by_side(parts: Sequence[_Rows]) -> dict[str, list[str]]:
    """Return the columns that were not taken, all rows in one; a table without a column has nothing in it."""
    if len(parts) == 1:
        return parts[0].rest
    names = {plain(name): name for part in reversed(parts) for name in reversed(part.rest)}
    columns = {name: [] for name in reversed(names.values())}
    for part in parts:
        held = {plain(name): values for name, values in part.rest.items()}
        for key, name in names.items():
            columns[name] += held.get(key, [""] * len(part.refs))
    return columns


def _groups(
    where: str, parts: Sequence[_Rows], rest: Mapping[str, Sequence[str]], labels: np.ndarray, columns: Columns
) -> tuple[Grouping, np.ndarray | None]:
    """Return which column groups the rows, and each row's group (n,)."""
    nested = {name: text for part in parts for name, text in part.nested.items()}
    named = columns.pick("group", (), list(dict.fromkeys(name for part in parts for name in part.names)), where)
    if named and named not in rest:
        role = next((role for part in parts for role, name in part.roles.items() if name == named), "")
        raise DataError(f"{where}: --group {named}: that column is already taken for the {role or 'same'}")
    if named in nested:
        raise DataError(
            f"{where}: --group {named}: expected one value a row, found a list or an object in {nested[named]}"
        )
    flat = {name: values for name, values in rest.items() if name not in nested}
    grouping = find_grouping(flat, labels, named, wanted=columns.group != "none")
    grouping.passed.update((name, "lists or objects") for name in nested)
    return grouping, strings(flat[grouping.column]) if grouping.column else None


def _together(absent: Sequence[Notice]) -> Notice | None:
    """Return as one notice what the tables name without having it."""
    if not absent:
        return None
    text = "; ".join(notice.text for notice in absent)
    return Notice("absent", text, tuple(example for notice in absent for example in notice.examples)[:SHOWN])
