"""Large arrays outside of the process's own memory: mapped files without a name, in the cache's folder.

The kernel writes their pages to the disk and takes them away when memory is short, as it does with any file's. Nobody
else can open such a file, and it is gone with the last array that shows a part of it.
"""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from convscope.data.cache_folder import directory

SMALL = 1 << 20  # bytes of an array that stays in memory: a file costs more than it saves
BLOCK = 4096  # values that are in memory together while an array is filled


def empty(shape: int | tuple[int, ...], dtype: Any) -> np.ndarray:
    """Return an array of any values, to be filled; a large one is a mapped file.

    >>> empty((2, 3), np.int32).shape
    (2, 3)
    """
    dtype = np.dtype(dtype)
    size = int(np.prod(shape)) * dtype.itemsize
    if size <= SMALL:
        return np.empty(shape, dtype)
    with _unnamed() as stream:
        stream.truncate(size)
        return np.frombuffer(mmap.mmap(stream.fileno(), size), dtype).reshape(shape)


def spilled(values: np.ndarray) -> np.ndarray:
    """Return an array as it is, or, where it is large, a copy of it in a mapped file."""
    if values.nbytes <= SMALL:
        return values
    copy = empty(values.shape, values.dtype)
    copy[...] = values
    return copy


def spilled_strings(values: Sequence[str]) -> np.ndarray:
    """Return texts (n,), all in room for the longest of them; ``values`` are gone through twice.

    >>> spilled_strings(["a", "bc"]).tolist()
    ['a', 'bc']
    """
    width = max((len(value) for value in values), default=1)
    array = empty(len(values), f"<U{max(1, width)}")
    at = 0
    for block in blocks(values):
        array[at : at + len(block)] = block
        at += len(block)
    return array


def blocks(values: Iterable[Any], size: int = BLOCK) -> Iterator[list[Any]]:
    """Yield some values at a time.

    >>> [*blocks("abcde", 2)]
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    rest = iter(values)
    while block := list(islice(rest, size)):
        yield block


def _unnamed() -> Any:
    """Open a file without a name in the cache, or where that cannot be written in the system's folder for such."""
    try:
        folder = directory()
        folder.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryFile(dir=folder)
    except OSError:
        return tempfile.TemporaryFile()
