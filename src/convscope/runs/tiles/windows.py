"""Stretches of an axis that are run by themselves: what is read, and which outputs of it are kept with which weight."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from convscope.analysis.locality import Locality, NotLocal, Span, locality
from convscope.analysis.parts import difference
from convscope.errors import ShapeError
from convscope.graph import Graph

WIDENED = 4  # times that a halo grows by one step of the grid before a network counts as not local


@dataclass(frozen=True, eq=False)
class Window:
    """One stretch: positions that are read, those of them that are written, and their weights (None: all 1)."""

    read: Span
    write: Span
    weight: np.ndarray | None = None

    @property
    def length(self) -> int:
        """How many positions are read."""
        return self.read[1] - self.read[0]

    @property
    def kept(self) -> int:
        """How many positions are written."""
        return self.write[1] - self.write[0]


def whole(length: int) -> tuple[Window, ...]:
    """Return the one window that is the axis."""
    return (Window((0, length), (0, length)),)


def gaussian(length: int, tile: int) -> tuple[Window, ...]:
    """Return overlapping windows at most half a tile apart, weighted by a normal curve of a standard deviation of
    tile / 8 (Isensee et al. 2021, nnU-Net); at each position the weights of all windows add up to 1.

    >>> [window.read for window in gaussian(10, 4)]
    [(0, 4), (2, 6), (4, 8), (6, 10)]
    """
    if length <= tile:
        return whole(length)
    number = -(-(length - tile) * 2 // tile) + 1
    starts = [round(start) for start in np.linspace(0, length - tile, number)]
    curve = np.exp(-0.5 * ((np.arange(tile) - (tile - 1) / 2) / (tile / 8)) ** 2)
    total = np.zeros(length)
    for start in starts:
        total[start : start + tile] += curve
    spans = [(start, start + tile) for start in starts]
    return tuple(Window(span, span, (curve / total[slice(*span)]).astype(np.float32)) for span in spans)


def cores(length: int, longest: int, grid: int) -> tuple[Span, ...]:
    """Return stretches that begin on a grid, as long as each other but for the last, none longer than ``longest``.

    >>> cores(100, 48, 8)
    ((0, 40), (40, 80), (80, 100))
    """
    longest = max(longest // grid, 1) * grid
    each = -(-length // -(-length // longest))
    each = -(-each // grid) * grid
    return tuple((first, min(first + each, length)) for first in range(0, length, each))


def exact(
    record: Callable[[Sequence[int]], Graph], network: Locality, longest: Sequence[int]
) -> tuple[tuple[Window, ...], ...]:
    """Return windows for each axis whose outputs are proved to be those of the whole image.

    ``record`` gives the graph for an image of a size, ``network`` is the whole image's; ``longest`` is the most outputs
    of a window along each axis. Where an image is padded to a multiple inside of the network, so is its last window,
    which ends with it.

    Raises:
        NotLocal: whatever the halo, a part of the image gives other numbers; the node at which they differ is named.
    """
    wanted: list[tuple[Span, ...]] = []
    for axis, grid in enumerate(network.grid):
        if grid > longest[axis] and grid < network.steps[0].length(axis):
            why = f"lets an image be cut every {grid:,} positions only, more than the {longest[axis]:,} of a tile"
            raise NotLocal(network.strides[axis], why)
        wanted.append(cores(network.steps[0].length(axis), longest[axis], grid))
    reason: NotLocal | None = None
    for wider in range(WIDENED):
        windows = [[_around(network, axis, core, wider) for core in spans] for axis, spans in enumerate(wanted)]
        if reason and any(len(line) > 1 and _reads_all(line) for line in windows):
            break
        try:
            _prove(record, network, windows)
        except NotLocal as error:
            reason = error
        except ShapeError as error:
            reason = NotLocal(network.graph.model, f"fails on a part of the image ({error})")
        else:
            return tuple(_near(network, axis, line) for axis, line in enumerate(windows))
    assert reason is not None
    raise reason


def _reads_all(windows: Sequence[Window]) -> bool:
    return all(window.length == windows[-1].write[1] for window in windows)


def _near(network: Locality, axis: int, windows: Sequence[Window]) -> tuple[Window, ...]:
    """Return windows, if none reaches farther at a border than in the middle, as one does that goes round it."""
    if _reads_all(windows):
        return whole(windows[-1].write[1])
    most = max(network.halo(axis)) + (WIDENED + 1) * network.grid[axis]
    for window in windows:
        if max(window.write[0] - window.read[0], window.read[1] - window.write[1]) > most:
            raise NotLocal(network.graph.model, f"depends at one border of axis {axis + 2} on what is far from it")
    return tuple(windows)


def _around(network: Locality, axis: int, core: Span, wider: int) -> Window:
    """Return a window that reads what some outputs depend on, from and to the grid, or the border of the image."""
    grid, length = network.grid[axis], network.steps[0].length(axis)
    first, end = network.needed(axis, core)[0]
    first, end = min(first, core[0]) // grid - wider, -(-max(end, core[1]) // grid) + wider
    return Window((max(first * grid, 0), min(end * grid, length)), core)


def _prove(record: Callable[[Sequence[int]], Graph], network: Locality, windows: Sequence[Sequence[Window]]) -> None:
    """Raise ``NotLocal`` where a window gives other numbers than the whole image."""
    lengths = [sorted({window.length for window in line}) for line in windows]
    longest = max(map(len, lengths))
    for sizes in zip(*(list(itertools.islice(itertools.cycle(each), longest)) for each in lengths), strict=True):
        part = locality(record(sizes))
        for axis, line in enumerate(windows):
            for window in line:
                if window.length != sizes[axis]:
                    continue
                node = difference(network, part, axis, window.write, window.read[0])
                if node is not None:
                    raise NotLocal(node, "computes something else in a part of the image")
