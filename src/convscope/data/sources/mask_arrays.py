"""Masks that are arrays already, read in blocks, in order."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from convscope.data.decode.encoded import MAX_PIXELS
from convscope.data.decode.mask import from_array
from convscope.data.listing import RawMask


@dataclass(frozen=True, eq=False)
class ArrayMasks:
    """Masks that ``blocks()`` yields as (k, H, W); ``names`` (n,); ``stamp`` changes when they may have changed."""

    names: np.ndarray
    stamp: str
    blocks: Callable[[], Iterator[np.ndarray]]

    def __len__(self) -> int:
        return len(self.names)

    def fingerprint(self) -> str:
        """Return the stamp."""
        return f"{self.stamp} {self.names[:1]} {self.names[-1:]} {len(self)}"

    def read(self, row: int) -> RawMask:
        """Return one mask; those before it are read, too."""
        return next(decode for at, decode in self.each() if at == row)()

    def each(self, max_pixels: int = MAX_PIXELS) -> Iterator[tuple[int, Callable[[], RawMask]]]:
        """Yield (row, what returns its mask)."""
        row = 0
        for block in self.blocks():
            for mask in block:
                yield row, functools.partial(from_array, mask, max_pixels)
                row += 1
