"""A table of images: CSV, TSV or JSON lines, one row an image, with columns of what is to be learned.

Several tables that differ in the name of a split (``train.csv`` and ``test.csv``, ``train/metadata.csv`` and
``test/metadata.csv``) are one set. Row numbers in messages are those of the lines in the file; the first line of a CSV
names the columns.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from convscope.data.listing import Listing
from convscope.data.notice import Notice
from convscope.data.sources import targets
from convscope.data.sources.candidate import SPLITS, Candidate
from convscope.data.sources.columns import LABEL_COLUMNS, Columns, plain
from convscope.data.sources.files import FileImages, Files, hidden_notice, is_image, set_name, strings
from convscope.data.sources.grouping import Grouping, find_grouping, is_group_word, unused_notice
from convscope.data.sources.label_sets import BETWEEN
from convscope.data.sources.labels import several_labels, text_of
from convscope.data.sources.matching import Matcher
from convscope.data.sources.quantities import why_not_numbers
from convscope.data.sources.rowfiles import left_out, refuse_twice, rows_said, with_files
from convscope.data.sources.splitnames import BySplit, split_sets
from convscope.data.sources.tabular import Table, parse, place
from convscope.data.sources.targets import TargetColumns
from convscope.data.sources.unlabelled import no_label
from convscope.errors import DataError
from convscope.text import listed

ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson")
IMAGE_COLUMNS = ("image", "path", "file_name", "filename", "file", "image_path", "image_name", "image_id", "id")
SHOWN = 20


def tables(files: Files) -> list[str]:
    """Return the names of all tables among files, whatever is in them."""
    return [name for name in files.names if name.lower().endswith(ENDINGS)]


def find(files: Files, columns: Columns) -> list[Candidate]:
    """Return a candidate for each set of tables with an image column and something to learn.

    It is sure where some of the first rows name files that are there, and ``explicit`` where a column is called after
    what it is for, and not only filled with numbers.
    """
    sure: dict[str, bool] = {}
    explicit: dict[str, bool] = {}
    matcher = None
    for name in tables(files):
        try:
            head = _parse(files, name, columns, SHOWN)
            image = columns.pick("image", IMAGE_COLUMNS, head.names, head.where)
            target = image and targets.find(head.where, head.columns, columns, _not_targets(head, image, columns))
        except DataError:  # some other table lying about; alone, ``detect`` reads it and says what is wrong
            continue
        if image and target and head.rows:
            matcher = matcher or Matcher(files)
            beside = name.rpartition("/")[0]
            sure[name] = any(matcher.match(value, beside).files for value in head.columns[image])
            explicit[name] = target.kind in ("label", "labels") or columns.task not in (None, "classification")
    return [
        Candidate(
            "tables" if len(by_split) > 1 else "table",
            ", ".join(by_split.values()),
            functools.partial(read, files, by_split, columns),
            any(sure[name] for name in by_split.values()),
            tuple(by_split.values()),
            all(explicit[name] for name in by_split.values()),
        )
        for by_split in split_sets(list(sure))
    ]


@dataclass(frozen=True)
class _Rows:
    """The rows of a table whose image is there: what each is called in messages, its file, and its split.

    ``target`` names the columns to learn, and ``cells`` holds them; ``roles`` names the other columns that were taken,
    and ``rest`` holds those that were not.
    """

    refs: list[str]
    files: list[str]
    target: TargetColumns
    cells: dict[str, list[str]]
    split: np.ndarray
    roles: dict[str, str]
    rest: dict[str, list[str]]
    nested: dict[str, str]
    names: list[str]
    absent: Notice | None
    notices: tuple[Notice, ...]


def read(files: Files, by_split: BySplit, columns: Columns) -> Listing:
    """List the rows of a table (``{"": name}``), or of one for each split.

    Raises:
        DataError: no image column or nothing to learn, several labels a row, rows without label, no row with a file,
            a file named twice, and whatever ``targets.read`` raises.
    """
    matcher = Matcher(files)
    parts = [_read_one(files, name, split, columns, matcher) for split, name in by_split.items()]
    names = ", ".join(by_split.values())
    where = str(files.path) if len(parts) > 1 else place(files, names)
    found = [name for part in parts for name in part.files]
    refuse_twice(where, [ref for part in parts for ref in part.refs], found)
    chosen, cells = _one_target(where, parts)
    refs = [ref for part in parts for ref in part.refs]
    target, how, notices = targets.read(where, chosen, cells, refs, columns)
    role = {"number": "numbers", "multilabel": "labels"}.get(target.kind, target.kind)
    rest = _side_by_side(parts)
    labels = target.values if target.kind == "class" else np.zeros(len(refs), np.int64)
    grouping, groups = _groups(where, parts, rest, labels, columns)
    image = "/".join(dict.fromkeys(part.roles["image"] for part in parts))
    split = next((part.roles["split"] for part in parts if "split" in part.roles), "")
    roles = {"image": image, role: chosen.said, "split": split, "group": grouping.column or ""}
    said = ", ".join(f"{role}={column}" for role, column in roles.items() if column)
    what = f"tables {names}" if len(parts) > 1 else f"table {names}"
    told = {f"; {name} numbers the same classes": name for name in rest}.get(chosen.why)
    unused = [name for name in rest if name not in (grouping.column, told)]
    ids = strings(found)
    return Listing(
        name=set_name(files.path),
        kind=f"{what} (columns {said}{chosen.why}{how})",
        images=FileImages(files, ids),
        ids=ids,
        target=target,
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
        raise DataError(
            f"{where}: no column names images (one of {', '.join(IMAGE_COLUMNS[:4])}, ...) or holds texts (text, "
            f"sequence, sentence, ...), and none are steps of a signal (t0, t1, ..., or a time); its columns: {said}; "
            f"say which one holds images or texts with --image-column or --text-column{_hint_at_header(table)}"
        )
    if not table.rows:
        raise DataError(f"{where}: columns ({said}) but no rows")
    target = targets.find(where, table.columns, columns, _not_targets(table, image, columns))
    if target is None:
        raise _nothing_to_learn(table, image, columns)
    for twice in filter(table.twice.__contains__, target.names):
        Columns().pick("label", (twice,), table.names, where)  # says that there are two
    column = columns.pick("split", ("split",), table.names, where)
    for twice in filter(is_group_word, table.twice):
        columns.pick("group", (twice,), table.names, where)  # says that there are two
    if target.kind != "labels":
        _refuse_lists(table, image, target)
    refs = [f"{row} of {name}" if split else str(row) for row in table.rows]
    paths = [value.strip() for value in table.columns[image]]
    rows = with_files(where, list(map(str, table.rows)), paths, matcher, name.rpartition("/")[0], split)
    kept = {key: [values[i] for i in rows.kept] for key, values in table.columns.items()}
    lines = [table.rows[i] for i in rows.kept]
    if target.kind == "label":
        (label,) = target.names
        if missing := [str(row) for row, value in zip(lines, kept[label], strict=True) if not value.strip()]:
            several = any(mark in value for value in kept[label] for mark in BETWEEN)
            hint = "; if each image has any number of labels, say --task multilabel" if several else ""
            raise DataError(f"{where}: no {label} in {rows_said(missing)}; fill it in or remove the row{hint}")
    return _Rows(
        refs=[refs[i] for i in rows.kept],
        files=rows.names,
        target=target,
        cells={name: kept[name] for name in target.names},
        split=splits_of(where, lines, kept[column] if column else None, split),
        roles={
            "image": image,
            **({"class": target.names[0]} if target.kind == "label" else {}),
            **({"split": column} if column else {}),
        },
        rest={
            key: list(map(text_of, values)) for key, values in kept.items() if key not in (image, column, *target.names)
        },
        nested={key: f"row {row}: {value[:60]}" for key, (row, value) in table.nested.items()},
        names=table.names,
        absent=rows.absent,
        notices=rows.notices,
    )


def _hint_at_header(table: Table) -> str:
    """Say where the first line names an image as the other lines do, and no columns."""
    rowlike = next(filter(is_image, table.names), None)
    return f"; the first line holds {rowlike}: put a line that names the columns above it" if rowlike else ""


def _refuse_lists(table: Table, image: str, target: TargetColumns) -> None:
    """Raise ``DataError`` for the first image or label that is a list or an object."""
    if image in table.nested:
        row, value = table.nested[image]
        raise DataError(f"{table.where} row {row}: expected the name of a file in {image}, found {value[:60]}")
    for label in filter(table.nested.__contains__, target.names):
        row, value = table.nested[label]
        raise DataError(several_labels(f"{table.where} row {row}", label, value))


def _not_targets(table: Table, image: str, columns: Columns) -> set[str]:
    """Return the columns that are for other things."""
    others = (columns.pick("split", ("split",), table.names, table.where), columns.named("group"))
    return {image, *filter(None, others)}


def _nothing_to_learn(table: Table, image: str, columns: Columns) -> DataError:
    others = [name for name in table.columns if name not in _not_targets(table, image, columns)]
    refs = list(map(str, table.rows))
    why = (why_not_numbers(name, refs, table.columns[name]) for name in others)
    twice = (f"{name} is the name of several columns" for name in others if name in table.twice)
    nearly = "".join(f"; {each}" for each in (*filter(None, why), *twice))
    needs = {
        "landmarks": "pairs of coordinates (nose_x, nose_y)",
        "regression": "a column of numbers",
        "multilabel": "a column of lists, or columns of 0 and 1",
    }
    if wanted := needs.get(columns.task or ""):
        return DataError(
            f"{table.where}: --task {columns.task} needs {wanted}; its columns: {listed(table.names, SHOWN)}{nearly}"
        )
    return no_label(table, "a table of images", _not_targets(table, image, columns), f" and none of numbers{nearly}")


def _one_target(where: str, parts: Sequence[_Rows]) -> tuple[TargetColumns, dict[str, list[str]]]:
    """Return what is to be learned of all tables, and its columns, all rows in one.

    Raises:
        DataError: one table has other numbers or points than another.
    """
    first = parts[0].target
    if all(part.target.kind == "label" for part in parts):  # classes: one table may say label, another class
        name = "/".join(dict.fromkeys(part.target.names[0] for part in parts))
        cells = {name: [value for part in parts for value in part.cells[part.target.names[0]]]}
        return TargetColumns("label", (name,), first.why), cells
    for part in parts[1:]:
        if part.target.kind != first.kind or list(map(plain, part.target.names)) != list(map(plain, first.names)):
            raise DataError(
                f"{where}: one table has {first.said} to learn, another {part.target.said}; give them the same columns"
            )
    return first, {
        name: [value for part in parts for value in part.cells[part.target.names[k]]]
        for k, name in enumerate(first.names)
    }


def splits_of(where: str, rows: Sequence[int], values: Sequence[str] | None, split: str) -> np.ndarray:
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
        role = next((role for part in parts for role, name in part.roles.items() if name == named), "target")
        raise DataError(f"{where}: --group {named}: that column is already taken for the {role}")
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
