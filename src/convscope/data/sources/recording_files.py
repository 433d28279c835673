"""One recording in a file: text with a step in each row and a column for each channel, or WAV."""

from __future__ import annotations

import csv
import re
from typing import NamedTuple

import numpy as np

from convscope.data.decode.encoded import Unreadable
from convscope.data.decode.wav import read_wav
from convscope.data.sources.files import ending
from convscope.data.sources.signal_cells import DECIMAL_COMMA, is_gap, is_number, numbers_in, why_bad
from convscope.data.sources.signal_columns import is_time, seconds_in
from convscope.data.sources.tabular import decoded
from convscope.text import listed

TEXT = (".csv", ".tsv", ".txt", ".dat")
ENDINGS = (*TEXT, ".wav")
EVEN = 0.01  # of a step, by which the distance of two times may differ from the usual one


class Recording(NamedTuple):
    """The values (T, C) of a recording, the names of its channels (() for none), and its rate where that is known.

    ``time`` is the column of times that was left out, "" for none.
    """

    values: np.ndarray
    channels: tuple[str, ...] = ()
    rate: float | None = None
    time: str = ""


def read_recording(content: bytes, name: str, *, fill: bool = False) -> Recording:
    """Return the recording that a file called ``name`` holds.

    Raises:
        Unreadable: a damaged WAV file, or text that is no rows of numbers; row and value are named.
        DataError: text that is not UTF-8, or has a decimal comma.
    """
    if ending(name) == ".wav":
        values, rate = read_wav(content)
        return Recording(values, rate=float(rate))
    return recording_in_text(decoded(content, name), name, fill=fill)


def recording_in_text(text: str, where: str, *, fill: bool = False) -> Recording:
    """Return the recording of a text: an optional line of names, then a line of numbers for each step.

    >>> recording_in_text("time (s),x,y\\n0,1,2\\n0.5,3,4\\n", "a.csv").rate
    2.0
    """
    lines = [(at, line) for at, line in enumerate(text.splitlines(), 1) if line.strip() and not line.startswith("#")]
    if not lines:
        raise Unreadable("holds no row")
    mark = _separator(lines[-1][1])
    rows = [(at, _cells(line, mark)) for at, line in lines]
    names: list[str] = []
    if not any(map(_like_number, rows[0][1])):
        names, rows = rows[0][1], rows[1:]
    if not rows:
        raise Unreadable(f"holds names of columns ({listed(names, 4)}) and no row of numbers")
    width = len(names) or len(rows[0][1])
    odd = next(((at, cells) for at, cells in rows if len(cells) != width), None)
    if odd is not None:
        raise Unreadable(f"row {odd[0]}: expected {width} values, found {len(odd[1])}")
    called = names or [f"column {k}" for k in range(1, width + 1)]
    timed = next((k for k, name in enumerate(names) if is_time(name)), None)
    kept = [k for k in range(width) if k != timed and not (names and not names[k])]  # a column without name: numbers
    if not kept:
        raise Unreadable(f"has no column of values, only {listed(called, 4)}")
    numbers = numbers_in([cells[k] for _, cells in rows for k in kept], fill=fill)
    if numbers is None:
        raise Unreadable(_why_bad(where, rows, kept, called))
    values = numbers.reshape(len(rows), len(kept))
    channels = tuple(names[k] for k in kept) if names else ()
    if timed is None:
        return Recording(values, channels)
    rate = _rate([cells[timed] for _, cells in rows], seconds_in(names[timed]))
    return Recording(values, channels, rate, names[timed])


def _why_bad(where: str, rows: list[tuple[int, list[str]]], kept: list[int], called: list[str]) -> str:
    names = [called[k] for k in kept]
    return next(
        f"row {at}: {why}" for at, cells in rows if (why := why_bad(where, at, [cells[k] for k in kept], names))
    )


def _like_number(cell: str) -> bool:
    return is_number(cell) or is_gap(cell) or DECIMAL_COMMA.fullmatch(cell) is not None


def _separator(line: str) -> str | None:
    """Return what parts the values of a line; ``None`` for spaces."""
    words = line.split()
    if len(words) > 1 and all(DECIMAL_COMMA.fullmatch(word) for word in words):
        return "\t" if "\t" in line else None
    return next((mark for mark in ";\t," if mark in line), None)


def _cells(line: str, mark: str | None) -> list[str]:
    cells = re.split(r"\s+", line.strip()) if mark is None else next(csv.reader([line], delimiter=mark))
    return [cell.strip() for cell in cells]


def _rate(cells: list[str], unit: float | None) -> float | None:
    """Return the steps a second of times, where their unit is known and they are even."""
    times = numbers_in(cells)
    if times is None or unit is None or len(times) < 2:
        return None
    steps = np.diff(np.array(cells, np.float64))
    usual = float(np.median(steps))
    even = usual > 0 and np.abs(steps - usual).max() <= EVEN * usual
    return round(1 / (usual * unit), 6) if even else None
