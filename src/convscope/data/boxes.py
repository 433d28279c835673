"""Images cut to a square around their points, so that a network looks at the object and not for it."""

from __future__ import annotations

import numpy as np


def squares(points: np.ndarray, share: float) -> np.ndarray:
    """Return the square (n, 4) around the known points (n, K, 2) of each image: top, left, height and width in pixels.

    It is centred on the points' box, and as long as its longer side with ``share`` of that added at both ends. It may
    reach beyond the image. All 0 where no point is known.

    >>> squares(np.array([[[10.0, 20.0], [30.0, 20.0]]]), 0.25).tolist()
    [[5, 5, 30, 30]]
    """
    known = np.asarray(np.isfinite(points).all(axis=2))
    low, high = (
        extreme(np.where(known[..., None], points, fill), axis=1)
        for extreme, fill in ((np.min, np.inf), (np.max, -np.inf))
    )
    there = np.asarray(known.any(axis=1))
    low, high = (np.where(there[:, None], each, 0.0) for each in (low, high))
    side = np.maximum(1, np.rint((high - low).max(axis=1) * (1 + 2 * share)))
    left, top = np.rint((low + high) / 2 - side[:, None] / 2).T
    return np.where(there[:, None], np.stack([top, left, side, side], axis=1), 0).astype(np.int64)


def placed_in(placements: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Return the placements (n, 4) of whole images, from those of their parts ``boxes`` (n, 4)."""
    corner = boxes[:, 1::-1]  # left, top
    return np.concatenate([placements[:, :2], placements[:, 2:] - corner * placements[:, :2]], axis=1)
