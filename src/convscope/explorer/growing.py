"""Tables that are written while they are read: each look reads what is new, and of many rows keeps the extremes."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convscope.errors import CheckpointError

MOST_ROWS = 4000  # that are told at once
STRETCHES = 640  # of a long table: as many as a chart has columns of pixels
END = 256  # bytes before a place by which it is known that the file is still the same up to there


@dataclass(frozen=True)
class Place:
    """How far a table was read: ``size`` bytes, the last of which have the checksum ``end``.

    >>> str(Place(1200, 255)), Place.of("1200-ff"), Place.of("what is none")
    ('1200-ff', Place(size=1200, end=255), Place(size=0, end=0))
    """

    size: int = 0
    end: int = 0

    def __str__(self) -> str:
        return f"{self.size}-{self.end:x}"

    @classmethod
    def of(cls, text: str) -> Place:
        """Return the place that a text says, the beginning where it says none."""
        size, _, end = text.partition("-")
        try:
            return cls(min(max(0, int(size)), 2**40), int(end, 16))  # a link may say anything
        except ValueError:
            return cls()


@dataclass(frozen=True)
class Rows:
    """The rows behind a place as ``columns`` (n,) float64, and the ``place`` up to which they reach.

    ``anew`` says that the table is another one up to the place that was asked for, as after a training was resumed, and
    is told from its beginning.
    """

    columns: Mapping[str, np.ndarray]
    place: Place
    anew: bool

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.columns.values()), ()))


def rows_behind(path: Path, place: Place) -> Rows:
    """Return the whole lines of a CSV file of numbers behind a place.

    A line that is still written is left for the next look; a table of which nothing is there yet has no columns.
    Raises ``CheckpointError`` for what are no numbers.
    """
    if not path.exists():
        return Rows({}, Place(), place.size > 0)
    with path.open("rb") as file:
        names = file.readline()
        if not names.endswith(b"\n"):
            return Rows({}, Place(), place.size > 0)
        is_same = place.size >= len(names) and _end(file, place.size) == place.end
        begin = place.size if is_same else len(names)
        file.seek(begin)
        content = file.read()
        content = content[: content.rfind(b"\n") + 1]
        reached = Place(begin + len(content), _end(file, begin + len(content)))
    columns = names.decode().strip().split(",")
    table = _numbers(path, content, len(columns))
    return Rows(dict(zip(columns, table.T, strict=True)), reached, place.size > 0 and not is_same)


def _end(file: io.BufferedReader, size: int) -> int:
    """Return the checksum of the bytes before a place; of a file that is shorter, another one."""
    first = max(0, size - END)
    file.seek(first)
    content = file.read(size - first)
    return zlib.crc32(content) if len(content) == size - first else -1


def _numbers(path: Path, content: bytes, columns: int) -> np.ndarray:
    if not content:
        return np.empty((0, columns))
    try:
        table = np.loadtxt(io.BytesIO(content), delimiter=",", ndmin=2, comments=None)
    except ValueError as error:
        raise CheckpointError(f"{path} cannot be read as a table of numbers ({error}); put back a copy") from None
    if table.shape[1] != columns:
        raise CheckpointError(f"{path}: {columns} columns are named, and rows have {table.shape[1]}; put back a copy")
    return table


def extremes(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return at most ``MOST_ROWS`` rows in order: of each stretch those where a column is least and largest.

    What is no number is nobody's extreme. The first and the last row are kept.

    >>> loss = np.zeros(100_000)
    >>> loss[[70_123, 31_999]] = 5, -3
    >>> kept = extremes({"step": np.arange(100_000), "loss": loss})
    >>> len(kept["loss"]) <= MOST_ROWS, kept["step"][kept["loss"] != 0].tolist()
    (True, [31999, 70123])
    """
    count = len(next(iter(columns.values()), ()))
    if count <= MOST_ROWS:
        return dict(columns)
    table, stretches = np.stack(list(columns.values()), axis=1), STRETCHES
    while len(kept := _kept(table, stretches)) > MOST_ROWS:
        stretches //= 2
    return {name: column[kept] for name, column in columns.items()}


def _kept(table: np.ndarray, stretches: int) -> np.ndarray:
    """Return the rows of a table (n, c) with the extremes of each stretch; some at its end may be looked at twice."""
    width = -(-len(table) // stretches)
    starts = np.minimum(np.arange(0, len(table), width), len(table) - width)
    parts = table[starts[:, None] + np.arange(width)]  # (stretches, width, c)
    is_number = np.isfinite(parts)
    low = np.where(is_number, parts, np.inf).argmin(axis=1)
    high = np.where(is_number, parts, -np.inf).argmax(axis=1)
    return np.unique(np.concatenate([[0, len(table) - 1], *(starts[:, None] + at for at in (low, high))], axis=None))
