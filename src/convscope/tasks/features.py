"""What the simple methods see of an image: a thumbnail's pixels, or histograms of oriented gradients."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from convscope.data.dataset import Split

Features = Callable[[np.ndarray], np.ndarray]  # raw images (n, H, W, C) -> features (n, d) float32

CHUNK = 256, 2**22  # raw images, and bytes of them, turned into features at a time


def shrink(images: np.ndarray, side: int) -> np.ndarray:
    """Average equal blocks of images (n, H, W, C) so that neither axis exceeds ``side``; float32, units kept.

    Pixels at the lower and right edge that fill no block are dropped.

    >>> shrink(np.arange(16.0).reshape(1, 4, 4, 1), 2)[0, :, :, 0].tolist()
    [[2.5, 4.5], [10.5, 12.5]]
    """
    n, H, W, C = images.shape
    down, across = math.ceil(H / side), math.ceil(W / side)
    h, w = H // down, W // across
    blocks = images[:, : h * down, : w * across].reshape(n, h, down, w, across, C)
    return blocks.mean(axis=(2, 4), dtype=np.float32)


def pixels(side: int = 32) -> Features:
    """Return the function that flattens images shrunk to at most ``side`` pixels a side."""
    return lambda images: shrink(images, side).reshape(len(images), -1)


def cell(height: int, width: int) -> int:
    """Return the side of a HOG cell in pixels: eight cells along the shorter side, but at least 2 pixels each.

    >>> [cell(s, s) for s in (8, 28, 32, 128)]
    [2, 4, 4, 16]
    """
    return min(height, width, max(2, math.ceil(min(height, width) / 8)))


def gradients(side: int) -> Features:
    """Return the function for histograms of oriented gradients of images shrunk to at most ``side`` pixels a side.

    Nine directions, cells as ``cell`` says, blocks of 2 × 2 cells; of a colour image the channel with the largest
    gradient counts at each pixel. Dalal and Triggs, CVPR 2005, as scikit-image computes it.
    """
    from skimage.feature import hog

    def features(images: np.ndarray) -> np.ndarray:
        small = shrink(images, side)
        _, h, w, C = small.shape
        c = cell(h, w)
        block = (min(2, h // c), min(2, w // c))
        if C == 1:
            small = small[..., 0]
        axis = None if C == 1 else -1
        return np.stack([hog(one, 9, (c, c), block, channel_axis=axis).astype(np.float32, copy=False) for one in small])

    return features


def width_of(features: Features, split: Split) -> int:
    """Return how many features an image of a split has."""
    return features(next(in_chunks(split, np.arange(1)))).shape[1]


def gradients_seconds(H: int, W: int, C: int, side: int) -> float:
    """Estimate the seconds that ``gradients(side)`` takes an image: scikit-image 0.26, one thread of a 2023 server."""
    h, w = min(H, side), min(W, side)
    blocks = (h // cell(h, w)) * (w // cell(h, w))
    return 6e-5 + 9e-6 * blocks + 5e-8 * h * w * C  # measured from 28 × 28 to 128 × 128 × 3


def in_chunks(split: Split, at: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the raw images (n, H, W, C) at positions ``at`` of a split, some megabytes at a time."""
    images, size = CHUNK
    spec = split.input.spec
    step = max(1, min(images, size // (math.prod(n or 1 for n in spec.shape) * np.dtype(spec.dtype).itemsize)))
    for raw in split.input.stream(at[start : start + step] for start in range(0, len(at), step)):
        assert isinstance(raw, np.ndarray)
        yield raw
