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
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from convscope.geometry import Window

Windows = tuple[Window, ...]


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

    ``columns`` (C, *kernel, B, *outputs, R) of the box may have any strides. Padding stays zero in the phases: it is
    written once if all boxes are alike (``fixed``), else for each box that has some.
    """

    def __init__(self, windows: Windows, columns: np.ndarray, *, fixed: bool = False) -> None:
        rank = len(windows)
        self.windows, self.columns, self.fixed = windows, columns, fixed
        self.channels, self.size = columns.shape[0], columns.shape[1 + rank :]
        self.combinations = list(itertools.product(*(taps(window) for window in windows)))
        once = all(t.count == 1 for group in self.combinations for t in group)
        self.plain = once or all(window.stride == 1 for window in windows)  # phases would save nothing
        self._phases: list[np.ndarray] = []  # one (B, C, *length, R) for each group of taps
        self._copies: list[tuple[np.ndarray, np.ndarray]] = []
        self._total: np.ndarray | None = None  # the memory of all sums
        self._sums: list[np.ndarray] = []
        self._known: dict[tuple[int, ...], list[Place]] = {}
        self._additions: list[tuple[np.ndarray, np.ndarray]] = []

    def gather(self, x: np.ndarray, start: tuple[int, ...]) -> None:
        """Fill the columns from x (B, C, *space, R), for the box that begins at ``start``."""
        places = self._places(start)
        if self.plain and all(place.full for place in places):
            for group, place in zip(self.combinations, places, strict=True):
                np.copyto(*self._copy(group, x[place.inputs]))
            return
        fresh = not self._phases
        if fresh:
            self._phases = [np.zeros(self._length(group), self.columns.dtype) for group in self.combinations]
            self._copies = [self._copy(*pair) for pair in zip(self.combinations, self._phases, strict=True)]
        for phase, place in zip(self._phases, places, strict=True):
            if not (self.fixed or fresh or place.full):
                phase.fill(0)
            np.copyto(phase[place.inside], x[place.inputs])
        for target, source in self._copies:
            np.copyto(target, source)

    def scatter(self, x: np.ndarray, start: tuple[int, ...]) -> None:
        """Add the columns to x (B, C, *space, R), where ``gather`` would have read them; x is written to."""
        if self._total is None:
            lengths = [self._length(group) for group in self.combinations]
            ends = list(itertools.accumulate(math.prod(shape) for shape in lengths))
            self._total = np.empty(ends[-1], self.columns.dtype)
            parts = zip(np.split(self._total, ends[:-1]), lengths, strict=True)
            self._sums = [part.reshape(shape) for part, shape in parts]
            pairs = zip(self.combinations, self._sums, strict=True)
            self._additions = [pair for group, total in pairs for pair in self._spread(group, total)]
        self._total.fill(0)
        for total, column in self._additions:
            np.add(total, column, total)
        for total, place in zip(self._sums, self._places(start), strict=True):
            target = x[place.inputs]
            np.add(target, total[place.inside], target)

    def _places(self, start: tuple[int, ...]) -> list[Place]:
        """Return, for each combination, which part of its phase holds inputs, and which inputs."""
        if start not in self._known:
            self._known = {start: [self._place(group, start) for group in self.combinations]}
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
