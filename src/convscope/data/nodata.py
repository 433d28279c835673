"""Values that stand for no data, such as -9999, the value of GDAL's tag, NaN: filled where known, noticed where not.

Known are the value of GDAL's tag in a TIFF, and what the user says; NaN stands for all that is no finite number.
A value that is known to mean no data is replaced by the mean of the image's other values in the same channel, before
the image is scaled: nothing of it reaches the network, and one image alone, as in prediction, is treated as in
training. Bytes and 16-bit colours have ordinary values only, so there a pixel is empty where all channels have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from convscope.data.decode.encoded import Unreadable

GLANCE, SAMPLE = 256, 1_024  # numbers of an image by which an outlying value is suspected, and looked for
LEVELS = 8  # different other values at least: a drawing has no outliers
FAR = 10  # times the range of the others
USUAL = np.array(
    [-999, -9999, -99999, -999999, -32768, -32767, 65535, 1e20]
)  # suspected when they are as far as that range
NOT_FINITE = "values are NaN or infinite"
HUGE = 1e30  # beyond this no measured value lies


def usable(pixels: np.ndarray, nodata: Sequence[float]) -> tuple[np.ndarray, int]:
    """Return an image (H, W, C) without the values ``nodata``, and how many numbers were filled.

    Raises:
        Unreadable: the image holds nothing else, or still values that are NaN or infinite.
    """
    pixels, count = filled(pixels, nodata)
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        raise Unreadable(f"{(~np.isfinite(pixels)).sum():,} of {pixels.size:,} {NOT_FINITE}")
    return pixels, count


def filled(pixels: np.ndarray, values: Sequence[float]) -> tuple[np.ndarray, int]:
    """Return an image (H, W, C) in which ``values`` are the mean of the others, and how many they were.

    Raises:
        Unreadable: the image holds nothing else.

    >>> filled(np.float32([[[1], [3], [-9999]]]), [-9999])[0].ravel().tolist()
    [1.0, 3.0, 2.0]
    """
    if not values:  # the rule: to look for none in an image costs as much as decoding it
        return pixels, 0
    empty = np.zeros(pixels.shape, bool)
    for value in values:
        empty |= _equal(pixels, float(value))
    if pixels.dtype.kind == "u":
        empty[:] = empty.all(-1, keepdims=True)
    count = int(empty.sum())
    if not count:
        return pixels, 0
    if count == pixels.size:
        raise Unreadable("holds nothing but values that mean no data")
    there = np.where(empty, 0, pixels).astype(np.float64)
    known = (~empty).sum((0, 1))
    means = np.where(known > 0, there.sum((0, 1)) / np.maximum(known, 1), there.sum() / known.sum())
    means = np.rint(means) if pixels.dtype.kind == "u" else means
    return np.where(empty, means.astype(pixels.dtype), pixels), count


def _equal(pixels: np.ndarray, value: float) -> np.ndarray:
    """Compare, real numbers up to what is lost when a value is written as text; NaN equals all that is not finite."""
    if np.isnan(value):
        return ~np.isfinite(pixels)
    if pixels.dtype.kind == "u":
        return pixels == value  # as real numbers: -9999 equals no byte
    with np.errstate(over="ignore"):  # a double may be beyond float32, as the pixels that were such doubles are then
        stored = pixels.dtype.type(value)
    return np.abs(pixels - stored) <= 1e-5 * abs(value) if np.isfinite(stored) else pixels == stored


def outlying(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each of images (k, H, W, C) a value that lies far outside all others of its channel, and how often.

    NaN and 0 where there is none. Bytes are not looked at, since none of theirs is far.
    """
    values, counts = np.full(len(images), np.nan), np.zeros(len(images), np.int64)
    for i in () if images.dtype == np.uint8 else np.flatnonzero(_suspicious(images)):
        for channel in range(images.shape[-1]):
            value = _outlier(images[i, ..., channel].ravel())
            if value is not None:
                values[i], counts[i] = value, (images[i] == value).sum()
                break
    return values, counts


def _suspicious(images: np.ndarray) -> np.ndarray:
    """Return which images (k,) may have outliers, at a glance: few have, and to be sure costs more than decoding."""
    flat = images.reshape(len(images), -1)
    low, high = flat.min(1).astype(np.float64), flat.max(1).astype(np.float64)
    some = np.sort(flat[:, :: -(-flat.shape[1] // GLANCE)], axis=1).astype(np.float64)
    quarter, three = some[:, some.shape[1] // 4], some[:, -1 - some.shape[1] // 4]
    wide = high - low > (FAR + 1) * (three - quarter)
    many = (quarter == low) & (low != 0) | (three == high)  # a black ground alone is nothing
    return _usual(low) | _usual(high) | wide | many


def _outlier(pixels: np.ndarray) -> float | None:
    """Return the value of a channel (n,) that lies far outside the others, if one does."""
    some = np.concatenate([pixels[:: -(-len(pixels) // SAMPLE)], [pixels.min(), pixels.max()]])
    ordered = np.unique(some.astype(np.float64))
    if len(ordered) <= LEVELS:
        return None
    for line, sign in ((ordered, 1), (-ordered[::-1], -1)):
        first, second, last = line[0], line[1], line[-1]
        if second - first > (1 if _usual(sign * first) else FAR) * (last - second):
            return float(sign * first)
    return None


def _usual(values: Any) -> Any:
    return (np.equal.outer(values, USUAL).any(-1)) | (np.abs(values) >= HUGE)
