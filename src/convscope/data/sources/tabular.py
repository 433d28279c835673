"""The text of a table, CSV, TSV or JSON lines, as columns of text."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from convscope.data.names import composed
from convscope.data.sources.files import Contents
from convscope.errors import DataError

_HALF = re.compile("[\ud800-\udfff]")
_TOLD = re.compile(r"sep=([,;\t|])[,;\t]*", re.IGNORECASE)
# How often a header's columns are known when it is cut at a separator: that tells which one it is.
Known = Callable[[list[str]], int]


@dataclass(frozen=True)
class Table:
    """A table's columns by their names, each a list of text, and the line of every row.

    A name that several columns have stands in ``twice``. ``nested`` holds, for each column with a value that is a list
    or an object, the first such row and its value.
    """

    where: str
    columns: dict[str, list[str]]
    rows: list[int]
    twice: frozenset[str]
    nested: dict[str, tuple[int, str]]

    @property
    def names(self) -> list[str]:
        """The columns' names; one that several columns have stands there twice."""
        return [name for name in self.columns for _ in range(1 + (name in self.twice))]


def parse(files: Contents, name: str, known: Known, rows: int | None = None) -> Table:
    """Read a table's text, or only its first ``rows``.

    Raises:
        DataError: neither UTF-8 nor UTF-16, not JSON, or a row of another length than the header; the row is named.
    """
    where = place(files, name)
    text = decoded(files.read(name), where)
    if name.lower().endswith(("csv", "tsv")):
        return _delimited(text, where, _separator(text, name, known), rows)
    return _json_lines(text, where, rows)


def place(files: Contents, name: str) -> str:
    """Return what to call a table in messages."""
    return f"{files.path}/{name}" if files.path.is_dir() else f"{name} in {files.path}"


def decoded(data: bytes, where: str) -> str:
    """Decode UTF-8, or UTF-16 where a mark at its begin says so, as spreadsheets write "Unicode text"."""
    try:
        text = data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: not UTF-8 text at byte {error.start}; save it as UTF-8") from None
    if "\0" in text:
        raise DataError(f"{where}: not UTF-8 text, but perhaps UTF-16 (it holds zero bytes); save it as UTF-8")
    return composed(text)


def _separator(text: str, name: str, known: Known) -> str:
    """Return what separates the columns: as a line ``sep=;`` says, which spreadsheets write; else by the header's known
    names, then by the file's ending, then by frequency."""
    header = next((line for line in re.split(r"[\r\n]", text) if line.strip()), "")
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


def _delimited(text: str, where: str, separator: str, most: int | None) -> Table:
    spaced = f'{separator} "' in text  # else spaces before a value are kept, to be told of
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=spaced, strict=True)
    try:
        lines = (row for row in reader if any(map(str.strip, row)))
        keys = [key.strip() for key in next(lines, [])]
        if _TOLD.fullmatch(separator.join(keys)):
            keys = [key.strip() for key in next(lines, [])]
        values: list[list[str]] = []
        rows: list[int] = []
        for row in lines:
            if len(row) != len(keys):
                raise DataError(
                    f"{where} row {reader.line_num}: expected {len(keys)} values ({', '.join(keys)}), found {len(row)}"
                )
            values.append(row)
            rows.append(reader.line_num)
            if len(rows) == most:
                break
    except csv.Error as error:
        raise DataError(
            f"{where} row {reader.line_num}: not CSV ({error}); a quotation mark may lack its other one"
        ) from None
    columns = {key: [row[k] for row in values] for k, key in enumerate(keys)}
    return Table(where, columns, rows, frozenset(key for key in keys if keys.count(key) > 1), {})


def _json_lines(text: str, where: str, most: int | None) -> Table:
    columns: dict[str, list[str]] = {}
    nested: dict[str, tuple[int, str]] = {}
    rows: list[int] = []
    for number, row in _objects(text, where):
        for key, value in row.items():
            if isinstance(value, dict | list):
                nested.setdefault(key, (number, json.dumps(value, ensure_ascii=False)))
            if key not in columns:
                columns[key] = [""] * len(rows)
        for key, values in columns.items():
            value = row.get(key)
            text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
            values.append("" if value is None else composed(text))
        rows.append(number)
        if len(rows) == most:
            break
    return Table(where, columns, rows, frozenset(), nested)


def _objects(text: str, where: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each line's number and object; numbers stay the text they are written as, so that 1e1 is not 10."""
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
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
