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


class Place(NamedTuple):
    """The part ``inside`` a phase that holds inputs, those ``inputs``, and whether that is all of the phase."""

    inside: tuple[slice, ...]
    inputs: tuple[slice, ...]
    full: bool


class Patches:
    """Gathers the columns of boxes of one size, and adds columns back; its buffers serve box after box.

    ``columns`` (C, *kernel, B, *outputs, R) of the box may have any strides. Padding stays zero in columns and phases:
    it is written once if all boxes are alike and nobody else writes there (``fixed``), else for each box that has some.
    """

    def __init__(self, windows: Windows, columns: np.ndarray, *, fixed: bool = False) -> None:
        rank = len(windows)
        self.windows, self.columns, self.fixed = windows, columns, fixed
        self.channels, self.size = columns.shape[0], columns.shape[1 + rank :]
        apart = [taps(window) for window in windows]
        once = all(t.count == 1 for axis in apart for t in axis)
        # Where phases save nothing, or runs are long whatever the stride, each kernel offset is one copy, by itself.
        self.plain = once or self.size[-1] >= LONG or all(window.stride == 1 for window in windows)
        if self.plain:
            apart = [tuple(single for t in axis for single in t.singles()) for axis in apart]
        self.groups = list(itertools.product(*apart))
        self._phases: list[np.ndarray] = []  # one (B, C, *length, R) for each group of taps
        self._copies: list[tuple[np.ndarray, np.ndarray]] = []
        self._total: np.ndarray | None = None  # the memory of all sums
        self._sums: list[np.ndarray] = []
        self._first: list[tuple[np.ndarray, np.ndarray]] = []  # what is written to each sum, before others are added
        self._additions: list[tuple[np.ndarray, np.ndarray]] = []
        self._known: dict[tuple[int, ...], list[Place]] = {}
        self._fresh = True

    def gather(self, x: np.ndarray, start: tuple[int, ...]) -> None:
        """Fill the columns from x (B, C, *space, R), for the box that begins at ``start``."""
        places = self._places(start)
        if self._fresh and not self.plain:
            self._phases = [np.empty(self._length(group), self.columns.dtype) for group in self.groups]
            self._copies = [self._copy(*pair) for pair in zip(self.groups, self._phases, strict=True)]
        for phase, place in zip(self._singles if self.plain else self._phases, places, strict=True):
            if not (place.full or (self.fixed and not self._fresh)):
                phase.fill(0)
            np.copyto(phase[place.inside], x[place.inputs])
        for target, source in self._copies:
            np.copyto(target, source)
        self._fresh = False

    def scatter(self, x: np.ndarray, start: tuple[int, ...], *, alone: bool = False) -> None:
        """Add the columns to x (B, C, *space, R), where ``gather`` would have read them; x is written to.

        ``alone``: x is zero there. Then what has one sum for each input is written, in half the time.
        """
        sums = self._singles if self.plain else self._summed()
        for total, place in zip(sums, self._places(start), strict=True):
            target = x[place.inputs]
            if alone and not self.plain:
                np.copyto(target, total[place.inside])
            else:
                np.add(target, total[place.inside], target)

    @cached_property
    def _singles(self) -> list[np.ndarray]:
        """The columns of each kernel offset by themselves, as (B, C, *outputs, R)."""
        columns = (self.columns[(slice(None), *(t.offsets.start for t in group))] for group in self.groups)
        return [column.swapaxes(0, 1) for column in columns]

    def _summed(self) -> list[np.ndarray]:
        """Return, for each phase, the sum of its columns, as (B, C, *length, R)."""
        if self._total is None:
            lengths = [self._length(group) for group in self.groups]
            ends = list(itertools.accumulate(math.prod(shape) for shape in lengths))
            self._total = np.empty(ends[-1], self.columns.dtype)
            parts = zip(np.split(self._total, ends[:-1]), lengths, strict=True)
            self._sums = [part.reshape(shape) for part, shape in parts]
            pairs = zip(self.groups, self._sums, strict=True)
            spread = [list(self._spread(group, total)) for group, total in pairs]
            self._first = [first for first, *_ in spread]
            self._additions = [pair for _, *others in spread for pair in others]
        self._total.fill(0)
        for total, column in self._first:
            np.copyto(total, column)
        for total, column in self._additions:
            np.add(total, column, total)
        return self._sums

    def _places(self, start: tuple[int, ...]) -> list[Place]:
        """Return, for each group, which part of its phase holds inputs, and which inputs."""
        if start not in self._known:
            self._known = {start: [self._place(group, start) for group in self.groups]}
        return self._known[start]

    def _place(self, group: tuple[Taps, ...], start: tuple[int, ...]) -> Place:
        axes = zip(group, self.windows, start[1:-1], self.size[1:-1], strict=True)
        inside, inputs = zip(*(t.covered(window, first, n) for t, window, first, n in axes), strict=True)
        first, last = (slice(start[i], start[i] + self.size[i]) for i in (0, -1))
        every = slice(None)
        full = all(s.stop - s.start == t.length(n) for s, t, n in zip(inside, group, self.size[1:-1], strict=True))
        return Place((every, every, *inside), (first, every, *inputs, last), full)

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
            first = (k * t.step for k, t in zip(offset, group, strict=True))
            part = tuple(slice(f, f + n) for f, n in zip(first, self.size[1:-1], strict=True))
            yield total[(slice(None), slice(None), *part)], np.moveaxis(columns[(slice(None), *offset)], 1, 0)
