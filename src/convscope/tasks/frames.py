"""Clips and volumes as single images, for methods that see no more: one frame, or the mean of all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from convscope.data.columns import Converted
from convscope.data.dataset import Split
from convscope.data.spec import FieldSpec

KINDS = ("video", "volume")
OfFrames = Callable[[np.ndarray], np.ndarray]  # (k, T, H, W, C) -> (k, H, W, C)


def middle(clips: np.ndarray) -> np.ndarray:
    """Return the frame in the middle.

    >>> middle(np.arange(5).reshape(1, 5, 1, 1, 1)).ravel().tolist()
    [2]
    """
    return clips[:, clips.shape[1] // 2]


def mean(clips: np.ndarray) -> np.ndarray:
    """Return the mean of all frames, in the type that they are stored in.

    >>> mean(np.array([1, 2, 6], np.uint8).reshape(1, 3, 1, 1, 1)).ravel().tolist()
    [3]
    """
    value = clips.mean(1, dtype=np.float32)
    return value if clips.dtype.kind == "f" else np.rint(value).astype(clips.dtype)


def as_images(split: Split, convert: OfFrames) -> Split:
    """Return the same examples with an image each in place of the clip."""
    spec = split.input.spec
    return split.with_input(Converted(split.input, FieldSpec("image", "image", spec.shape[1:], spec.dtype), convert))
