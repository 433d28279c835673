"""Bright figures of random place and size on a dark, noisy ground: squares, frames, discs and crosses.

The first class is the picture with which the imaging lab introduces convolution: a bright square on a
background of 0, with noise N(0, 0.1). ``lab_square`` returns that very picture.
"""

from __future__ import annotations

import numpy as np

SIZE = 16
CLASSES = ("square", "frame", "disc", "cross")
_SIDES = (5, 6, 7, 8, 9)
_ZERO, _ONE = 64, 192  # the raw levels of 0 and 1, so that the noise about 0 is not clipped


def make(seed: int, count: int = 2_500) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels (count, 16, 16, 1) uint8 and labels (count,)."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.arange(count) % len(CLASSES))
    clean = np.zeros((count, SIZE, SIZE))
    for image, label, side in zip(clean, labels, random.choice(_SIDES, count), strict=True):
        top, left = random.integers(0, SIZE - side + 1, 2)
        image[top : top + side, left : left + side] = _figure(CLASSES[label], side)
    levels = _ZERO + (_ONE - _ZERO) * (clean + random.normal(0, 0.1, clean.shape))
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)[..., None], labels.astype(np.int64)


def _figure(name: str, side: int) -> np.ndarray:
    """Return which pixels of a ``side`` × ``side`` box a figure covers, bool."""
    y, x = np.abs(np.indices((side, side)) - (side - 1) / 2)  # distances from the centre
    return {
        "square": np.full((side, side), True),
        "frame": np.maximum(x, y) > side / 2 - 1,
        "disc": np.hypot(x, y) <= side / 2 - 0.2,
        "cross": np.minimum(x, y) <= 0.5,
    }[name]


def lab_square(seed: int = 0, noise: float = 0.1) -> np.ndarray:
    """Return the lab's own image, (16, 16) float: 1 in rows and columns 5..10 (counted from 1), else 0, plus
    noise.

    >>> lab_square(noise=0).sum()
    np.float64(36.0)
    """
    image = np.zeros((16, 16))
    image[4:10, 4:10] = 1
    return image + np.random.default_rng(seed).normal(0, noise, image.shape)
