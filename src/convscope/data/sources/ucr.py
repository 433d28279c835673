"""Signals as the UCR archive writes them: a row each of nothing but numbers, its class first, then its values.

Values are parted by spaces, tabs, commas or semicolons. NaN, ``?`` or nothing behind the last value fills shorter
signals up, as the archive does; between values it is a value that is missing. Files that differ in the name of a split
only (``ECG200_TRAIN.txt``, ``ECG200_TEST.txt``) are one set.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from convscope.data.listing import Listing
from convscope.data.notice import Notice
from convscope.data.sources.candidate import Candidate
from convscope.data.sources.columns import Columns
from convscope.data.sources.files import Files, ending, is_image
from convscope.data.sources.signal_cells import DECIMAL_COMMA, is_gap, is_number, numbers_in, why_bad
from convscope.data.sources.signal_rows import SPLIT_WORD, SignalRows, listing_of
from convscope.data.sources.splitnames import BySplit, split_sets
from convscope.data.sources.tabular import decoded, place
from convscope.errors import DataError
from convscope.text import count, listed

ENDINGS = (".txt", ".tsv", ".csv", ".dat")
LEAST = 8  # values in a row: shorter ones may be anything
HEAD, SHOWN = 1 << 16, 20  # bytes and rows looked at to recognise a file
MOST_FILES = 1_000
_COUNTED = re.compile(r"[^\d]*(\d+)")


def is_named_so(name: str) -> bool:
    """Return whether a file's ending is one of those that such signals have.

    >>> is_named_so("ECG200_TRAIN.txt"), is_named_so("ECG200_TRAIN"), is_named_so("README.md"), is_named_so("LICENSE")
    (True, True, False, False)
    """
    end = ending(name)
    return end in ENDINGS if end else SPLIT_WORD.search(name) is not None


def find(files: Files, columns: Columns, names: Sequence[str] | None = None) -> list[Candidate]:
    """Return a candidate for each set among the files ``names`` (all) that are plainly numbers."""
    if names is None:
        names = [name for name in files.names if is_named_so(name)]
        if len(names) > MOST_FILES or any(map(is_image, files.names)):  # boxes and points beside images
            return []
    numbers = [name for name in names if _plainly_numbers(files.read(name)[:HEAD])]
    return [
        Candidate(
            "signals, one a row", ", ".join(by_split.values()),
            functools.partial(read, files, by_split, columns), files=tuple(by_split.values()),
        )
        for by_split in split_sets(numbers)
    ]  # fmt: skip


def read(files: Files, by_split: BySplit, columns: Columns) -> Listing:
    """List the signals of a file (``{"": name}``), or of one for each split.

    Raises:
        DataError: a decimal comma, a class that is no whole number, no row of numbers. Rows with a value that is
            missing or no number are the listing's ``absent``.
    """
    said = f"a row each: its {'number' if columns.task == 'regression' else 'class'}, then its values"
    return listing_of(
        by_split, [_read_one(files, name, fill=columns.fill) for name in by_split.values()], columns, said
    )


def rows_in(path: Path, length: int | None, *, fill: bool = False) -> list[tuple[str, np.ndarray | str, str]]:
    """Return (row, signal (T, 1) or why it cannot be used, what was left out) of a file: its class, where it has one.

    A row of at most ``length`` values is a signal without a class; where lengths differ, each row begins with one.
    """
    text = decoded(path.read_bytes(), str(path))
    lines = [(at, line) for at, line in enumerate(text.splitlines(), 1) if line.strip()]
    separator = _separator(lines[min(1, len(lines) - 1)][1])
    rows = [(str(at), _cells(line, separator)) for at, line in lines]
    rows = rows[1:] if _is_header(rows[0][1]) else rows
    alone = [length is not None and len(cells) <= length for _, cells in rows]
    labelled = [["0", *cells] if one else cells for one, (_, cells) in zip(alone, rows, strict=True)]
    values = [_values(cells, fill=fill) for cells in labelled]
    return [
        (at, _why_bad(str(path), int(at), cells) if signal is None else signal,
         "" if one else f"the first of the {count(len(cells), 'number')} in its row was taken for its class")
        for one, (at, _), cells, signal in zip(alone, rows, labelled, values, strict=True)
    ]  # fmt: skip


def _read_one(files: Files, name: str, *, fill: bool) -> SignalRows:
    where = place(files, name)
    lines = [(at, line) for at, line in enumerate(decoded(files.read(name), where).splitlines(), 1) if line.strip()]
    if not lines:
        raise DataError(f"{where} is empty; expected a row for each signal: its class, then its values")
    separator = _separator(lines[min(1, len(lines) - 1)][1])
    rows = SignalRows()
    for at, line in lines:
        cells = _cells(line, separator)
        ref = f"{at} of {name}"
        if at == lines[0][0] and _is_header(cells):
            said = f"{where} row {at} holds no numbers ({listed(cells, 3)}): read as the names of the columns"
            rows.notices.append(Notice("header-row", said, (ref,)))
            continue
        if (values := _values(cells, fill=fill)) is None and (why := _why_bad(where, at, cells)):
            rows.bad[ref] = why
            continue
        rows.refs.append(ref)
        rows.labels.append(cells[0])
        rows.values.append(np.array(cells[1:], np.float32)[:, None] if values is None else values)
    if not rows.refs:
        raise DataError(f"{where}: no row can be used: {listed(rows.said, 3)}")
    return rows


def _separator(line: str) -> str | None:
    """Return what parts the values of a line; ``None`` for spaces.

    >>> _separator("1;0,5;0,7"), _separator("1,0.5,0.7"), _separator("1 0,5 0,7"), _separator("1  0.5")
    (';', ',', None, None)
    """
    words = line.split()
    if 2 * sum(DECIMAL_COMMA.fullmatch(word) is not None for word in words) >= len(words):
        return "\t" if "\t" in line else None
    return next((mark for mark in ";\t," if mark in line), None)


def _cells(line: str, separator: str | None) -> list[str]:
    """Return the values of a line as text, without the missing ones behind the last."""
    cells = [cell.strip() for cell in line.strip("\r\n ").split(separator)]
    while len(cells) > 1 and is_gap(cells[-1]):
        cells.pop()
    return cells


def _is_header(cells: list[str]) -> bool:
    """Return whether cells name columns: the class, and values that are counted.

    >>> _is_header(["label", "t0", "t1", "t2"]), _is_header(["label", "width", "height"]), _is_header(["1", "2", "3"])
    (True, False, False)
    """
    if len(cells) < 3 or is_number(cells[0]) or is_gap(cells[0]):
        return False
    numbers = [int(match[1]) if (match := _COUNTED.fullmatch(cell)) else None for cell in cells[1:]]
    return None not in numbers and numbers == [*range(numbers[0] or 0, (numbers[0] or 0) + len(numbers))]


def _values(cells: list[str], *, fill: bool = False) -> np.ndarray | None:
    """Return the values (T, 1) of a row where all is well."""
    numbers = numbers_in(cells, fill=fill and not is_gap(cells[0])) if len(cells) > 1 else None
    return None if numbers is None else numbers[1:, None]


def _why_bad(where: str, at: int, cells: list[str]) -> str:
    """Say why a row cannot be used, "" where it can; ``DataError`` for a decimal comma."""
    names = ["its class", *(f"value {place}" for place in range(1, len(cells)))]
    return why_bad(where, at, cells, names) or ("" if len(cells) > 1 else "has no values behind its class")


def holds(path: Path) -> bool:
    """Return whether the file at ``path`` is plainly numbers."""
    if not is_named_so(path.name) or not path.is_file():
        return False
    with path.open("rb") as stream:
        return _plainly_numbers(stream.read(HEAD))


def _plainly_numbers(begin: bytes) -> bool:
    """Return whether the first rows of a file hold numbers, a header and slips aside, and enough of them."""
    try:
        head = decoded(begin.rpartition(b"\n")[0] or begin, "")
    except DataError:
        return False
    lines = [line for line in head.splitlines() if line.strip()][:SHOWN]
    if not lines:
        return False
    rows = [_cells(line, _separator(lines[-1])) for line in lines]
    rows = rows[1:] if _is_header(rows[0]) else rows
    cells = [cell for row in rows for cell in row]
    plain = sum(is_number(cell) or is_gap(cell) or DECIMAL_COMMA.fullmatch(cell) is not None for cell in cells)
    return bool(rows) and plain >= 0.95 * len(cells) and max(map(len, rows)) > LEAST
