"""PNG: Pillow's business, but for 16-bit colour, which Pillow would cut to 8 bits without a word."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from convscope.data.decode import pillow
from convscope.data.decode.encoded import MAX_PIXELS, Encoded, Unreadable
from convscope.data.sources.arrays import DEFLATED

MAGIC = b"\x89PNG\r\n\x1a\n"
CHANNELS = {2: 3, 4: 2, 6: 4}  # the header's colour type -> RGB, grey and alpha, RGBA


def read(data: bytes) -> Encoded:
    """Read a PNG's header."""
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    depth, channels = data[24], CHANNELS.get(data[25])
    announced = width * height * depth * (channels or 1) // 8
    if width * height <= MAX_PIXELS and announced > DEFLATED * len(data):  # more pixels are refused as too many
        raise Unreadable(f"cut short: its header announces {announced:,} bytes of pixels, {len(data):,} packed follow")
    if depth != 16 or channels is None:
        return pillow.read(data)

    def decode(_: int) -> np.ndarray:
        if channels == 2:  # four bytes a pixel, which pass as four 8-bit channels
            four = _raw(data, "RGBA").astype(np.uint16)
            return four[..., ::2] << 8 | four[..., 1::2]
        mode = "RGB" if channels == 3 else "RGBA"
        return _raw(data, f"{mode};16B").astype(np.uint16) << 8 | _raw(data, f"{mode};16L")  # high bytes, low bytes

    return pillow.oriented(data, Encoded(height, width, channels, "uint16", decode, alpha=channels != 3))


def _raw(data: bytes, rawmode: str) -> np.ndarray:
    """Decode with another idea of how the file's bytes become Pillow's 8-bit channels."""
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        image.tile = [image.tile[0]._replace(args=rawmode)]
        return np.array(image)
