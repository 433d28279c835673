"""Image files made by hand, some of them broken on purpose."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image


def pixels(height: int = 12, width: int = 10, channels: int = 3, seed: int = 0, dtype: type = np.uint8) -> np.ndarray:
    """Return a random image (H, W, C) over the whole range of a type."""
    high = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 2
    return np.random.default_rng(seed).integers(0, high, (height, width, channels), endpoint=True).astype(dtype)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(image: np.ndarray) -> bytes:
    """Encode (H, W, C) of 8 or 16 bits as PNG by the book, without Pillow."""
    height, width, channels = image.shape
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    big = image.astype(image.dtype.newbyteorder(">"))
    lines = b"".join(b"\0" + big[row].tobytes() for row in range(height))
    return png_header(width, height, 8 * image.dtype.itemsize, colour) + chunk(b"IDAT", zlib.compress(lines)) + END


def png_header(width: int, height: int, depth: int = 8, colour: int = 0) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


END = chunk(b"IEND", b"")


def encoded(image: np.ndarray | Image.Image, form: str, **options) -> bytes:
    """Encode with Pillow."""
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image.squeeze())
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def put(path: Path, data: bytes | None = None, **kind) -> Path:
    """Write an image file (a small PNG unless ``data`` is given), and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(pixels(**kind)) if data is None else data)
    return path


def class_folders(root: Path, classes: tuple[str, ...] = ("cats", "dogs"), each: int = 10, **kind) -> Path:
    """Write a set of different images, ``each`` of them in every class folder."""
    for k, name in enumerate(classes):
        for i in range(each):
            put(root / name / f"{i}.png", seed=k * each + i, **kind)
    return root
