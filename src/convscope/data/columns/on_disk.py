"""A column in a file too large for memory: read batch by batch, some batches ahead.

In a shuffled order a mapped file costs a wait for the disk at every example, and the kernel reads a stretch around each
that nobody asked for. So the kernel is told which examples come next, all of several batches at once, which keeps the
disk busy; then they are copied out of its cache. That cache is no memory of the process, and gives way when memory is
short.

No thread is needed: the kernel reads on while the network computes. One that copies ahead as well was slower in every
trial, since it takes turns with Python at every example.
"""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from convscope.data.columns.array_file import ArrayFile
from convscope.data.spec import FieldSpec
from convscope.errors import DataError

AHEAD, AHEAD_BYTES = 16, 64 << 20  # batches announced before they are read, and their bytes
ABLE = hasattr(os, "posix_fadvise")  # what this rests on; macOS lacks it


@dataclass(frozen=True, eq=False)
class OnDisk:
    """n examples of one size in a ``file``, each checked when it is first read."""

    spec: FieldSpec
    file: ArrayFile
    content: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.file)

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Return the values (k, *shape) of some rows.

        Raises:
            DataError: the file is gone, has become shorter, or is damaged.
        """
        return next(self.stream((rows,)))

    def stream(self, batches: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Yield the values of each batch of rows, asking for some batches ahead; raises as ``take``."""
        coming: deque[np.ndarray] = deque()
        with self._opened() as handle:
            for rows in batches:
                coming.append(rows)
                self._announce(handle, rows)
                if len(coming) > max(1, min(AHEAD, AHEAD_BYTES // max(1, len(rows) * self.file.size))):
                    rows = coming.popleft()
                    yield self.file.checked(rows, self._read(handle, rows))
            while coming:
                rows = coming.popleft()
                yield self.file.checked(rows, self._read(handle, rows))

    @contextlib.contextmanager
    def _opened(self) -> Generator[int]:
        try:
            handle = os.open(self.file.path, os.O_RDONLY)
        except OSError as error:
            raise DataError(
                f"the decoded images {self.file.path} can no longer be read ({error.strerror}); load the set again"
            ) from None
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_RANDOM)  # nothing beside what is announced
            yield handle
        finally:
            os.close(handle)

    def _announce(self, handle: int, rows: np.ndarray) -> None:
        """Let the kernel begin to read examples, in the order in which they lie."""
        start, size = self.file.start, self.file.size
        for _, first, count in _runs(np.sort(rows)):
            os.posix_fadvise(handle, start + first * size, count * size, os.POSIX_FADV_WILLNEED)

    def _read(self, handle: int, rows: np.ndarray) -> np.ndarray:
        """Return examples (k, *shape), waiting for those that are still on their way."""
        order, size = np.argsort(rows, kind="stable"), self.file.size
        sorted_values = np.empty((len(rows), *self.file.shape), self.file.dtype)
        for at, first, count in _runs(rows[order]):
            block = sorted_values[at : at + count]
            if os.preadv(handle, [block.data], self.file.start + first * size) != block.nbytes:
                raise self.file.too_short()
        values = np.empty_like(sorted_values)
        values[order] = sorted_values
        return values


def _runs(rows: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """Yield where each run of consecutive rows begins in ``rows``, ascending, its first row, and how many there are."""
    at = np.flatnonzero(np.diff(rows, prepend=rows[:1] - 2) != 1)
    return zip(at.tolist(), rows[at].tolist(), np.diff(at, append=len(rows)).tolist(), strict=True)
