"""Reading images batch by batch: from memory, or from a file too large for it, some batches ahead.

In a shuffled order a mapped file costs a wait for the disk at every image, and the kernel reads a stretch around each
that nobody asked for. So a large file is not read through its map: the kernel is told which images come next, all of
several batches at once, which keeps the disk busy; then they are copied out of its cache. That cache is no memory of
the process, and gives way when memory is short.

What tells a large set is that the cache mapped it read-only. No thread is needed: the kernel reads on while the network
computes. One that copies ahead as well was slower in every trial, since it takes turns with Python at every image.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convscope.data.mapped import check_length, checked, source, too_short
from convscope.errors import DataError

AHEAD, AHEAD_BYTES = 16, 64 << 20  # batches announced before they are read, and their bytes


def read(pixels: np.ndarray, wanted: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield ``pixels[rows]``, (k, H, W, C), for each ``rows`` (k,) wanted.

    ``wanted`` is asked for more than has been yielded where ``pixels`` (n, H, W, C) are mapped read-only from a file.

    Raises:
        DataError: the file is gone, has become shorter, or is damaged.

    >>> pixels = np.arange(6).reshape(3, 1, 2, 1)
    >>> [batch.ravel().tolist() for batch in read(pixels, [np.array([2, 0]), np.array([1])])]
    [[4, 5, 0, 1], [2, 3]]
    """
    file = source(pixels)
    plain = np.asarray(pixels)  # a plain view: indexing a memmap object costs more per batch
    if file is None:
        return (plain[rows] for rows in wanted)
    ahead = file.mode == "r" and hasattr(os, "posix_fadvise")
    return (_read_ahead if ahead else _from_map)(file, plain, wanted)


def take(pixels: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return ``pixels[rows]``, (k, H, W, C); raises as ``read``."""
    return next(read(pixels, (rows,)))


def _from_map(file: np.memmap, pixels: np.ndarray, wanted: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    for rows in wanted:
        check_length(file)
        yield checked(file, rows, pixels[rows])


def _read_ahead(file: np.memmap, pixels: np.ndarray, wanted: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    coming: deque[np.ndarray] = deque()
    with _opened(file, pixels) as images:
        for rows in wanted:
            coming.append(rows)
            images.announce(rows)
            if len(coming) > max(1, min(AHEAD, AHEAD_BYTES // max(1, len(rows) * images.size))):
                rows = coming.popleft()
                yield checked(file, rows, images.read(rows))
        while coming:
            rows = coming.popleft()
            yield checked(file, rows, images.read(rows))


@contextlib.contextmanager
def _opened(file: np.memmap, pixels: np.ndarray) -> Iterator[_Images]:
    path = Path(str(file.filename))
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise DataError(
            f"the decoded images {path} can no longer be read ({error.strerror}); load the set again"
        ) from None
    try:
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_RANDOM)  # nothing beside what is announced
        yield _Images(handle, path, file.offset, pixels.shape[1:], pixels.dtype)
    finally:
        os.close(handle)


@dataclass(frozen=True)
class _Images:
    """An open file of images, of ``shape`` (H, W, C) each, from byte ``start`` on."""

    handle: int
    path: Path
    start: int
    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def size(self) -> int:
        """Bytes of an image."""
        return math.prod(self.shape) * self.dtype.itemsize

    def announce(self, rows: np.ndarray) -> None:
        """Let the kernel begin to read images, in the order in which they lie."""
        size = self.size
        for _, first, count in _runs(np.sort(rows)):
            os.posix_fadvise(self.handle, self.start + first * size, count * size, os.POSIX_FADV_WILLNEED)

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Return images (k, H, W, C), waiting for those that are still on their way."""
        order, size = np.argsort(rows, kind="stable"), self.size
        found = np.empty((len(rows), *self.shape), self.dtype)
        for at, first, count in _runs(rows[order]):
            block = found[at : at + count]
            if os.preadv(self.handle, [block.data], self.start + first * size) != block.nbytes:
                raise too_short(self.path)
        ordered = np.empty_like(found)
        ordered[order] = found
        return ordered


def _runs(rows: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """Yield where each run of consecutive rows begins in ``rows``, ascending, its first row, and how many there are."""
    at = np.flatnonzero(np.diff(rows, prepend=rows[:1] - 2) != 1)
    return zip(at.tolist(), rows[at].tolist(), np.diff(at, append=len(rows)).tolist(), strict=True)
