"""What is kept of every image beside its pixels: enough to compare images, and to normalise any split, unread."""

from __future__ import annotations

import functools
import hashlib
import threading

import numpy as np

from convscope.data.columns.array_file import checksums_of

DTYPES = ("uint8", "uint16", "float32")
OPAQUE, TRANSPARENT = 1, 2
BLOCK_BYTES = 512 << 10  # of pixels examined at a time: their float copy stays in the processor's cache


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
            ("alpha", "u1"),  # the last channel is no colour, but opacity: OPAQUE throughout, or TRANSPARENT somewhere
            ("filled", "i4"),  # numbers that meant no data
            ("outlier", "f4"),  # a value far outside the others, NaN for none, and how often
            ("outliers", "i4"),
            # of the sized pixels:
            ("checksum", "u4"),  # CRC-32
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
    n, H, W, C = images.shape
    flat = images.reshape(n, -1)
    index["low"], index["high"] = flat.min(1), flat.max(1)
    # Column sums of bytes fit float32, which is faster; wider types need float64.
    exact = np.float32 if images.dtype == np.uint8 else np.float64
    step = max(1, min(n, BLOCK_BYTES // images[0].nbytes))
    room, ones, fold = buffer((step, H, W * C), exact.__name__), np.ones((1, H), exact), np.tile(np.eye(C), (W, 1))
    for start in range(0, n, step):
        block, facts = images[start : start + step], index[start : start + step]
        k = len(block)
        values = room[:k]
        np.copyto(values, block.reshape(k, H, W * C))
        facts["checksum"] = checksums_of(block)
        facts["thumbprint"] = thumbprints(values, C)
        facts["total"] = (ones @ values)[:, 0] @ fold  # (k, W·C) @ (W·C, C)
        np.square(values, out=values)
        facts["squares"] = (ones @ values)[:, 0] @ fold


def buffer(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Return an array to work in, a thread's own and kept: fresh memory costs more than what is done in it."""
    return _buffer(threading.get_ident(), shape, dtype)


@functools.lru_cache(maxsize=32)
def _buffer(thread: int, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    return np.empty(shape, dtype)


def forget_buffers() -> None:
    """Give the memory of ``buffer`` back."""
    _buffer.cache_clear()


def moments(index: np.ndarray, pixels: int | np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of each channel over images of so many ``pixels`` (each), in raw units.

    A channel that never changes gets the deviation 1, so that dividing by it is harmless.
    """
    count = np.sum(pixels) if isinstance(pixels, np.ndarray) else len(index) * pixels
    mean = index["total"].sum(0) / count
    std = np.sqrt(np.maximum(index["squares"].sum(0) / count - mean**2, 0))
    std[std <= 1e-6 * np.abs(mean)] = 1
    return tuple(mean.tolist()), tuple(std.tolist())


def thumbprints(images: np.ndarray, channels: int) -> np.ndarray:
    """Return (k,) uint64 for images (k, H, W·C) that differ in few bits where images look alike (difference hash).

    Each bit says whether a cell of an 8 × 9 grey thumbnail is darker than its right neighbour.

    >>> ramp = np.tile(np.arange(90, dtype=np.float32), (1, 80, 1))
    >>> hex(int(thumbprints(ramp, 1)[0])), hex(int(thumbprints(ramp[:, :, ::-1], 1)[0]))
    ('0xffffffffffffffff', '0x0')
    """
    rows = images[:, :: max(1, images.shape[1] // 24)]  # three rows for each cell are plenty
    down = cell_means(rows.shape[1], 8).T.astype(images.dtype)
    across = cell_means(images.shape[2] // channels, 9).repeat(channels, 0).astype(images.dtype)
    thumbs = down @ rows @ across  # (k, 8, 9)
    bits = thumbs[..., :-1] < thumbs[..., 1:]
    return np.packbits(bits.reshape(-1, 64), axis=1).view(">u8")[:, 0].astype(np.uint64)


@functools.lru_cache(maxsize=8)
def cell_means(size: int, cells: int) -> np.ndarray:
    """Return (size, cells) float32: how much each of ``size`` pixels contributes to the mean of each cell."""
    edges = np.linspace(0, size, cells + 1)
    low, high = np.arange(size)[:, None], np.arange(1, size + 1)[:, None]
    overlap = np.clip(np.minimum(high, edges[1:]) - np.maximum(low, edges[:-1]), 0, None)
    return (overlap * cells / size).astype(np.float32)
