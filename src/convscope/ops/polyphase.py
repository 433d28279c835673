"""Every window of an image as one column, and the columns added back: the core of im2col and of convolution.

With stride s, positions 0, s, 2s, … of the padded input form one *phase*, 1, s + 1, … the next. Kept apart, the windows
of one kernel offset are long contiguous copies, and the way back contiguous additions. Arrays are (B, C, *space, R):
see ``layout``.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from convscope.geometry import Window
from convscope.ops.layout import Views

Windows = tuple[Window, ...]
LONG = 32  # numbers in a run from which on their copies cost no more in pieces


@dataclass(frozen=True)
class Taps:
    """The kernel offsets of one axis that read the same phase; there they begin at ``first``, ``step`` apart."""

    phase: int
    offsets: slice
    first: int
    step: int
    count: int

    def length(self, outputs: int) -> int:
        """Return how many positions of the phase so many outputs need."""
        return outputs + (self.count - 1) * self.step

    def covered(self, window: Window, start: int, outputs: int) -> tuple[slice, slice]:
        """Return which of these positions hold an input, and which inputs those are; the others are padding."""
        base = (start + self.first) * window.stride + self.phase - window.before
        low = max(0, -(base // window.stride))
        high = max(low, min(self.length(outputs), -((base - window.size) // window.stride)))
        inputs = slice(base + low * window.stride, base + high * window.stride, window.stride)
        return slice(low, high), inputs if high > low else slice(0, 0)

    def singles(self) -> Iterator[Taps]:
        """Yield each kernel offset by itself."""
        for i, k in enumerate(range(self.offsets.start, self.offsets.stop, self.offsets.step)):
            yield Taps(self.phase, slice(k, k + 1), self.first + i * self.step, self.step, 1)


@lru_cache(maxsize=1024)
def taps(window: Window) -> tuple[Taps, ...]:
    """Group the kernel offsets of an axis by the phase they read.

    Offset k reads phase k·dilation mod stride, at k·dilation // stride.

    >>> [(t.phase, t.offsets, t.count) for t in taps(Window(28, kernel=5, stride=2))]
    [(0, slice(0, 5, 2), 3), (1, slice(1, 5, 2), 2)]
    """
    shared = math.gcd(window.stride, window.dilation)
    apart = window.stride // shared
    return tuple(
        Taps(
            phase=k * window.dilation % window.stride,
            offsets=slice(k, window.kernel, apart),
            first=k * window.dilation // window.stride,
            step=window.dilation // shared,
            count=len(range(k, window.kernel, apart)),
        )
        for k in range(min(apart, window.kernel))
    )


class Part(NamedTuple):
    """The part ``inside`` a phase that holds inputs, which ``inputs`` those are, and whether that is all of it."""

    inside: np.ndarray
    inputs: tuple[slice, ...]
    full: bool


class Patches:
    """Gathers the columns of boxes of one size, and adds columns back; its buffers serve box after box.

    ``columns`` (C, *kernel, B, *outputs, R) of the box may have any strides. Padding stays zero in columns and phases:
    it is written once if all boxes are alike and nobody else writes there (``fixed``), else for each box that has some.

    ``slack``: so many zeros stand before the outputs of the last axis, and behind all columns; no other axis has
    several taps. A column moved by its offset then has zeros at its ends, and ``scatter`` adds whole blocks of memory.
    """

    def __init__(self, windows: Windows, columns: np.ndarray, *, fixed: bool = False, slack: int = 0) -> None:
        rank = len(windows)
        self.windows, self.columns, self.fixed, self.slack = windows, columns, fixed, slack
        *sizes, last, run = columns.shape[1 + rank :]
        self.channels, self.size = columns.shape[0], (*sizes, last - slack, run)
        apart = [taps(window) for window in windows]
        self.plain = in_one_pass(windows, run)
        if self.plain:
            apart = [tuple(single for t in axis for single in t.singles()) for axis in apart]
        self.groups = list(itertools.product(*apart))
        self._copies: list[tuple[np.ndarray, np.ndarray]] = []
        self._first: list[tuple[np.ndarray, np.ndarray]] = []  # what is written to each sum, before others are added
        self._additions: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []  # each of two arrays, to a third
        self._at: tuple[tuple[int, ...], bool] = (), False  # for which box the parts are known
        self._known: list[Part] = []
        self._inputs = Views()
        self._fresh = True

    def gather(self, x: np.ndarray, start: tuple[int, ...]) -> None:
        """Fill the columns from x (B, C, *space, R), for the box that begins at ``start``."""
        if self._fresh and not self.plain:
            self._copies = [self._copy(*pair) for pair in zip(self.groups, self._phases, strict=True)]
        parts = self._parts(start)
        for phase, part, inputs in zip(self._phases, parts, self._inputs.of(x, self._taken), strict=True):
            if not (part.full or (self.fixed and not self._fresh)):
                phase.fill(0)
            np.copyto(part.inside, inputs)
        for target, source in self._copies:
            np.copyto(target, source)
        self._fresh = False

    def scatter(self, x: np.ndarray, start: tuple[int, ...], *, alone: bool = False) -> None:
        """Add the columns to x (B, C, *space, R), where ``gather`` would have read them; x is written to.

        ``alone``: x is zero there. Then what has one sum for each input is written, in half the time.
        """
        alone = alone and not self.plain
        if not self.plain:
            self._sum()
            self._fresh = True  # where zeros were, there are sums
        for part, inputs in zip(self._parts(start, runs=alone), self._inputs.of(x, self._taken), strict=True):
            if alone:
                np.copyto(inputs, part.inside)
            else:
                np.add(inputs, part.inside, inputs)

    @cached_property
    def _phases(self) -> list[np.ndarray]:
        """One (B, C, *length, R) for each group of taps; where each is a single tap, its columns themselves."""
        columns = (self.columns[(slice(None), *(t.offsets.start for t in group))] for group in self.groups)
        if self.plain:
            return [column.swapaxes(0, 1) for column in columns]
        if self.slack:
            return [np.empty_like(column.swapaxes(0, 1)) for column in columns]  # in the same order in memory
        return [np.empty(self._length(group), self.columns.dtype) for group in self.groups]

    def _sum(self) -> None:
        """Write to each phase the sum of its columns."""
        if not self._first and not self._additions:
            for group, phase in zip(self.groups, self._phases, strict=True):
                self._plan(phase, list(self._spread(group, phase)))
        if not self.slack:
            for phase in self._phases:
                phase.fill(0)
        for total, column in self._first:
            np.copyto(total, column)
        for total, column, target in self._additions:
            np.add(total, column, target)

    def _plan(self, total: np.ndarray, spread: list[tuple[np.ndarray, np.ndarray]]) -> None:
        """Note how the columns of one phase are added up; where all are as large as the sum, the first two at once."""
        (target, first), *others = spread
        if self.slack and others:
            (_, second), *others = others
            self._additions.append((first, second, total))
        else:
            self._first.append((target, first))
        self._additions.extend((part, column, part) for part, column in others)

    def _parts(self, start: tuple[int, ...], *, runs: bool = True) -> list[Part]:
        """Return, for each phase, which part of it holds inputs, and which inputs; ``runs``: as one item each."""
        if self._at != (start, runs):
            self._at, self._inputs = (start, runs), Views()
            phases = [by_runs(phase) for phase in self._phases] if runs else self._phases
            self._known = [self._part(*pair, start) for pair in zip(self.groups, phases, strict=True)]
        return self._known

    def _taken(self, x: np.ndarray) -> list[np.ndarray]:
        """Return the inputs in x (B, C, *space, R) of each of the parts."""
        start, runs = self._at
        x = x[..., start[-1] : start[-1] + self.size[-1]]
        x = by_runs(x) if runs else x
        return [x[part.inputs] for part in self._known]

    def _part(self, group: tuple[Taps, ...], phase: np.ndarray, start: tuple[int, ...]) -> Part:
        axes = zip(group, self.windows, start[1:-1], self.size[1:-1], strict=True)
        inside, inputs = zip(*(t.covered(window, first, n) for t, window, first, n in axes), strict=True)
        first, every = slice(start[0], start[0] + self.size[0]), slice(None)
        full = all(s.stop - s.start == t.length(n) for s, t, n in zip(inside, group, self.size[1:-1], strict=True))
        return Part(phase[(every, every, *inside)], (first, every, *inputs), full)

    def _length(self, group: tuple[Taps, ...]) -> tuple[int, ...]:
        lengths = (t.length(n) for t, n in zip(group, self.size[1:-1], strict=True))
        return (self.size[0], self.channels, *lengths, self.size[-1])

    def _copy(self, group: tuple[Taps, ...], phase: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the columns of a group, and all its windows in the phase (B, C, *length, R), of the same shape."""
        batch, channel, *space, run = phase.strides
        steps = (t.step * stride for t, stride in zip(group, space, strict=True))
        shape = (self.channels, *(t.count for t in group), *self.size)
        windows = as_strided(phase, shape, (channel, *steps, batch, *space, run), writeable=False)
        return self.columns[(slice(None), *(t.offsets for t in group))], windows

    def _spread(self, group: tuple[Taps, ...], total: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield, for each kernel offset, the part of the phase's sum that it adds to, and its columns."""
        columns = self.columns[(slice(None), *(t.offsets for t in group))]
        for offset in itertools.product(*(range(t.count) for t in group)):
            column = np.moveaxis(columns[(slice(None), *offset)], 1, 0)
            first = [k * t.step for k, t in zip(offset, group, strict=True)]
            if self.slack:
                moved = column[..., self.slack - first[-1] :, :]
                yield total, as_strided(moved, total.shape, moved.strides, writeable=False)
            else:
                part = tuple(slice(f, f + n) for f, n in zip(first, self.size[1:-1], strict=True))
                yield total[(slice(None), slice(None), *part)], column


def in_one_pass(windows: Windows, run: int) -> bool:
    """Return whether each kernel offset is one copy by itself: runs are long anyway, or phases save nothing."""
    alike = run >= LONG or all(window.stride == 1 for window in windows)
    return alike or all(t.count == 1 for window in windows for t in taps(window))


def by_runs(x: np.ndarray) -> np.ndarray:
    """Return a view of (..., R) in which each run is one item (..., 1): its copy is one step, not a loop of its own."""
    return x if x.shape[-1] == 1 else x.view(_item(x.shape[-1] * x.itemsize))


@lru_cache(maxsize=64)
def _item(size: int) -> np.dtype:
    return np.dtype((np.void, size))
