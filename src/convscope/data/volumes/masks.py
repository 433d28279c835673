"""The masks of volumes as a listing's masks are read: one file each."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convscope.data.decode.encoded import MAX_PIXELS, Unreadable
from convscope.data.listing import RawMask
from convscope.data.sources.files import Files, Payload
from convscope.data.volumes.files import open_volume


@dataclass(frozen=True, eq=False)
class VolumeMasks:
    """One file a mask (D, H, W); ``names`` (n,) are StringDType, in the listing's order."""

    files: Files
    names: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    def fingerprint(self) -> str:
        """Return the hash of the names and of what tells that a file changed."""
        return f"volumes {self.files.fingerprint(self.names)}"

    def read(self, row: int) -> RawMask:
        """Return one mask."""
        return _decoded(self.files.read(self.names[row]), self.names[row])

    def each(self, max_pixels: int = MAX_PIXELS) -> Iterator[tuple[int, Callable[[], RawMask]]]:
        """Yield (row, what decodes its mask)."""
        for row, payload in self.files.items(self.names):
            yield row, functools.partial(_decoded, payload, str(self.names[row]))


def source_of(payload: Payload) -> Path | bytes:
    """Return where a file's contents are; ``Unreadable`` where they are not to be had."""
    if isinstance(payload, Exception):
        raise Unreadable(str(payload))
    return Path(payload) if isinstance(payload, str) else payload


def _decoded(payload: Payload, name: str) -> RawMask:
    volume = open_volume(source_of(payload), name)
    if volume.shape[-1] != 1:
        raise Unreadable(f"has {volume.shape[-1]} channels; expected one number a voxel")
    values = np.asarray(volume.read())[..., 0]
    if values.dtype.kind not in "biuf":
        raise Unreadable(f"values of the type {values.dtype}; expected whole numbers")
    return RawMask(np.ascontiguousarray(values.astype(np.uint8) if values.dtype == bool else values))
