"""A file of the cache that holds one array of examples, each checked against its checksum when it is first read.

A small file is checked whole as it is opened. In a large one that would take as long as reading it, so each example is
checked where it is read for the first time in a process, which costs half a second a gigabyte once.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convscope.errors import DataError

FACTS = "set.json"  # without it the folder is no entry of the cache


@dataclass(frozen=True, eq=False)
class ArrayFile:
    """A ``.npy`` file: n examples of ``shape`` and ``dtype``, one after the other from byte ``start`` on.

    ``checksums`` (n,) are CRC-32, ``verified`` (n,) says which examples have been looked at.
    """

    path: Path
    start: int
    shape: tuple[int, ...]
    dtype: np.dtype
    checksums: np.ndarray
    verified: np.ndarray

    def __len__(self) -> int:
        return len(self.verified)

    @property
    def size(self) -> int:
        """Bytes of one example."""
        return int(np.prod(self.shape)) * self.dtype.itemsize

    def checked(self, rows: np.ndarray, examples: np.ndarray) -> np.ndarray:
        """Return ``examples``, which were read from ``rows`` (k,), after a look at those that nobody has looked at yet.

        Raises:
            DataError: one is not what was written; the cache forgets the set, so that it is decoded anew.
        """
        if self.verified[rows].all():
            return examples
        new = np.flatnonzero(~self.verified[rows])
        wrong = [row for row in rows[new][self.unlike(rows[new], examples[new])] if not self._right_on_disk(row)]
        if wrong:
            with contextlib.suppress(OSError):
                (self.path.parent / FACTS).unlink()
            raise DataError(
                f"the decoded images in the cache are damaged: image {int(wrong[0]):,} of {self.path} is not as it was "
                "written. They are decoded anew when the set is loaded again: repeat the command, or go on with "
                "--resume"
            )
        self.verified[rows[new]] = True
        return examples

    def unlike(self, rows: np.ndarray, examples: np.ndarray) -> np.ndarray:
        """Return which of the examples differ from what was written at these rows."""
        return np.flatnonzero(np.array(checksums_of(examples), np.uint32) != self.checksums[rows])

    def too_short(self) -> DataError:
        """Return what is to be said of a file that was cut while it was read."""
        return DataError(
            f"the decoded images {self.path} have become fewer; remove the file's folder and load the set again"
        )

    def _right_on_disk(self, row: int) -> bool:
        """Return whether an example is right in the file: then somebody has written into its map, as one may."""
        with self.path.open("rb") as stream:
            written = os.pread(stream.fileno(), self.size, self.start + int(row) * self.size)
        return zlib.crc32(written) == int(self.checksums[row])


def checksums_of(examples: np.ndarray) -> list[int]:
    """Return the CRC-32 of each of the examples (k, ...)."""
    if not len(examples):
        return []
    size, values = examples[0].nbytes, np.ascontiguousarray(examples).reshape(-1).view(np.uint8).data
    return [zlib.crc32(values[at : at + size]) for at in range(0, len(values), size)]
