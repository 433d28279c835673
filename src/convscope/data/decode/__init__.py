"""One image file's bytes → its pixels, (H, W, C) in RGB order, exactly as stored: not cut to 8 bits, not guessed.

The format is told by the content, not by the file's ending. A header is read first, so that sizes can be surveyed, and
bombs refused, without decoding. EXIF orientation is applied. Files of several frames are refused.
"""

from __future__ import annotations

from collections.abc import Callable

from convscope.data.decode import jpeg, npy, png, tiff
from convscope.data.decode import pillow as other
from convscope.data.decode.encoded import MAX_PIXELS, Encoded, TooLarge, Unreadable, verdict
from convscope.data.decode.limit import limited as limited

READERS: tuple[tuple[bytes, Callable[[bytes], Encoded]], ...] = (
    (jpeg.MAGIC, jpeg.read),
    (png.MAGIC, png.read),
    *((magic, tiff.read) for magic in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    (b"\x93NUMPY", npy.read),
)


def open_image(data: bytes, max_pixels: int = MAX_PIXELS) -> Encoded:
    """Read an image's header.

    Raises:
        Unreadable: empty, no known format, more than one frame, too many pixels, or damaged.
    """
    if not data:
        raise Unreadable("the file is empty")
    try:
        for magic, read in READERS:
            if data.startswith(magic):
                image = read(data)
                break
        else:
            image = other.read(data)
        if image.height * image.width > max_pixels:
            raise TooLarge(f"{image.width:,} × {image.height:,} = {image.width * image.height:,}", max_pixels)
        return image.upright()
    except Exception as error:  # whatever a decoder raises on bytes is a verdict on these bytes
        raise verdict(error, data[:12], max_pixels) from None
