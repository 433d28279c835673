"""Where an image lies in the frame that a network sees: the way of its points there and back.

A point is x and y in pixels from the centre of the upper left pixel. A placement (4,) holds scale and offset along each
axis, (scale x, scale y, offset x, offset y): x in the frame is x in the image · scale x + offset x.
"""

from __future__ import annotations

import numpy as np

from convscope.data.transforms.resize import Fit

KEPT = (1.0, 1.0, 0.0, 0.0)  # the placement of an image that stays as it is


def placements(heights: np.ndarray, widths: np.ndarray, height: int, width: int, fit: Fit) -> np.ndarray:
    """Return the placement (n, 4) of images of these heights and widths (n,) that ``fit`` brings to height × width.

    Under ``pad``, ``crop`` and ``centre`` both scales are equal but for the rounding to whole pixels; ``squash``
    stretches.

    >>> placements(np.array([200]), np.array([100]), 50, 50, "pad").round(3).tolist()  # the middle 25 columns
    [[0.25, 0.25, 11.625, -0.375]]
    """
    H, W = np.asarray(heights, np.float64), np.asarray(widths, np.float64)
    if fit == "keep":
        return np.tile(KEPT, (len(H), 1))
    if fit == "squash":
        down, across, top, left = height / H, width / W, 0.0 * H, 0.0 * W
    elif fit == "centre":
        down, across = np.ones_like(H), np.ones_like(W)
        top, left = (_begin(side, full) for side, full in ((height, H), (width, W)))
    elif fit == "crop":
        down = across = 1 / np.minimum(H / height, W / width)
        top, left = (height - H * down) / 2, (width - W * across) / 2
    else:
        scale = np.maximum(H / height, W / width)
        h, w = (np.clip(np.rint(full / scale), 1, side) for side, full in ((height, H), (width, W)))
        down, across = h / H, w / W
        top, left = (height - h) // 2, (width - w) // 2
    kept = (height == H) & (width == W)  # images of the right size are left as they are
    down, across = np.where(kept, 1.0, down), np.where(kept, 1.0, across)
    top, left = np.where(kept, 0.0, top), np.where(kept, 0.0, left)
    # Scaling is about the corner of the first pixel, half a pixel from its centre.
    return np.stack([across, down, left + (across - 1) / 2, top + (down - 1) / 2], axis=-1)


def placed(points: np.ndarray, placement: np.ndarray) -> np.ndarray:
    """Return points (n, K, 2) of images in the frames that placements (n, 4) lay them in."""
    return points * placement[:, None, :2] + placement[:, None, 2:]


def original(points: np.ndarray, placement: np.ndarray) -> np.ndarray:
    """Return points (n, K, 2) of frames in the images that placements (n, 4) lay there: ``placed`` undone."""
    return (points - placement[:, None, 2:]) / placement[:, None, :2]


def _begin(side: int, full: np.ndarray) -> np.ndarray:
    """Return where an image of ``full`` pixels begins in a frame of ``side``, both with one middle; below 0 outside."""
    spare = full - side
    return np.where(spare > 0, -(np.maximum(spare, 0) // 2), np.maximum(-spare, 0) // 2)
