"""A table of images: CSV, TSV or JSON lines, one row an image, with a column that names its class.

Row numbers in messages are those of the lines in the file; the first line of a CSV names the columns.
"""

from __future__ import annotations

import csv
import functools
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from convscope.data.dataset import Notice
from convscope.data.listing import Listing
from convscope.data.names import composed
from convscope.data.sources.candidate import SPLITS, Candidate, in_order, numbered
from convscope.data.sources.files import FileImages, Files, hidden_notice, is_image, set_name, strings
from convscope.data.sources.matching import Matcher
from convscope.data.words import count, listed
from convscope.errors import DataError

ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson")
IMAGE_COLUMNS = ("image", "path", "file_name", "filename", "file", "image_path", "image_name", "image_id", "id")
LABEL_COLUMNS = ("label", "target", "class")
GROUP_COLUMNS = ("group", "patient", "patient_id")
SHOWN = 20


@dataclass(frozen=True)
class Table:
    """A table's columns by their lower-case names, each a list of text, and the line of every row."""

    where: str
    columns: dict[str, list[str]]
    rows: list[int]

    def first(self, wanted: Iterable[str]) -> str | None:
        """Return the first of ``wanted`` that is a column."""
        return next((name for name in wanted if name in self.columns), None)

    def said(self) -> str:
        """Return the columns' names for a message."""
        return listed(self.columns, SHOWN)


def find(files: Files) -> list[Candidate]:
    """Return a candidate for each table with an image and a label column that names some of the files."""
    found = []
    for name in tables(files):
        try:
            head = parse(files, name, rows=SHOWN)
        except DataError:  # some other table lying about; alone, ``sniff`` reads it and says what is wrong
            continue
        image = head.first(IMAGE_COLUMNS)
        if image and head.first(LABEL_COLUMNS) and head.rows:
            matcher = _matcher(files, name)
            if any(map(matcher.matches, head.columns[image])):
                found.append(Candidate("table", name, functools.partial(read, files, name, matcher)))
    return found


def tables(files: Files) -> list[str]:
    """Return the names of all tables among files, whatever is in them."""
    return [name for name in files.names if name.lower().endswith(ENDINGS)]


def read(files: Files, name: str, matcher: Matcher | None = None) -> Listing:
    """List the rows of the table ``name``.

    Raises:
        DataError: no image or label column, real-valued targets, rows without label, no row with a file, a file named
            twice.
    """
    table = parse(files, name)
    if not table.columns:
        raise DataError(f"{table.where} is empty; expected a header that names the columns, and a row for each image")
    image = table.first(IMAGE_COLUMNS)
    if image is None:
        wanted = ", ".join(IMAGE_COLUMNS)
        raise DataError(f"{table.where}: no column names the images (one of {wanted}); its columns: {table.said()}")
    label, reason = _label_column(table)
    if not table.rows:
        raise DataError(f"{table.where}: columns ({table.said()}) but no rows")
    table, names, absent = _with_files(table, image, matcher or _matcher(files, name))
    values = _classes(table, label)
    classes = in_order(values)
    split, group = table.first(("split",)), table.first(GROUP_COLUMNS)
    used = {"image": image, "class": label, "split": split, "group": group}
    said = ", ".join(f"{role}={column}" for role, column in used.items() if column)
    found = strings(names)
    return Listing(
        name=set_name(files.path),
        kind=f"table {name} (columns {said}{reason})",
        images=FileImages(files, found),
        ids=found,
        labels=numbered(values, classes),
        classes=classes,
        split=_splits(table, split),
        groups=strings(table.columns[group]) if group else None,
        notices=(*hidden_notice(files), *_unlisted(files, set(names))),
        absent=absent,
    )


def parse(files: Files, name: str, rows: int | None = None) -> Table:
    """Read a table's text, or only its first ``rows``.

    Raises:
        DataError: not UTF-8, not JSON, or a row of another length than the header; the row is named.
    """
    where = f"{files.path}/{name}" if files.path.is_dir() else f"{name} in {files.path}"
    try:
        text = composed(files.read(name).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: not UTF-8 text at byte {error.start}; save it as UTF-8") from None
    columns: dict[str, list[str]] = {}
    lines: list[int] = []
    for line, row in (_csv_rows if name.lower().endswith(("csv", "tsv")) else _json_rows)(text, where):
        for key in row:
            columns.setdefault(key, [""] * len(lines))
        if line is None:  # a header: columns without a row
            continue
        for key, values in columns.items():
            values.append(row.get(key, ""))
        lines.append(line)
        if len(lines) == rows:
            break
    return Table(where, columns, lines)


def _csv_rows(text: str, where: str) -> Iterator[tuple[int | None, dict[str, str]]]:
    """Yield the header, then each row with its line number."""
    header = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=header.count))
    try:
        keys = [key.strip().lower() for key in next(reader, [])]
        yield None, dict.fromkeys(keys, "")
        for row in reader:
            if not any(row):
                continue
            if len(row) != len(keys):
                raise DataError(
                    f"{where} row {reader.line_num}: expected {len(keys)} values ({', '.join(keys)}), found {len(row)}"
                )
            yield reader.line_num, {key: value.strip() for key, value in zip(keys, row, strict=True)}
    except csv.Error as error:
        raise DataError(f"{where} row {reader.line_num}: not CSV ({error})") from None


def _json_rows(text: str, where: str) -> Iterator[tuple[int | None, dict[str, str]]]:
    """Yield each line's object."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise DataError(f"{where} row {number}: not JSON ({error}); expected one object a line") from None
        if not isinstance(row, dict):
            raise DataError(f"{where} row {number}: expected an object with names, found {line[:40]!r}")
        yield (
            number,
            {
                composed(key.strip().lower()): "" if value is None else composed(str(value))
                for key, value in row.items()
            },
        )


def _matcher(files: Files, name: str) -> Matcher:
    return Matcher(files, name.rpartition("/")[0])


def _label_column(table: Table) -> tuple[str, str]:
    """Choose the label column, and say why: where two say the same, words beat numbers."""
    present = [name for name in LABEL_COLUMNS if name in table.columns]
    if not present:
        wanted = ", ".join(LABEL_COLUMNS)
        raise DataError(f"{table.where}: no label column (one of {wanted}); its columns: {table.said()}")
    first = present[0]
    for other in present[1:]:
        pairs = set(zip(table.columns[first], table.columns[other], strict=True))
        one_to_one = len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
        if one_to_one and all(map(_is_number, table.columns[first])) and not all(map(_is_number, table.columns[other])):
            return other, f"; {first} numbers the same classes"
    return first, f"; {', '.join(present[1:])} says something else and is not used" if present[1:] else ""


def _classes(table: Table, label: str) -> list[str]:
    """Return each row's class name; where all are numbers, they lose a needless ``.0``."""
    values = table.columns[label]
    missing = [str(row) for row, value in zip(table.rows, values, strict=True) if not value]
    if missing:
        raise DataError(f"{table.where}: no {label} in {_rows(missing)}; fill it in or remove the row")
    if not all(map(_is_number, values)):
        return values
    real = [value for value in values if not float(value).is_integer()]
    if real:
        raise DataError(
            f"{table.where}: the column {label} holds real numbers ({', '.join(real[:3])}, ...), a regression target; "
            "only image classification is supported so far"
        )
    return [value if value.isdigit() else str(int(float(value))) for value in values]  # "007" is a name


def _splits(table: Table, column: str | None) -> np.ndarray:
    if column is None:
        return np.full(len(table.rows), "", "<U5")
    values = table.columns[column]
    for row, value in zip(table.rows, values, strict=True):
        if value and value.lower() not in SPLITS:
            raise DataError(f"{table.where} row {row}: the split {value!r} is none of train, valid, test")
    return np.array([SPLITS.get(value.lower(), "") for value in values], "<U5")


def _with_files(table: Table, image: str, matcher: Matcher) -> tuple[Table, list[str], Notice | None]:
    """Return the rows whose file is there, their files, and what is to be told of the others."""
    names, kept, missing, rows_of = [], [], [], {}
    for i, (row, value) in enumerate(zip(table.rows, table.columns[image], strict=True)):
        found = matcher.matches(value)
        if len(found) > 1:
            raise DataError(
                f"{table.where} row {row}: {value!r} fits {len(found)} files ({found[0]}, {found[1]}); give its path"
            )
        if not found:
            missing.append(f"{row} ({value!r})")
        else:
            names.append(found[0])
            kept.append(i)
            rows_of.setdefault(found[0], []).append(row)
    text = f"{table.where}: no file among {count(len(matcher), 'image')} for {_rows(missing)}"
    if not names:
        raise DataError(text)
    twice = [f"{' and '.join(map(str, rows))} ({name})" for name, rows in rows_of.items() if len(rows) > 1]
    if twice:
        raise DataError(f"{table.where}: the same image in rows {listed(twice, SHOWN)}; keep one row for each image")
    if not missing:
        return table, names, None
    columns = {key: [values[i] for i in kept] for key, values in table.columns.items()}
    rows = [table.rows[i] for i in kept]
    return Table(table.where, columns, rows), names, Notice("absent", text, tuple(missing[:SHOWN]))


def _unlisted(files: Files, named: set[str]) -> tuple[Notice, ...]:
    rest = [name for name in files.names if is_image(name) and name not in named]
    if not rest:
        return ()
    text = f"{count(len(rest), 'image')} not named by the table; left out ({listed(rest, 3)})"
    return (Notice("left-out", text, tuple(rest[:SHOWN])),)


def _rows(items: list[str]) -> str:
    return f"row{'s' * (len(items) > 1)} {listed(items, SHOWN)}"


def _is_number(value: str) -> bool:
    try:
        return float(value) == float(value)
    except ValueError:
        return False
