"""What is kept of every image beside its pixels: enough to compare images and to normalise any split without reading them."""

from __future__ import annotations

import functools
import hashlib

import numpy as np

DTYPES = ("uint8", "uint16", "float32")
BLOCK_BYTES = 1 << 20  # of pixels examined at a time: with their float copies they stay in the processor's cache


def index_dtype(channels: int) -> np.dtype:
    """Return the record of one image; ``height`` is 0 for a file that cannot be read."""
    return np.dtype(
        [
            ("content", "u1", 16),  # blake2b of the file, or of the raw pixels of an array
            ("height", "i4"),  # as stored, before sizing
            ("width", "i4"),
            ("channels", "i4"),
            ("dtype", "u1"),  # position in DTYPES
            ("note", "S23"),  # what was converted, if anything
            # of the sized pixels:
            ("thumbprint", "u8"),
            ("low", "f4"),
            ("high", "f4"),
            ("total", "f8", (channels,)),
            ("squares", "f8", (channels,)),
        ]
    )


def content(data: bytes | memoryview) -> bytes:
    """Return the 16-byte hash by which equal files are known."""
    return hashlib.blake2b(data, digest_size=16).digest()


def examine(images: np.ndarray, index: np.ndarray) -> None:
    """Fill in what can be seen in sized images (k, H, W, C) into their records (k,)."""
    step = max(1, BLOCK_BYTES // images[0].nbytes)
    for start in range(0, len(images), step):
        block, facts = images[start : start + step], index[start : start + step]
        k, H, W, C = block.shape
        flat = block.reshape(k, -1)
        facts["low"], facts["high"] = flat.min(1), flat.max(1)
        facts["thumbprint"] = thumbprints(block)
        # Column sums of bytes are exact in float32 and several times faster; wider types need float64.
        values = block.reshape(k, H, W * C).astype(np.float32 if block.dtype == np.uint8 else np.float64)
        ones = np.ones((1, H), values.dtype)
        facts["total"] = (ones @ values).reshape(k, W, C).sum(1, dtype=np.float64)
        np.square(values, out=values)
        facts["squares"] = (ones @ values).reshape(k, W, C).sum(1, dtype=np.float64)


def moments(index: np.ndarray, pixels_per_image: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of each channel over images, in raw units.

    A channel that never changes gets the deviation 1, so that dividing by it is harmless.
    """
    count = len(index) * pixels_per_image
    mean = index["total"].sum(0) / count
    std = np.sqrt(np.maximum(index["squares"].sum(0) / count - mean**2, 0))
    std[std <= 1e-6 * np.abs(mean)] = 1
    return tuple(mean.tolist()), tuple(std.tolist())


def thumbprints(images: np.ndarray) -> np.ndarray:
    """Return (k,) uint64 for images (k, H, W, C) that differ in few bits where images look alike (difference hash).

    Each bit says whether a cell of an 8 × 9 grey thumbnail is darker than its right neighbour.

    >>> ramp = np.tile(np.arange(90, dtype=np.uint8), (80, 1))[None, ..., None]
    >>> hex(int(thumbprints(ramp)[0])), hex(int(thumbprints(ramp[:, :, ::-1])[0]))
    ('0xffffffffffffffff', '0x0')
    """
    _, H, W, C = images.shape
    sample = images[:, :: max(1, H // 32), :: max(1, W // 36)]  # 16 pixels or more for each cell are plenty
    k, h, w, _ = sample.shape
    rows = sample.reshape(k, h, w * C).astype(np.float32) @ _means(w, 9).repeat(C, 0)  # (k, h, 9)
    thumbs = _means(h, 8).T @ rows  # (k, 8, 9)
    bits = thumbs[..., :-1] < thumbs[..., 1:]
    return np.packbits(bits.reshape(k, 64), axis=1).view(">u8")[:, 0].astype(np.uint64)


@functools.lru_cache(maxsize=8)
def _means(size: int, cells: int) -> np.ndarray:
    """Return (size, cells) float32: how much each of ``size`` pixels contributes to the mean of each cell."""
    edges = np.linspace(0, size, cells + 1)
    low, high = np.arange(size)[:, None], np.arange(1, size + 1)[:, None]
    overlap = np.clip(np.minimum(high, edges[1:]) - np.maximum(low, edges[:-1]), 0, None)
    return (overlap * cells / size).astype(np.float32)
