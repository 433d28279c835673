"""Two memory orders told as one, and large outputs cut into boxes.

(N, C, *space) in C order is seen as (B, C, *space, R) with B = N images and runs of R = 1 number; with the batch
innermost in memory it is B = 1 and runs of R = N numbers, which are all treated alike.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

TILE = 2**22  # bytes of columns at once


def batch_innermost(x: np.ndarray) -> bool:
    """Return whether the memory of (N, C, *space) is ordered (C, *space, N)."""
    return x.ndim > 2 and x.shape[0] > 1 and not x.flags.c_contiguous and batch_last(x).flags.c_contiguous


def batch_last(x: np.ndarray) -> np.ndarray:
    """Return a view of (N, ...) as (..., N); ``np.moveaxis`` takes ten times as long, which small networks feel."""
    return x.transpose(*range(1, x.ndim), 0)


def batch_first(x: np.ndarray) -> np.ndarray:
    """Return a view of (..., N) as (N, ...)."""
    return x.transpose(-1, *range(x.ndim - 1))


def ordered(y: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Return y (N, C, *space) in the memory order of another array: batch innermost, or C order."""
    return batch_first(np.ascontiguousarray(batch_last(y))) if batch_innermost(like) else np.ascontiguousarray(y)


def as_runs(x: np.ndarray, innermost: bool) -> np.ndarray:
    """Return a view of (N, C, *space) as (B, C, *space, R)."""
    return batch_last(x)[None] if innermost else x[..., None]


def from_runs(x: np.ndarray, innermost: bool) -> np.ndarray:
    """Return a view of (B, C, *space, R) as (N, C, *space)."""
    return batch_first(x[0]) if innermost else x[..., 0]


class Views:
    """Views of an array, made once: a network hands over the same buffers step after step."""

    def __init__(self) -> None:
        self._array: np.ndarray | None = None
        self._views: list[np.ndarray] = []

    def of(self, array: np.ndarray, make: Callable[[np.ndarray], list[np.ndarray]]) -> list[np.ndarray]:
        """Return ``make(array)``, or what it returned if it is asked again of the very same array.

        ``make`` is always the same; where what it returns are no views but copies, it is called each time.
        """
        if array is not self._array:
            self._views = make(array)
            self._array = array if self._views and np.may_share_memory(array, self._views[0]) else None
        return self._views


@dataclass(frozen=True)
class Box:
    """A block of outputs along (B, *outputs, R): where it begins, how large it is."""

    start: tuple[int, ...]
    size: tuple[int, ...]


def tiles(
    counts: Sequence[int], cost: Callable[[tuple[int, ...]], int], limit: int = TILE, images: int = 1
) -> Iterator[Box]:
    """Cut outputs (B, *outputs, R) into boxes of equal size, less at the ends, that cost at most ``limit`` bytes.

    ``cost`` of a size grows evenly along each axis. A box grows from one output: along the trailing axes, the last one
    first, to so many ``images``, along the first axis of outputs, to all images; where one does not fit, it ends.
    """
    if 0 in counts:
        return
    size = [1] * len(counts)
    trailing = [(axis, counts[axis]) for axis in range(len(counts) - 1, 1, -1)]
    for axis, most in (*trailing, (0, images), (1, counts[1]), (0, counts[0])):
        cost_of_one, cost_of_two = (cost((*size[:axis], n, *size[axis + 1 :])) for n in (1, 2))
        size[axis] = max(1, min(most, 1 + (limit - cost_of_one) // max(1, cost_of_two - cost_of_one)))
        if size[axis] < most:
            break
    for start in itertools.product(*(range(0, n, step) for n, step in zip(counts, size, strict=True))):
        yield Box(start, tuple(min(step, n - first) for n, step, first in zip(counts, size, start, strict=True)))
