"""Every format that Pillow reads without loss, and the turning of images by their EXIF orientation."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import numpy as np
from PIL import Image

from convscope.data.decode.encoded import Encoded, Unreadable

FORMATS = ("PNG", "JPEG", "BMP", "DIB", "GIF", "WEBP", "PPM", "TIFF")  # no format that runs another program

# Pillow's mode -> the mode to convert to, channels, dtype, what to say
MODES = {
    "1": ("L", 1, "uint8", "1-bit to 8-bit grey"),
    "L": (None, 1, "uint8", ""),
    "LA": (None, 2, "uint8", ""),
    "RGB": (None, 3, "uint8", ""),
    "RGBA": (None, 4, "uint8", ""),
    "P": ("RGB", 3, "uint8", "palette to RGB"),
    "PA": ("RGBA", 4, "uint8", "palette to RGBA"),
    "CMYK": ("RGB", 3, "uint8", "CMYK to RGB"),
    "YCbCr": ("RGB", 3, "uint8", ""),
    "I;16": (None, 1, "uint16", ""),
    "I;16B": ("I;16", 1, "uint16", ""),
    "I;16L": ("I;16", 1, "uint16", ""),
    "I": (None, 1, "uint16", ""),  # among these formats only 16-bit PNM, which Pillow widens to 32 bits
    "F": (None, 1, "float32", ""),
}


def read(data: bytes) -> Encoded:
    """Read the header of any of ``FORMATS``."""
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":  # a camera's MPO is one photograph and its previews
        raise Unreadable(
            f"{frames} frames (animated {image.format}); save the frame that counts as an image of its own"
        )
    mode = "PA" if image.mode == "P" and "transparency" in image.info else image.mode
    if mode not in MODES:
        raise Unreadable(f"pixels of the kind {mode!r} are not supported; save it as 8-bit RGB")
    if image.format == "PPM" and mode == "RGB" and _more_than_8_bits(data):
        raise Unreadable("colour PNM of more than 8 bits is not supported; save it as 16-bit PNG or TIFF")
    _, channels, dtype, note = MODES[mode]
    width, height = image.size
    if image.format == "PPM" and width * height * channels > 8 * len(data):  # at least a bit for each number
        raise Unreadable(f"cut short: its header announces {width:,} × {height:,} pixels, {len(data):,} bytes follow")

    def decode(shrink: int) -> np.ndarray:
        if shrink > 1:
            image.draft(None, (width // shrink, height // shrink))  # pyright: ignore[reportArgumentType]
        return to_array(image, mode)

    return oriented(data, Encoded(height, width, channels, dtype, decode, note, alpha=channels in (2, 4)), image)


def to_array(image: Image.Image, mode: str) -> np.ndarray:
    """Return an image's pixels (H, W, C), as the table says."""
    target, channels, dtype, _ = MODES[mode]
    array = np.asarray(image.convert(target) if target else image)
    return array.astype(dtype, copy=False).reshape(image.height, image.width, channels)


def oriented(data: bytes, encoded: Encoded, image: Image.Image | None = None) -> Encoded:
    """Add what reads the EXIF orientation, where there may be one."""
    # getexif() decodes a whole PNG to look behind its pixels, so ask only where the bytes speak of it.
    told = metadata(data)
    if not any(word in told for word in (b"Exif", b"eXIf", b"EXIF", b"Raw profile type", b"tiff:Orientation")):
        return encoded

    def orientation() -> int:
        return (image or Image.open(io.BytesIO(data), formats=FORMATS)).getexif().get(0x0112, 1)

    return replace(encoded, orientation=orientation)


def metadata(data: bytes) -> bytes:
    """Return the part of a file that may say how to turn the image: of a JPEG what stands before its first scan."""
    return data[: data.find(b"\xff\xda")] if data.startswith(b"\xff\xd8") else data


def _more_than_8_bits(data: bytes) -> bool:
    gap = rb"(?:\s+|#[^\n]*\n)+"
    header = re.match(rb"P[36]" + gap + rb"\d+" + gap + rb"\d+" + gap + rb"(\d+)", data[:4096])
    return header is not None and int(header[1]) > 255
