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

from convscope.errors import DataError

AHEAD, AHEAD_BYTES = 16, 64 << 20  # batches announced before they are read, and their bytes


def read(pixels: np.ndarray, wanted: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield ``pixels[rows]``, (k, H, W, C), for each ``rows`` (k,) wanted.

    ``wanted`` is asked for more than has been yielded where ``pixels`` (n, H, W, C) are mapped read-only from a file.

    Raises:
        DataError: the file is gone, or has become shorter.

    >>> pixels = np.arange(6).reshape(3, 1, 2, 1)
    >>> [batch.ravel().tolist() for batch in read(pixels, [np.array([2, 0]), np.array([1])])]
    [[4, 5, 0, 1], [2, 3]]
    """
    file = _file(pixels)
    plain = np.asarray(pixels)  # a plain view: indexing a memmap object costs more per batch
    return (plain[rows] for rows in wanted) if file is None else _read_ahead(file, plain, wanted)


def _file(pixels: np.ndarray) -> np.memmap | None:
    """Return the read-only map that is all of ``pixels``, if that is where they lie and the kernel takes advice."""
    base = pixels
    while isinstance(base.base, np.ndarray):
        base = base.base
    if not isinstance(base, np.memmap) or base.mode != "r" or not hasattr(os, "posix_fadvise"):
        return None
    whole = pixels.flags.c_contiguous and pixels.nbytes == base.nbytes and pixels.ctypes.data == base.ctypes.data
    return base if whole else None


def _read_ahead(file: np.memmap, pixels: np.ndarray, wanted: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    coming: deque[np.ndarray] = deque()
    with _opened(file, pixels) as images:
        for rows in wanted:
            coming.append(rows)
            images.announce(rows)
            if len(coming) > max(1, min(AHEAD, AHEAD_BYTES // max(1, len(rows) * images.size))):
                yield images.read(coming.popleft())
        while coming:
            yield images.read(coming.popleft())


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
                raise DataError(
                    f"the decoded images {self.path} have become fewer; remove the file's folder and load the set again"
                )
        ordered = np.empty_like(found)
        ordered[order] = found
        return ordered


def _runs(rows: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """Yield where each run of consecutive rows begins in ``rows``, ascending, its first row, and how many there are."""
    at = np.flatnonzero(np.diff(rows, prepend=rows[:1] - 2) != 1)
    return zip(at.tolist(), rows[at].tolist(), np.diff(at, append=len(rows)).tolist(), strict=True)
