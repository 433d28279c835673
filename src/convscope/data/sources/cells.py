"""The cells of a table's column, packed: a million of them need no Python object each, and large ones no memory.

A column of few different values (labels, splits) is the numbers of these; any other one is its text as UTF-8, one cell
after the other. Either is a sequence of ``str``, made when they are asked for.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, islice, pairwise
from typing import overload

import numpy as np

from convscope.data.columns.spilled import BLOCK, SMALL, blocks, empty, spilled

FEW = 4096  # different values up to which a column is kept as their numbers


class _Cells(Sequence[str]):
    """What all sequences of cells have in common; ``_some`` gives those of a stretch."""

    def _some(self, first: int, last: int) -> list[str]:
        raise NotImplementedError

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> list[str]: ...

    def __getitem__(self, at: int | slice) -> str | list[str]:
        """Return one cell, or those of a slice as a list."""
        if isinstance(at, slice):
            first, last, step = at.indices(len(self))
            return self._some(first, last) if step == 1 else [str(self[k]) for k in range(first, last, step)]
        if not -len(self) <= at < len(self):
            raise IndexError(f"there are {len(self):,} cells, numbered from 0; there is no {at:,}")
        at = int(at) % len(self)
        return self._some(at, at + 1)[0]

    def __iter__(self) -> Iterator[str]:
        for first in range(0, len(self), BLOCK):
            yield from self._some(first, min(first + BLOCK, len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # pyright: ignore[reportAssignmentType]  # a sequence, as a list is


class Coded(_Cells):
    """Cells (n,) that are the numbers ``codes`` (n,) of few different ``values``."""

    def __init__(self, codes: np.ndarray, values: Sequence[str]) -> None:
        self.codes, self.values = codes, values

    def __len__(self) -> int:
        return len(self.codes)

    def _some(self, first: int, last: int) -> list[str]:
        values: list[int] = self.codes[first:last].tolist()
        return [self.values[code] for code in values]


class Packed(_Cells):
    """Cells (n,) as UTF-8 in ``text``, cell i from ``offsets[i]`` to ``offsets[i + 1]`` (n + 1,)."""

    def __init__(self, text: np.ndarray, offsets: np.ndarray) -> None:
        self.text, self.offsets = text, offsets

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def _some(self, first: int, last: int) -> list[str]:
        bounds = self.offsets[first : last + 1].tolist()
        text = self.text[bounds[0] : bounds[-1]].tobytes() if bounds else b""
        return [text[a - bounds[0] : b - bounds[0]].decode() for a, b in pairwise(bounds)]


class Joined(_Cells):
    """The cells of several columns, one after the other."""

    def __init__(self, parts: Iterable[Sequence[str]]) -> None:
        self.parts = [*parts]
        self.ends = [*accumulate(map(len, self.parts))]

    def __len__(self) -> int:
        return self.ends[-1] if self.ends else 0

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self.parts)

    def _some(self, first: int, last: int) -> list[str]:
        at = bisect_right(self.ends, first)
        skipped = first - (self.ends[at - 1] if at else 0)
        if last - first == 1:
            return [str(self.parts[at][skipped])]
        rest = chain(self.parts[at][skipped:], *self.parts[at + 1 :])
        return [*islice(rest, last - first)]


class RowNames(_Cells):
    """What messages call the rows (n,) of a table: "7 of names.csv"."""

    def __init__(self, rows: Sequence[int] | np.ndarray, name: str) -> None:
        self.rows, self.name = spilled(np.asarray(rows, np.int64)), name

    def __len__(self) -> int:
        return len(self.rows)

    def _some(self, first: int, last: int) -> list[str]:
        return [f"{row} of {self.name}" for row in self.rows[first:last].tolist()]


class CellWriter:
    """Takes the cells of one column, some at a time, and packs them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] | None = {}
        self._codes, self._lengths = array("i"), array("i")
        self._blocks: list[np.ndarray] = []
        self._filled = 0

    def extend(self, cells: Sequence[str]) -> None:
        """Add some cells."""
        if self._numbers is not None:
            numbers = self._numbers
            self._codes.extend([numbers.setdefault(cell, len(numbers)) for cell in cells])
            if len(numbers) <= FEW:
                return
            values, codes, self._numbers = [*numbers], self._codes, None
            self._codes = array("i")
            for first in range(0, len(codes), BLOCK):
                self._pack([values[code] for code in codes[first : first + BLOCK]])
            return
        self._pack(cells)

    def _pack(self, cells: Sequence[str]) -> None:
        packed = [cell.encode() for cell in cells]
        self._lengths.extend(map(len, packed))
        joined = np.frombuffer(b"".join(packed), np.uint8)
        while len(joined):
            if not self._blocks or self._filled == len(self._blocks[-1]):
                # Each as large as all before it, so that they are few: each holds a file open.
                self._blocks.append(empty(max(SMALL, sum(map(len, self._blocks))), np.uint8))
                self._filled = 0
            part = joined[: len(self._blocks[-1]) - self._filled]
            self._blocks[-1][self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            joined = joined[len(part) :]

    def column(self) -> Coded | Packed:
        """Return all cells."""
        if self._numbers is not None:
            return Coded(spilled(np.array(self._codes, np.int32)), [*self._numbers])
        offsets = empty(len(self._lengths) + 1, np.int64)
        offsets[0] = 0
        np.cumsum(np.frombuffer(self._lengths, np.int32), out=offsets[1:])
        text = empty(int(offsets[-1]), np.uint8)
        at = 0
        for block in self._blocks:
            part = block[: min(len(block), len(text) - at)]
            text[at : at + len(part)] = part
            at += len(part)
        return Packed(text, offsets)


def packed(cells: Iterable[str]) -> Coded | Packed:
    """Return texts as a packed column.

    >>> column = packed(["b", "a", "b"])
    >>> [*column], column[-2], column[1:], column == ["b", "a", "b"]
    (['b', 'a', 'b'], 'a', ['a', 'b'], True)
    """
    writer = CellWriter()
    for block in blocks(cells):
        writer.extend(block)
    return writer.column()
