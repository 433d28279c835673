"""A table of images: CSV, TSV or JSON lines, one row an image, with a column for its class.

Rows find their files by path, then by name, then by name without ending, in any folder. The first line of a CSV names the
columns. Row numbers in messages are line numbers: the header is row 1.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from convscope.data.dataset import Notice
from convscope.data.listing import Listing
from convscope.data.sources.candidate import SPLITS, Candidate, in_order, numbered
from convscope.data.sources.files import FileImages, Files, hidden_notice, is_image, strings
from convscope.errors import DataError

ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson")
IMAGE_COLUMNS = ("image", "path", "file_name", "filename", "file", "image_path", "image_name", "image_id", "id")
LABEL_COLUMNS = ("label", "target", "class")
GROUP_COLUMNS = ("group", "patient", "patient_id")
SHOWN = 20


@dataclass(frozen=True)
class Table:
    """The columns of a table by their lower-case names, each a list of text, and the row number of every entry."""

    name: str
    columns: dict[str, list[str]]
    rows: list[int]

    def first(self, wanted: Iterable[str]) -> str | None:
        """Return the first of ``wanted`` that is a column."""
        return next((name for name in wanted if name in self.columns), None)


def find(files: Files) -> list[Candidate]:
    """Return a candidate for each table that has an image and a label column and whose first image is among the files."""
    found = []
    for name in files.names:
        if name.lower().endswith(ENDINGS):
            head = _parse(files, name, rows=1)
            image = head.first(IMAGE_COLUMNS)
            if image and head.first(LABEL_COLUMNS) and head.rows and _Finder(files, name).named(head.columns[image][0]):
                found.append(Candidate("table", name, lambda name=name: read(files, name)))
    return found


def read(files: Files, name: str) -> Listing:
    """List the rows of the table ``name``.

    Raises:
        DataError: no image or label column, real-valued targets, rows without label or file, a file named twice.
    """
    table = _parse(files, name)
    where = f"{files.path}/{name}" if files.path.is_dir() else f"{name} in {files.path}"
    image = table.first(IMAGE_COLUMNS)
    have = ", ".join(table.columns) or "none"
    if image is None:
        raise DataError(f"{where}: no column names the images (one of {', '.join(IMAGE_COLUMNS)}); its columns: {have}")
    label, said = _label_column(table, where, have)
    if not table.rows:
        raise DataError(f"{where}: the table has columns ({have}) but no rows")
    names = _files_of(files, table, image, where)
    values = _classes(table, label, where)
    classes = in_order(values)
    split, group = table.first(("split",)), table.first(GROUP_COLUMNS)
    used = [f"image={image}", f"class={label}", f"split={split}" * bool(split), f"group={group}" * bool(group)]
    found = strings(names)
    return Listing(
        name=files.path.name,
        kind=f"table {name} (columns {', '.join(filter(None, used))}{said})",
        images=FileImages(files, found),
        ids=found,
        labels=numbered(values, classes),
        classes=classes,
        split=_splits(table, split, where),
        groups=strings(table.columns[group]) if group else None,
        notices=(*hidden_notice(files), *_unlisted(files, names)),
    )


def _parse(files: Files, name: str, rows: int | None = None) -> Table:
    """Read a table's text, or only its first ``rows``."""
    try:
        text = files.read(name).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{files.path}/{name}: not UTF-8 text at byte {error.start}; save it as UTF-8") from None
    return (_parse_json if name.lower().endswith(("jsonl", "ndjson")) else _parse_csv)(name, text, rows)


def _parse_csv(name: str, text: str, rows: int | None) -> Table:
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    keys = [key.strip().lower() for key in next(reader, [])]
    columns: dict[str, list[str]] = {key: [] for key in keys}
    numbers: list[int] = []
    for row in reader:
        if not any(row):
            continue
        if len(row) != len(keys):
            raise DataError(
                f"{name} row {reader.line_num}: expected {len(keys)} values ({', '.join(keys)}), found {len(row)}"
            )
        for key, value in zip(keys, row, strict=True):
            columns[key].append(value.strip())
        numbers.append(reader.line_num)
        if rows and len(numbers) == rows:
            break
    return Table(name, columns, numbers)


def _parse_json(name: str, text: str, rows: int | None) -> Table:
    columns: dict[str, list[str]] = {}
    numbers: list[int] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise DataError(f"{name} row {number}: not JSON ({error}); expected one object a line") from None
        if not isinstance(row, dict):
            raise DataError(f"{name} row {number}: expected an object with names, found {line[:40]!r}")
        for key in row:
            columns.setdefault(key.strip().lower(), [""] * len(numbers))
        given = {key.strip().lower(): value for key, value in row.items()}
        for key, values in columns.items():
            value = given.get(key)
            values.append("" if value is None else str(value))
        numbers.append(number)
        if rows and len(numbers) == rows:
            break
    return Table(name, columns, numbers)


def _label_column(table: Table, where: str, have: str) -> tuple[str, str]:
    """Choose the label column, and say why: where two say the same, the one with words beats the one with numbers."""
    present = [name for name in LABEL_COLUMNS if name in table.columns]
    if not present:
        raise DataError(f"{where}: no label column (one of {', '.join(LABEL_COLUMNS)}); its columns: {have}")
    words = [name for name in present if not all(map(_is_number, table.columns[name]))]
    first = present[0]
    if first in words or not words:
        return first, ""
    pairs = set(zip(table.columns[first], table.columns[words[0]], strict=True))
    if len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs}):
        return words[0], f"; {first} numbers the same classes"
    return first, ""


def _classes(table: Table, label: str, where: str) -> list[str]:
    """Return each row's class name; numbers lose a needless ``.0``."""
    values = table.columns[label]
    missing = [str(row) for row, value in zip(table.rows, values, strict=True) if not value]
    if missing:
        raise DataError(f"{where}: no {label} in {_some('row', missing)}; fill in the label or remove the row")
    if not all(map(_is_number, values)):
        return values
    numbers = [float(value) for value in values]
    real = [value for value, number in zip(values, numbers, strict=True) if not number.is_integer()]
    if real:
        raise DataError(
            f"{where}: column {label!r} holds real numbers ({', '.join(real[:3])}, ...), a regression target; "
            "only image classification is supported so far"
        )
    return [str(int(number)) for number in numbers]


def _splits(table: Table, column: str | None, where: str) -> np.ndarray:
    if column is None:
        return np.full(len(table.rows), "", "<U5")
    values = table.columns[column]
    for row, value in zip(table.rows, values, strict=True):
        if value and value.lower() not in SPLITS:
            raise DataError(f"{where} row {row}: split {value!r} is none of train, valid, test")
    return np.array([SPLITS.get(value.lower(), "") for value in values], "<U5")


def _files_of(files: Files, table: Table, image: str, where: str) -> list[str]:
    """Return the file of every row."""
    finder = _Finder(files, table.name)
    names, missing, rows_of = [], [], {}
    for row, value in zip(table.rows, table.columns[image], strict=True):
        found = finder.named(value)
        if len(found) > 1:
            raise DataError(
                f"{where} row {row}: {value!r} fits {len(found)} files, {found[0]} and {found[1]}; give the path"
            )
        if not found:
            missing.append(f"{row} ({value!r})")
        else:
            names.append(found[0])
            rows_of.setdefault(found[0], []).append(row)
    if missing:
        raise DataError(f"{where}: no file for {_some('row', missing)} among the {len(finder)} images at {files.path}")
    twice = [f"{' and '.join(map(str, rows))} ({name})" for name, rows in rows_of.items() if len(rows) > 1]
    if twice:
        raise DataError(f"{where}: the same image is named by {_some('rows', twice)}; keep one row for each image")
    return names


class _Finder:
    """Finds the file that a table means: by path, then by name, then by name without ending."""

    def __init__(self, files: Files, table: str) -> None:
        self._folder = table.rpartition("/")[0]
        self._paths = {name for name in files.names if is_image(name)}
        self._by_name: dict[str, list[str]] = {}
        for name in sorted(self._paths):
            path = PurePosixPath(name)
            for key in {path.name, path.stem}:
                self._by_name.setdefault(key, []).append(name)

    def __len__(self) -> int:
        return len(self._paths)

    def named(self, value: str) -> list[str]:
        """Return the files that ``value`` may mean; where several have its name, those that share most of its folders."""
        wanted = value.replace("\\", "/").removeprefix("./")
        for path in (f"{self._folder}/{wanted}", wanted):
            if path in self._paths:
                return [path]
        name = PurePosixPath(wanted).name
        alike = self._by_name.get(name, [])
        exact = [path for path in alike if PurePosixPath(path).name == name]
        folders = wanted.split("/")[-2::-1]
        shared = {path: _shared(path.split("/")[-2::-1], folders) for path in exact or alike}
        most = max(shared.values(), default=0)
        return [path for path, count in shared.items() if count == most]


def _shared(a: list[str], b: list[str]) -> int:
    """Count the folders, from the innermost, that two paths have in common."""
    count = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        count += 1
    return count


def _unlisted(files: Files, names: list[str]) -> tuple[Notice, ...]:
    listed = set(names)
    rest = [name for name in files.names if is_image(name) and name not in listed]
    if not rest:
        return ()
    text = f"{len(rest):,} images are in no row of the table; left out ({', '.join(rest[:3])})"
    return (Notice("left-out", text, tuple(rest[:SHOWN])),)


def _is_number(value: str) -> bool:
    try:
        return float(value) == float(value)
    except ValueError:
        return False


def _some(what: str, items: list[str]) -> str:
    word = what if len(items) == 1 or what.endswith("s") else what + "s"
    return f"{word} {', '.join(items[:SHOWN])}" + (f" and {len(items) - SHOWN:,} more" if len(items) > SHOWN else "")
