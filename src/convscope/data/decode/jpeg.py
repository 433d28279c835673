"""JPEG through simplejpeg, where it is installed: libjpeg-turbo without Pillow's detours, and outside Python's lock.

The pixels are the same as Pillow's (tested). What is unusual (EXIF, CMYK, damage) goes to Pillow, which judges it.
"""

from __future__ import annotations

import numpy as np

from convscope.data.decode import pillow
from convscope.data.decode.encoded import Encoded

try:
    import simplejpeg
except ImportError:  # it comes with the extra `fast`
    simplejpeg = None

MAGIC = b"\xff\xd8\xff"


def read(data: bytes) -> Encoded:
    """Read a JPEG's header."""
    if simplejpeg is None or b"Exif\0\0" in data or b"tiff:Orientation" in data:
        return pillow.read(data)
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
    except ValueError:
        return pillow.read(data)
    if colours not in ("Gray", "YCbCr", "RGB"):
        return pillow.read(data)
    space, channels = ("GRAY", 1) if colours == "Gray" else ("RGB", 3)

    def decode(shrink: int) -> np.ndarray:
        try:
            return simplejpeg.decode_jpeg(data, space, min_height=-(-height // shrink), min_width=-(-width // shrink))
        except ValueError:
            return pillow.read(data).decode(shrink)

    return Encoded(height, width, channels, "uint8", decode)


def releases_lock(data: bytes) -> bool:
    """Tell whether this image decodes outside Python's lock, so that threads speed it up as much as processes would."""
    return simplejpeg is not None and data.startswith(MAGIC)
