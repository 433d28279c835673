"""What a simple method sees of motion: histograms of where edges move, without learning anything.

At each place and time the change in brightness and the slope of brightness say how fast an edge moves across itself,
the normal flow. Its direction, weighted by change and slope, goes into a histogram: over the whole frame and over each
quarter. It is the idea of histograms of optical flow (Laptev et al. 2008), without the flow's search.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from convscope.tasks.features import shrink

SIDE, DIRECTIONS = 32, 16
BLUR = 1.5  # pixels: an edge that jumps by more than its own width has no slope where it lands


def motion_histograms(clips: np.ndarray) -> np.ndarray:
    """Return the features (n, 80) float32 of raw clips (n, T, H, W, C): 16 directions for the frame and its quarters.

    A square that moves to the right has its motion in the first direction:

    >>> clip = np.zeros((1, 6, 32, 32, 1), np.float32)
    >>> for t in range(6):
    ...     clip[0, t, 12:20, 8 + t : 16 + t] = 1
    >>> int(motion_histograms(clip)[0, :16].argmax())
    0
    """
    return np.stack([_of_clip(clip) for clip in clips])


def _of_clip(clip: np.ndarray) -> np.ndarray:
    small = shrink(clip, SIDE).mean(-1)  # (T, H, W)
    small = gaussian_filter(small, (0, BLUR, BLUR))
    before, after = small[:-1], small[1:]
    change, middle = after - before, (after + before) / 2
    down, right = np.gradient(middle, axis=(1, 2)) if min(middle.shape[1:]) > 1 else (np.zeros_like(middle),) * 2
    angle = np.arctan2(change * down, -change * right) % (2 * np.pi)  # up is positive, as in a picture
    weight = np.abs(change) * np.hypot(down, right)
    at = np.rint(angle * DIRECTIONS / (2 * np.pi)).astype(int) % DIRECTIONS
    _, H, W = weight.shape
    row, column = np.arange(H)[:, None] * 2 // H, np.arange(W)[None] * 2 // W
    flat = ((row * 2 + column) * DIRECTIONS + at).ravel()  # (T · H · W,)
    quarters = np.bincount(flat, weight.ravel(), 4 * DIRECTIONS).reshape(4, DIRECTIONS)
    whole = quarters.sum(0)
    return (np.concatenate([whole, *quarters]) / max(whole.sum(), 1e-12)).astype(np.float32)
