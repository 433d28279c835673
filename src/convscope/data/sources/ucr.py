"""Signals as the UCR archive writes them: a row each of nothing but numbers, its class first, then its values.

Values are parted by spaces, tabs, commas or semicolons. NaN, ``?`` or nothing behind the last value fills shorter
signals up, as the archive does; between values it is a value that is missing. Files that differ in the name of a split
only (``ECG200_TRAIN.txt``, ``ECG200_TEST.txt``) are one set.
"""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from convscope.data.listing import Listing, Target
from convscope.data.notice import Notice
from convscope.data.numerals import REAL
from convscope.data.sequences.signals import Signals
from convscope.data.sources.candidate import SPLITS, Candidate
from convscope.data.sources.columns import Columns
from convscope.data.sources.files import Files, ending, is_image, strings
from convscope.data.sources.quantities import is_missing, number_target
from convscope.data.sources.splitnames import BySplit, split_sets
from convscope.data.sources.tabular import decoded, place
from convscope.errors import DataError
from convscope.text import count, listed

ENDINGS = (".txt", ".tsv", ".csv", ".dat", "no ending")
LEAST = 8  # values in a row: shorter ones may be anything
HEAD, SHOWN = 1 << 16, 20  # bytes and rows looked at to recognise a file
MOST_FILES = 1_000
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")
_COUNTED = re.compile(r"[^\d]*(\d+)")
_SPLIT_WORD = re.compile(rf"[_\-. ]({'|'.join(SPLITS)})$", re.IGNORECASE)


def is_named_so(name: str) -> bool:
    """Return whether a file's ending is one of those that such signals have.

    >>> is_named_so("ECG200_TRAIN.txt"), is_named_so("ECG200_TRAIN"), is_named_so("README.md"), is_named_so("LICENSE")
    (True, True, False, False)
    """
    end = ending(name)
    return end in ENDINGS if end else _SPLIT_WORD.search(name) is not None


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
    parts = [_read_one(files, name) for name in by_split.values()]
    labels = [label for part in parts for label in part.labels]
    refs = [ref for part in parts for ref in part.refs]
    values = [signal for part in parts for signal in part.values]
    where = ", ".join(by_split.values())
    target, notices = _target(where, labels, refs, columns)
    split = np.repeat([*by_split], [len(part.refs) for part in parts]).astype("<U5")
    first = next(iter(by_split.values())).rpartition("/")[2]
    kind = f"signals in {where} (a row each: its {'class' if target.kind == 'class' else 'number'}, then its values)"
    return Listing(
        name=_SPLIT_WORD.sub("", first[: -len(end)] if (end := ending(first)) else first),
        kind=kind,
        images=Signals(values, refs),
        ids=strings(refs),
        target=target,
        split=split,
        notices=(*notices, *(notice for part in parts for notice in part.notices), *_lengths(where, values, refs)),
        absent=_bad(where, {ref: why for part in parts for ref, why in part.bad.items()}, len(refs)),
    )


def rows_in(path: Path, length: int | None) -> list[tuple[str, np.ndarray | str]]:
    """Return (row, signal (T, 1) or why it cannot be used) of a file; its class is left out where it has one.

    A row of ``length`` values is a signal without a class; where lengths differ, each row begins with one.
    """
    text = decoded(path.read_bytes(), str(path))
    lines = [(at, line) for at, line in enumerate(text.splitlines(), 1) if line.strip()]
    separator = _separator(lines[min(1, len(lines) - 1)][1])
    rows = [(str(at), _cells(line, separator)) for at, line in lines]
    rows = rows[1:] if _is_header(rows[0][1]) else rows
    labelled = [(at, cells if len(cells) != length else ["0", *cells]) for at, cells in rows]
    return [
        (at, _why_bad(str(path), int(at), cells) if (values := _values(cells)) is None else values)
        for at, cells in labelled
    ]


@dataclass(frozen=True)
class _Rows:
    """The rows of one file: what each is called in messages, its label, its values (T, 1), and why others are bad."""

    refs: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    values: list[np.ndarray] = field(default_factory=list)
    bad: dict[str, str] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)


def _read_one(files: Files, name: str) -> _Rows:
    where = place(files, name)
    lines = [(at, line) for at, line in enumerate(decoded(files.read(name), where).splitlines(), 1) if line.strip()]
    if not lines:
        raise DataError(f"{where} is empty; expected a row for each signal: its class, then its values")
    separator = _separator(lines[min(1, len(lines) - 1)][1])
    rows = _Rows()
    for at, line in lines:
        cells = _cells(line, separator)
        ref = f"{at} of {name}"
        if at == lines[0][0] and _is_header(cells):
            said = f"{where} row {at} holds no numbers ({listed(cells, 3)}): read as the names of the columns"
            rows.notices.append(Notice("header-row", said, (ref,)))
            continue
        if (values := _values(cells)) is None and (why := _why_bad(where, at, cells)):
            rows.bad[ref] = why
            continue
        rows.refs.append(ref)
        rows.labels.append(cells[0])
        rows.values.append(np.array(cells[1:], np.float32)[:, None] if values is None else values)
    if not rows.refs:
        raise DataError(f"{where}: no row can be used: {listed(_said(rows.bad), 3)}")
    return rows


def _separator(line: str) -> str | None:
    """Return what parts the values of a line; ``None`` for spaces.

    >>> _separator("1;0,5;0,7"), _separator("1,0.5,0.7"), _separator("1 0,5 0,7"), _separator("1  0.5")
    (';', ',', None, None)
    """
    words = line.split()
    if 2 * sum(_DECIMAL_COMMA.fullmatch(word) is not None for word in words) >= len(words):
        return "\t" if "\t" in line else None
    return next((mark for mark in ";\t," if mark in line), None)


def _cells(line: str, separator: str | None) -> list[str]:
    """Return the values of a line as text, without the missing ones behind the last."""
    cells = [cell.strip() for cell in line.strip("\r\n ").split(separator)]
    while len(cells) > 1 and _is_missing(cells[-1]):
        cells.pop()
    return cells


def _is_missing(cell: str) -> bool:
    return cell == "?" or is_missing(cell)


def _is_number(cell: str) -> bool:
    return REAL.fullmatch(cell) is not None


def _is_header(cells: list[str]) -> bool:
    """Return whether cells name columns: the class, and values that are counted.

    >>> _is_header(["label", "t0", "t1", "t2"]), _is_header(["label", "width", "height"]), _is_header(["1", "2", "3"])
    (True, False, False)
    """
    if len(cells) < 3 or _is_number(cells[0]) or _is_missing(cells[0]):
        return False
    numbers = [int(match[1]) if (match := _COUNTED.fullmatch(cell)) else None for cell in cells[1:]]
    return None not in numbers and numbers == [*range(numbers[0] or 0, (numbers[0] or 0) + len(numbers))]


def _values(cells: list[str]) -> np.ndarray | None:
    """Return the values (T, 1) of a row where all is well; quick, and so not able to say what is wrong."""
    text = " ".join(cells)
    if len(cells) < 2 or not text.isascii() or "_" in text:
        return None
    try:
        numbers = np.array(cells, np.float32)
    except ValueError:
        return None
    return numbers[1:, None] if np.isfinite(numbers).all() else None


def _why_bad(where: str, at: int, cells: list[str]) -> str:
    """Say why a row cannot be used, "" where it can; ``DataError`` for a decimal comma."""
    odd = [(place, cell) for place, cell in enumerate(cells) if not _is_number(cell)]
    if not odd:
        return "" if len(cells) > 1 else "has no values behind its class"
    place, cell = odd[0]
    if _DECIMAL_COMMA.fullmatch(cell):
        raise DataError(
            f"{where} row {at}: {cell} has a decimal comma; write decimals with a point ({cell.replace(',', '.')})"
        )
    what = "its class" if place == 0 else f"value {place}"
    more = f", and {count(len(odd) - 1, 'more like it', 'more like it')}" if len(odd) > 1 else ""
    return f"{what} is {'missing' if _is_missing(cell) else 'no number'} ({cell[:20]!r}){more}"


def _bad(where: str, bad: dict[str, str], good: int) -> Notice | None:
    """Return what is told of rows that cannot be used, if any."""
    if not bad:
        return None
    text = (
        f"{where}: {len(bad):,} of {count(good + len(bad), 'row')} cannot be used: {listed(_said(bad), 3)}; fill "
        "missing values in, say by the line between their neighbours"
    )
    return Notice("bad-rows", text, tuple([*_said(bad)][:SHOWN]))


def _said(bad: dict[str, str]) -> list[str]:
    return [f"row {ref}: {why}" for ref, why in bad.items()]


def _target(where: str, labels: list[str], refs: list[str], columns: Columns) -> tuple[Target, tuple[Notice, ...]]:
    """Return what the first column says: classes as they are written, or with the task regression a number."""
    numbers = [float(label) for label in labels]
    if columns.task == "regression":
        return number_target(where, ("number",), [f"row {ref}" for ref in refs], np.array(numbers)[:, None])
    real = [ref for ref, number in zip(refs, numbers, strict=True) if not number.is_integer()]
    if real:
        shown = listed(dict.fromkeys(label for label in labels if not float(label).is_integer()), 3)
        raise DataError(
            f"{where}: expected a class, a whole number, at the begin of each row, found real numbers in "
            f"{count(len(real), 'row')} ({shown}; the first is row {real[0]}); put the class first, or learn these "
            "numbers with --task regression"
        )
    whole = [math.trunc(number) for number in numbers]
    classes = sorted(set(whole))
    place_of = {number: at for at, number in enumerate(classes)}
    return Target("class", np.array([place_of[number] for number in whole]), tuple(map(str, classes))), ()


def _lengths(where: str, values: list[np.ndarray], refs: list[str]) -> tuple[Notice, ...]:
    """Tell of signals of other lengths than most have."""
    lengths = Counter(map(len, values))
    if len(lengths) == 1:
        return ()
    usual = lengths.most_common(1)[0][0]
    other = [f"row {ref}: {len(signal):,}" for signal, ref in zip(values, refs, strict=True) if len(signal) != usual]
    text = (
        f"{where}: signals of {min(lengths):,} to {max(lengths):,} values ({lengths[usual]:,} have {usual:,}; "
        f"{listed(other, 3)}): each is read in its own length; complete rows that were cut short by mistake"
    )
    return (Notice("lengths", text, tuple(other[:SHOWN])),)


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
    plain = sum(_is_number(cell) or _is_missing(cell) or _DECIMAL_COMMA.fullmatch(cell) is not None for cell in cells)
    return bool(rows) and plain >= 0.95 * len(cells) and max(map(len, rows)) > LEAST
