"""What feeds each position along one axis: the same, all, a window, a block, or what is listed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

import numpy as np

from convscope.geometry import Spread, Window

Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Link:
    """What decides the position along one axis of an input.

    ``table`` (outputs, k): the inputs that feed each position along ``axis`` of the output, -1 for none. ``axis`` None:
    the output's position does not matter, and the one row of ``table`` always feeds. ``nominal`` says the same without
    borders: output o sees what output o - len(nominal) sees, ``advance`` further on, and for the first of them it holds
    the positions, also those outside of the input (None: there is no such rule).
    """

    axis: int | None
    size: int
    table: np.ndarray
    nominal: tuple[np.ndarray, ...] | None = (np.zeros(1, int),)
    advance: int = 1

    @property
    def same(self) -> bool:
        """Whether each position feeds the same one, and the axes are equally long."""
        return self.table is _positions(self.size) and self.axis is not None

    @cached_property
    def hollow(self) -> bool:
        """Whether there are outputs that nothing feeds."""
        return bool((self.table < 0).all(1).any())


Links = Mapping[str, tuple[Link, ...]]  # by the name of the array input: a link for each of its axes


@lru_cache(4096)
def _positions(size: int) -> np.ndarray:
    return np.arange(size)[:, None]


@lru_cache(4096)
def same(axis: int, size: int) -> Link:
    """Position for position."""
    return Link(axis, size, _positions(size))


@lru_cache(4096)
def whole(size: int) -> Link:
    """All of the axis feeds every output."""
    return Link(None, size, np.arange(size)[None], (np.arange(size),), 0)


@lru_cache(4096)
def shifted(axis: int, outputs: int, size: int, first: int, step: int = 1) -> Link:
    """Output o is the copy of input first + step·o, or of none."""
    table = first + step * np.arange(outputs)
    return Link(axis, size, np.where((table < 0) | (table >= size), -1, table)[:, None], (np.array([first]),), step)


@lru_cache(4096)
def slid(axis: int, window: Window | Spread) -> Link:
    """A window, or its transpose."""
    table = _table([window.inputs(o) for o in range(window.outputs)])
    offsets = window.dilation * np.arange(window.kernel) - window.before
    if isinstance(window, Window):
        return Link(axis, window.size, table, (offsets,), window.stride)
    fed = [o - offsets for o in range(window.stride)]  # how far behind the first input's first position
    return Link(axis, window.size, table, tuple(far[far % window.stride == 0] // window.stride for far in fed))


@lru_cache(4096)
def blocks(axis: int, size: int, outputs: int, groups: int) -> Link:
    """A block of the inputs feeds a block of the outputs (``groups`` of them)."""
    if groups == 1:
        return whole(size)
    each = size // groups
    if each == 1 and outputs == groups:
        return same(axis, size)
    starts = np.arange(outputs) // (outputs // groups) * each
    return Link(axis, size, starts[:, None] + np.arange(each), None)


def listed(axis: int, size: int, feeding: Iterable[Iterable[int]], step: Fraction | None = None) -> Link:
    """The inputs of each output told one by one; ``step``: by how many inputs an output they move on, where they do."""
    lines = [np.array(sorted(inputs), int) for inputs in feeding]
    nominal = None if step is None else _turns(lines, size, step)
    return Link(axis, size, _table([line.tolist() for line in lines]), nominal, step.numerator if step else 1)


def _turns(lines: list[np.ndarray], size: int, step: Fraction) -> tuple[np.ndarray, ...] | None:
    """Return what the first outputs would see without borders, from those in the middle; None if others differ."""
    period, advance = step.denominator, step.numerator
    turn = (len(lines) // period - 1) // 2
    if turn < 0:
        return None
    nominal = tuple(line - turn * advance for line in lines[turn * period :][:period])
    for o, line in enumerate(lines):
        free = nominal[o % period] + o // period * advance
        if set(line) not in (set(free[(free >= 0) & (free < size)]), set(free.clip(0, size - 1))):
            return None
    return nominal


def _table(feeding: list[list[int]]) -> np.ndarray:
    table = np.full((len(feeding), max((len(line) for line in feeding), default=0) or 1), -1)
    for o, line in enumerate(feeding):
        table[o, : len(line)] = line
    return table
