"""Examples as small pictures: of images and volumes, of masks over them, of signals."""

from __future__ import annotations

import numpy as np

from convscope.data.pictures import Display, tile

SIDE = 64  # pixels
FEW = 8  # slices that tell the brightness of a volume
OUTSIDE = 255  # in a small mask: beyond the picture, or what is not scored
COLOURED = 7  # objects of a mask that have a colour each, after which colours come again


def middle(values: np.ndarray) -> np.ndarray:
    """Return the slice in the middle of a volume or of its mask (D, H, W, ...).

    >>> middle(np.arange(8).reshape(2, 2, 2)).tolist()
    [[4, 5], [6, 7]]
    """
    return values[len(values) // 2]


def shown_slice(volume: np.ndarray, at: int) -> np.ndarray:
    """Return a slice of a volume (D, H, W, C) as bytes (H, W, 3), of one brightness for all of its slices.

    >>> volume = np.array([100, 200], np.uint16).reshape(2, 1, 1, 1)
    >>> shown_slice(volume, 0).tolist(), shown_slice(volume, 1).tolist()
    ([[[0, 0, 0]]], [[[255, 255, 255]]])
    """
    slices = np.moveaxis(volume, -1, 1)
    return Display.of(slices[:: max(1, len(slices) // FEW)]).show(slices[at])


def thumbnail(picture: np.ndarray) -> np.ndarray:
    """Return a picture (H, W, 3), reduced to fit a square, on grey: bytes (64, 64, 3)."""
    return _centred(tile(picture, SIDE)[:SIDE, :SIDE], 128)


def small_mask(mask: np.ndarray, ignore: int | None = None, *, of_objects: bool = False) -> np.ndarray:
    """Return a mask (H, W) as ``thumbnail`` reduces its image, each pixel one of the mask's: bytes (64, 64).

    Numbers of objects become 1 to 7, over and over.

    >>> small_mask(np.array([[0, 9], [1, 1]]), of_objects=True)[[0, 0, 63], [0, 63, 63]].tolist()
    [0, 2, 1]
    """
    classes = np.where(mask > 0, 1 + (mask - 1) % COLOURED, 0) if of_objects else mask
    classes = np.where(mask == ignore, OUTSIDE, classes) if ignore is not None else classes
    longer = max(mask.shape)
    if longer <= SIDE:
        times = SIDE // longer
        return _centred(classes.astype(np.uint8).repeat(times, 0).repeat(times, 1), OUTSIDE)
    rows, columns = (
        np.minimum(((np.arange(max(1, round(size * SIDE / longer))) + 0.5) * longer / SIDE).astype(int), size - 1)
        for size in mask.shape
    )
    return _centred(classes[np.ix_(rows, columns)].astype(np.uint8), OUTSIDE)


def short_signal(values: np.ndarray) -> np.ndarray:
    """Return the first channel of a signal (T, C) at ``SIDE`` of its steps, scaled to 0 to 1."""
    values = np.asarray(values, np.float32)
    values = values.reshape(len(values), -1)[:, 0]
    values = values[np.linspace(0, len(values) - 1, SIDE).round().astype(int)]
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    return (finite - low) / (high - low if high > low else 1)


def _centred(picture: np.ndarray, around: int) -> np.ndarray:
    square = np.full((SIDE, SIDE, *picture.shape[2:]), around, np.uint8)
    top, left = (SIDE - picture.shape[0]) // 2, (SIDE - picture.shape[1]) // 2
    square[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return square
