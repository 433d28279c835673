"""JPEG through simplejpeg, where it is installed: libjpeg-turbo without Pillow's detours, and outside Python's lock.

The pixels are the same as Pillow's (tested). What is unusual (EXIF, CMYK, damage) goes to Pillow, which judges it.
"""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from convscope.data.decode import pillow
from convscope.data.decode.encoded import Encoded

turbo: Any = None
with contextlib.suppress(ImportError):  # it comes with the extra `fast`
    import simplejpeg as turbo

MAGIC = b"\xff\xd8\xff"


def read(data: bytes) -> Encoded:
    """Read a JPEG's header."""
    head = pillow.metadata(data)
    if turbo is None or b"Exif\0\0" in head or b"tiff:Orientation" in head:
        return pillow.read(data)
    try:
        height, width, colours, _ = turbo.decode_jpeg_header(data)
    except ValueError:
        return pillow.read(data)
    if colours not in ("Gray", "YCbCr", "RGB"):
        return pillow.read(data)
    space, channels = ("GRAY", 1) if colours == "Gray" else ("RGB", 3)

    def decode(shrink: int) -> np.ndarray:
        try:
            return turbo.decode_jpeg(data, space, min_height=-(-height // shrink), min_width=-(-width // shrink))
        except ValueError:
            return pillow.read(data).decode(shrink)

    return Encoded(height, width, channels, "uint8", decode)


def releases_lock(data: bytes) -> bool:
    """Tell whether this image decodes outside Python's lock, so that threads speed it up."""
    return turbo is not None and data.startswith(MAGIC)
