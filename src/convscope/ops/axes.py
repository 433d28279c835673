"""Which positions along an axis of an input feed which positions along an axis of the output.

A primitive's ``axes`` rule says so of each axis of each array input: position for position (``same``), all of it
(``whole``), a window (``windowed``), a block (``blocks``), a stretch (``shifted``), or what is told one by one
(``listed``). From it follow the inputs of one output number (``Primitive.field``), and those of whole sets of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from convscope.geometry import Spread, Window

Shape = tuple[int, ...]
Index = tuple[np.ndarray, ...]  # sorted positions along each axis; every combination of them is meant (``np.ix_``)


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

    def inputs(self, at: Sequence[int]) -> np.ndarray:
        """Return the inputs that feed the output number ``at``, sorted."""
        row = self.table[0 if self.axis is None else at[self.axis]]
        return row[row >= 0]


Axes = Mapping[str, tuple[Link, ...]]  # by the name of the array input: a link for each of its axes


def positions(axes: Axes, at: Sequence[int]) -> dict[str, Index]:
    """Return by input what feeds the output number ``at``."""
    return {name: tuple(link.inputs(at) for link in links) for name, links in axes.items()}


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
def windowed(axis: int, window: Window | Spread) -> Link:
    """A window, or its transpose."""
    table = _table([window.inputs(o) for o in range(window.outputs)])
    offsets = window.dilation * np.arange(window.kernel) - window.before
    if isinstance(window, Window):
        return Link(axis, window.size, table, (offsets,), window.stride)
    behind = [o - offsets for o in range(window.stride)]  # how far behind the first input's first position
    return Link(axis, window.size, table, tuple(far[far % window.stride == 0] // window.stride for far in behind))


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
    rows = [np.array(sorted(inputs), int) for inputs in feeding]
    nominal = None if step is None else _without_borders(rows, size, step)
    return Link(axis, size, _table([row.tolist() for row in rows]), nominal, step.numerator if step else 1)


def _without_borders(rows: list[np.ndarray], size: int, step: Fraction) -> tuple[np.ndarray, ...] | None:
    """Return what the first outputs would see without borders, from those in the middle; None if others differ."""
    period, advance = step.denominator, step.numerator
    turn = (len(rows) // period - 1) // 2
    if turn < 0:
        return None
    nominal = tuple(row - turn * advance for row in rows[turn * period :][:period])
    for o, row in enumerate(rows):
        free = nominal[o % period] + o // period * advance
        if set(row) not in (set(free[(free >= 0) & (free < size)]), set(free.clip(0, size - 1))):
            return None
    return nominal


def _table(feeding: list[list[int]]) -> np.ndarray:
    table = np.full((len(feeding), max((len(row) for row in feeding), default=0) or 1), -1)
    for o, row in enumerate(feeding):
        table[o, : len(row)] = row
    return table


def pointwise(shape: Shape, first: int = 0) -> tuple[Link, ...]:
    """Position for position, along the axes of the output from ``first`` on."""
    return tuple(same(axis, n) for axis, n in enumerate(shape, start=first))


def repeated(shape: Shape, output: Shape) -> tuple[Link, ...]:
    """Over the last axes of the output, position for position; axes of size 1 are repeated."""
    first = len(output) - len(shape)
    return tuple(whole(1) if n == 1 else same(first + axis, n) for axis, n in enumerate(shape))


def whole_along(shape: Shape, axes: Collection[int]) -> tuple[Link, ...]:
    """All of some axes, position for position along the others; negative ones count from the last."""
    every = {axis % len(shape) for axis in axes}
    return tuple(whole(n) if axis in every else same(axis, n) for axis, n in enumerate(shape))


def mixed(*_: Any, **__: Any) -> Axes:
    """Nothing: an axis of the input is fed from by several axes of the output at once, and ``field`` tells all."""
    return {}
