"""An image whose header was read and whose pixels were not; and why a file may turn out to be none."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from convscope.errors import DataError

MAX_PIXELS = 178_956_970  # Pillow's own limit: a quarter GiB as RGB
READABLE = "PNG, JPEG, BMP, TIFF, GIF, WebP, PNM or .npy"


class Unreadable(Exception):  # noqa: N818 - the verdict on one file: collected over a set, not a failure of its own
    """Why one file cannot be used."""


class TooLarge(Unreadable):
    """A file has more pixels than are read; ``size`` says how many."""

    def __init__(self, size: str, limit: int):
        super().__init__(
            f"{size} pixels exceed the limit of {limit:,}; scale it down, or if you trust the file train with a larger "
            "--max-pixels"
        )
        self.size = size


@dataclass(slots=True)  # not frozen, which would cost as much as reading a header
class Encoded:
    """An image of ``height`` × ``width`` with ``channels`` of ``dtype`` (uint8, uint16 or float32).

    ``decode(shrink)`` returns (H, W, C); only JPEGs come out ``shrink`` (1, 2, 4 or 8) times smaller, and sooner.
    ``note`` says what is converted on the way, if anything ("CMYK to RGB"). ``nodata`` is the value that the file calls
    no data, if it does. ``alpha`` says that the last channel is no colour, but how opaque the colours are.
    ``orientation`` reads the EXIF orientation, where a file speaks of one.
    """

    height: int
    width: int
    channels: int
    dtype: str
    decode: Callable[[int], np.ndarray]
    note: str = ""
    nodata: float | None = None
    alpha: bool = False
    orientation: Callable[[], int] | None = None

    def pixels(self, shrink: int = 1) -> np.ndarray:
        """Return the pixels.

        Raises:
            Unreadable: the file is damaged behind its header.
        """
        try:
            return self.decode(shrink)
        except Exception as error:  # whatever a decoder raises on bytes is a verdict on these bytes
            raise verdict(error) from None

    def upright(self) -> Encoded:
        """Return the image upright, as its file says: of a PNG this may decode it, so check its size before."""
        return self if self.orientation is None else self.turned(self.orientation())

    def turned(self, orientation: int) -> Encoded:
        """Return the image upright, given its EXIF orientation."""
        turn = TURNS.get(orientation)
        if turn is None:
            return self
        height, width = (self.width, self.height) if orientation >= 5 else (self.height, self.width)
        return replace(self, height=height, width=width, decode=lambda shrink: turn(self.decode(shrink)))

    def cut(self, top: int, left: int, height: int, width: int) -> Encoded:
        """Return a part of the image, whose border is repeated where the part reaches beyond it; all of it for none."""
        if not height or not width:
            return self

        def part(shrink: int) -> np.ndarray:
            pixels = self.decode(1)
            rows, columns = (
                np.clip(np.arange(first, first + size), 0, most - 1)
                for first, size, most in ((top, height, len(pixels)), (left, width, pixels.shape[1]))
            )
            return np.ascontiguousarray(pixels[rows][:, columns])

        return replace(self, height=height, width=width, decode=part)


# EXIF orientation -> how the stored rows and columns become the upright image
TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: lambda x: x[:, ::-1],
    3: lambda x: x[::-1, ::-1],
    4: lambda x: x[::-1],
    5: lambda x: x.swapaxes(0, 1),
    6: lambda x: x.swapaxes(0, 1)[:, ::-1],
    7: lambda x: x[::-1, ::-1].swapaxes(0, 1),
    8: lambda x: x.swapaxes(0, 1)[::-1],
}


def verdict(error: Exception, head: bytes = b"", limit: int | None = None) -> Exception:
    """Turn what a decoder raised into ``Unreadable``; only running out of memory is not the file's fault."""
    if isinstance(error, Unreadable | MemoryError):
        return error
    if isinstance(error, DataError):
        return Unreadable(str(error))
    if isinstance(error, Image.UnidentifiedImageError):
        return Unreadable(f"not an image: expected {READABLE}, found a file that begins with {head!r}")
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        count = re.search(r"\((\d+) pixels\)", str(error))
        return TooLarge(f"{int(count[1]):,}" if count else "its", limit or Image.MAX_IMAGE_PIXELS or MAX_PIXELS)
    return Unreadable(f"damaged: {error or type(error).__name__}")


STORED = {
    "uint8": ("bool", "uint8"),
    "uint16": ("uint16",),
    "float32": ("float16", "float32", "float64", "int8", "int16", "int32", "uint32", "int64", "uint64"),
}


def stored_as(dtype: np.dtype) -> str:
    """Return which of uint8, uint16 and float32 holds values of ``dtype``.

    Raises:
        Unreadable: complex numbers, dates, text.
    """
    for target, sources in STORED.items():
        if dtype.name in sources:
            return target
    raise Unreadable(f"pixels of the type {dtype.name} are not supported; expected whole or real numbers")


def stored(values: np.ndarray) -> np.ndarray:
    """Convert to the type of ``stored_as``; truth values become 0 and 255.

    Raises:
        Unreadable: whole numbers too large for float32 to hold exactly.
    """
    target = stored_as(values.dtype)
    if values.dtype == bool:
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype.kind in "iu" and target == "float32" and values.size:
        largest = max(-int(values.min()), int(values.max()))
        if largest > 1 << 24:
            raise Unreadable(f"whole numbers up to {largest:,} do not fit float32, exact to {1 << 24:,}; rescale them")
    return values.astype(target, copy=False)
