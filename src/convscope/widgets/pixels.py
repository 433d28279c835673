"""An image as views take it that need no network: channels of rows of numbers from 0 to 1, and a word on how."""

from __future__ import annotations

from typing import Any

import numpy as np

from convscope.errors import ShapeError

CHANNELS = (1, 3, 4)  # grey; red, green, blue; and opacity, which is left out
DIGITS = 4  # behind the point: a notebook keeps each number as text


def pixels(image: Any, most: int) -> dict[str, Any]:
    """Return an image (H, W) or (H, W, C) of bytes, or of numbers between 0 and 1, at most ``most`` pixels a side.

    A larger one is brought to that size: each pixel is the mean of those that it covers. Raises ``ShapeError``.

    >>> pixels(np.array([[0, 255], [255, 255]], np.uint8), 1)["pixels"]
    [[[0.75]]]
    """
    values = np.asarray(image)
    if values.dtype.kind not in "buif":
        raise ShapeError(f"expected an image as an array (H, W) or (H, W, C), found {image!r:.80}: read a file first")
    scaled = values / 255 if values.dtype == np.uint8 else values.astype(float)
    if scaled.ndim not in (2, 3) or 0 in scaled.shape or not np.isfinite(scaled).all():
        raise ShapeError(f"expected an image (H, W) or (H, W, C) of finite numbers, found {values.shape}")
    if scaled.ndim == 3 and scaled.shape[-1] not in CHANNELS:
        raise ShapeError(
            f"expected an image of 1, 3 or 4 channels, the last axis, found {scaled.shape[-1]} in {values.shape}: "
            "choose some of them"
        )
    least, largest = float(scaled.min()), float(scaled.max())
    if least < 0 or largest > 1:
        raise ShapeError(
            f"expected bytes, or numbers between 0 and 1, found {least:g} to {largest:g} ({values.dtype}): "
            "make them uint8, or bring them to 0..1"
        )
    channels = scaled[None] if scaled.ndim == 2 else np.moveaxis(scaled, -1, 0)
    channels = channels[:3] if len(channels) >= 3 else channels[:1]
    height, width = channels.shape[1:]
    factor = min(1.0, most / max(height, width))
    for axis, size in ((1, height), (2, width)):
        channels = _means(channels, axis, max(1, round(size * factor)))
    shown = " × ".join(map(str, channels.shape[1:]))
    said = f"Your image, {shown} pixels, as they are."
    if factor < 1:
        said = (
            f"Your image, brought from {height} × {width} to {shown} pixels: each is the mean of those that it covers."
        )
    return {"pixels": channels.round(DIGITS).tolist(), "said": said}


def _means(values: np.ndarray, axis: int, count: int) -> np.ndarray:
    """Return the means of ``count`` parts along an axis, of sizes that differ by one at most."""
    size = values.shape[axis]
    if count == size:
        return values
    bounds = np.arange(count + 1) * size // count
    shape = [1] * values.ndim
    shape[axis] = -1
    return np.add.reduceat(values, bounds[:-1], axis) / np.diff(bounds).reshape(shape)
