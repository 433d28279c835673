"""Images that are arrays already: read in blocks, in order, so that none need fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from tokenize import TokenError
from typing import IO

import numpy as np

from convscope.data.sources.files import strings
from convscope.errors import DataError

BLOCK_BYTES = 8 << 20
DEFLATED = 1032  # bytes that one byte of gzip, zip or PNG can unpack to, at most


@dataclass(frozen=True)
class ArrayImages:
    """``count`` images of ``shape`` (H, W, C); ``blocks()`` yields them as (k, H, W, C) arrays, in order.

    Signals of ``shape`` (T, C) are listed so, too: nothing decodes them.

    ``stamp`` changes when the pixels may have changed.
    """

    count: int
    shape: tuple[int, ...]
    dtype: np.dtype
    stamp: str
    blocks: Callable[[], Iterator[np.ndarray]]

    def __len__(self) -> int:
        return self.count

    def fingerprint(self) -> str:
        """Return the stamp."""
        return self.stamp


def from_memory(pixels: np.ndarray, stamp: str) -> ArrayImages:
    """Wrap an array (n, H, W, C) at hand."""
    n, H, W, C = pixels.shape
    return ArrayImages(n, (H, W, C), pixels.dtype, stamp, lambda: iter((pixels,)))


def streamed(stream: IO[bytes], count: int, shape: tuple[int, ...], dtype: np.dtype, name: str) -> Iterator[np.ndarray]:
    """Yield ``count`` arrays of ``shape`` from raw bytes, as (k, *shape) blocks.

    Raises:
        DataError: the stream ends early.
    """
    size = dtype.itemsize * int(np.prod(shape))
    step = max(1, BLOCK_BYTES // max(1, size))
    for start in range(0, count, step):
        want = min(step, count - start) * size
        data = stream.read(want)
        if len(data) < want:
            raise cut_short(name, count, size, f"only {start * size + len(data):,}")
        yield np.frombuffer(data, dtype).reshape(-1, *shape)


def cut_short(name: str, count: int, size: int, held: str) -> DataError:
    """Return what is to be said of a file that does not hold the ``count`` arrays of ``size`` bytes it announces."""
    return DataError(
        f"{name}: expected {count:,} images of {size:,} bytes each, found {held} of {count * size:,} bytes; the file "
        "is cut short"
    )


def numbered_ids(counts: Iterable[tuple[str, int]]) -> np.ndarray:
    """Return names for examples that have no file: ``train/0``, ``train/1``, ... as StringDType (n,)."""
    return strings([f"{name}/{i}" for name, count in counts for i in range(count)])


def split_names(counts: Iterable[tuple[str, int]]) -> np.ndarray:
    """Return the split of each example, (n,), given the splits' sizes in order."""
    pairs = list(counts)
    return np.repeat(np.array([name for name, _ in pairs], "<U5"), [count for _, count in pairs])


def channel_axis(shape: tuple[int, ...]) -> int | None:
    """Tell which axis of one image's shape holds the channels: ``None`` for two axes, else one end of three.

    It is the end that is smaller than both other axes, or larger than two that are equal (a square of many bands).

    >>> channel_axis((28, 28)), channel_axis((3, 32, 32)), channel_axis((32, 32, 3)), channel_axis((25, 25, 200))
    (None, 0, 2, 2)

    Raises:
        DataError: not two or three axes, or neither end is so.
    """
    if len(shape) == 2:
        return None
    if len(shape) != 3:
        found = f"the shape {shape}" if shape else "single values"
        raise DataError(f"expected images (height, width), perhaps with channels; found {found}")
    a, b, c = shape
    first, last = a < min(b, c) or a > b == c, c < min(a, b) or c > a == b
    if first == last:
        raise DataError(
            f"cannot tell which axis of an image of shape {shape} holds the channels: expected the first or the last "
            "to be smaller than both others, or the others to be equal"
        )
    return 0 if first else 2


def read_header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Read a ``.npy`` header: shape, whether the first axis runs fastest, type; ``ValueError`` where it is damaged."""
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    try:
        return read(stream)
    except (TokenError, SyntaxError) as error:  # a header is Python's text, and NumPy reads it as such
        raise ValueError(f"a damaged .npy header ({error})") from None
