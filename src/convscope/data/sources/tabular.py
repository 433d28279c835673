"""The text of a table, CSV, TSV or JSON lines, as columns of text."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from convscope.data.columns.spilled import blocks
from convscope.data.names import composed
from convscope.data.sources.cells import CellWriter
from convscope.data.sources.files import Contents
from convscope.data.sources.textlines import lines_of, occurs, opened
from convscope.errors import DataError

_HALF = re.compile("[\ud800-\udfff]")
_TOLD = re.compile(r"sep=([,;\t|])[,;\t]*", re.IGNORECASE)
LONGEST = 1 << 30  # characters of a cell
# How often a header's columns are known when it is cut at a separator: that tells which one it is.
Known = Callable[[list[str]], int]


@dataclass(frozen=True)
class Table:
    """A table's columns by their names, each a sequence of text, and the line of every row.

    A name that several columns have stands in ``twice``. ``nested`` holds, for each column with a value that is a list
    or an object, the first such row and its value.
    """

    where: str
    columns: dict[str, Sequence[str]]
    rows: Sequence[int]
    twice: frozenset[str]
    nested: dict[str, tuple[int, str]]

    @property
    def names(self) -> list[str]:
        """The columns' names; one that several columns have stands there twice."""
        return [name for name in self.columns for _ in range(1 + (name in self.twice))]


def parse(files: Contents, name: str, known: Known, rows: int | None = None) -> Table:
    """Read a table's text line by line, or only its first ``rows``.

    Raises:
        DataError: neither UTF-8 nor UTF-16, not JSON, or a row of another length than the header; the row is named.
    """
    where = place(files, name)
    with opened(files, name) as stream:
        if not name.lower().endswith(("csv", "tsv")):
            return _json_lines(lines_of(stream, where), where, rows)
        header = next((line for line in lines_of(stream, where) if line.strip()), "")
        separator = _separator(header.strip("\r\n"), name, known)
        spaced = occurs(stream, f'{separator} "')  # else spaces before a value are kept, to be told of
        with _cells_of_any_length():
            return _delimited(lines_of(stream, where), where, separator, rows, spaced=spaced)


def place(files: Contents, name: str) -> str:
    """Return what to call a table in messages."""
    return f"{files.path}/{name}" if files.path.is_dir() else f"{name} in {files.path}"


def decoded(data: bytes, where: str) -> str:
    """Decode UTF-8, or UTF-16 where a mark at its begin says so, as spreadsheets write "Unicode text"."""
    return "".join(lines_of(io.BytesIO(data), where))


@contextlib.contextmanager
def _cells_of_any_length() -> Iterator[None]:
    """Let the csv module read texts of a megabyte, which it takes for a quotation mark without its other one."""
    before = csv.field_size_limit(LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _separator(header: str, name: str, known: Known) -> str:
    """Return what separates the columns: as a line ``sep=;`` says, which spreadsheets write; else by the header's known
    names, then by the file's ending, then by frequency."""
    if told := _TOLD.fullmatch(header):
        return told[1]

    def fits(separator: str) -> tuple[int, bool, int]:
        try:
            names = next(csv.reader([header], delimiter=separator), [])
        except csv.Error:  # reading the table will say what is wrong
            names = []
        tabs = separator == "\t" and name.lower().endswith(".tsv") and "\t" in header
        return known([key.strip() for key in names]), tabs, header.count(separator)

    return max(",;\t|", key=fits)


def _delimited(text: Iterable[str], where: str, separator: str, most: int | None, *, spaced: bool) -> Table:
    reader = csv.reader(text, delimiter=separator, skipinitialspace=spaced, strict=True)
    rows = array("q")
    try:
        lines = (row for row in reader if any(map(str.strip, row)))
        keys = [key.strip() for key in next(lines, [])]
        if _TOLD.fullmatch(separator.join(keys)):
            keys = [key.strip() for key in next(lines, [])]
        writers = [CellWriter() for _ in keys]
        for block in blocks(_whole_rows(reader, lines, keys, where, rows, most)):
            for writer, cells in zip(writers, zip(*block, strict=True), strict=True):
                writer.extend(cells)
    except csv.Error as error:
        raise DataError(
            f"{where} row {reader.line_num}: not CSV ({error}); a quotation mark may lack its other one"
        ) from None
    columns: dict[str, Sequence[str]] = {key: each.column() for key, each in zip(keys, writers, strict=True)}
    return Table(where, columns, rows, frozenset(key for key in keys if keys.count(key) > 1), {})


def _whole_rows(
    reader: Any, lines: Iterable[list[str]], keys: list[str], where: str, rows: array[int], most: int | None
) -> Iterator[list[str]]:
    """Yield up to ``most`` rows of as many values as there are ``keys``; ``rows`` takes their lines."""
    for row in islice(lines, most):
        if len(row) != len(keys):
            raise DataError(
                f"{where} row {reader.line_num}: expected {len(keys)} values ({', '.join(keys)}), found {len(row)}"
            )
        rows.append(reader.line_num)
        yield row


def _json_lines(text: Iterable[str], where: str, most: int | None) -> Table:
    writers: dict[str, CellWriter] = {}
    nested: dict[str, tuple[int, str]] = {}
    rows = array("q")
    for block in blocks(islice(_objects(text, where), most)):
        rows.extend(number for number, _ in block)
        for number, row in block:
            for key, value in row.items():
                if isinstance(value, dict | list):
                    nested.setdefault(key, (number, json.dumps(value, ensure_ascii=False)))
                if key not in writers:
                    writers[key] = CellWriter()
                    writers[key].extend([""] * (len(rows) - len(block)))
        for key, writer in writers.items():
            writer.extend([_cell(row.get(key)) for _, row in block])
    return Table(where, {key: writer.column() for key, writer in writers.items()}, rows, frozenset(), nested)


def _cell(value: Any) -> str:
    """Return a value of JSON as the text of a cell."""
    if value is None:
        return ""
    return composed(json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value))


def _objects(text: Iterable[str], where: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each line's number and object; numbers stay the text they are written as, so that 1e1 is not 10."""
    for number, line in enumerate(text, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, object_pairs_hook=_once, parse_int=str, parse_float=str, parse_constant=_constant)
        except json.JSONDecodeError as error:
            raise DataError(f"{where} row {number}: not JSON ({error}); expected one object a line") from None
        except ValueError as error:
            raise DataError(f"{where} row {number}: {error}; keep one of them") from None
        if not isinstance(row, dict):
            raise DataError(f"{where} row {number}: expected an object with names, found {line[:40]!r}")
        if "\\ud" in line.lower() and any(map(_HALF.search, map(str, (*row, *row.values())))):
            raise DataError(f"{where} row {number}: half of a character (\\ud800 to \\udfff); write it whole")
        yield number, row


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [composed(key.strip()) for key, _ in pairs]
    if len(set(keys)) < len(keys):
        raise ValueError(f"it gives {max(keys, key=keys.count)!r} twice")
    return dict(zip(keys, (value for _, value in pairs), strict=True))


def _constant(text: str) -> str | None:
    return None if text == "NaN" else text
