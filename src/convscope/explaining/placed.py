"""Coarse maps laid over the input: linear between the centres of their units, and the nearest beyond the last ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def between(centres: np.ndarray, length: int) -> np.ndarray:
    """Return the matrix (length, units) that gives every position of an axis what stands there.

    >>> between(np.array([0.0, 2.0]), 4).tolist()
    [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0], [0.0, 1.0]]
    """
    at = np.arange(length)
    return np.stack([np.interp(at, centres, unit) for unit in np.eye(len(centres))], 1)


def placed(maps: np.ndarray, centres: Sequence[np.ndarray], space: Sequence[int]) -> np.ndarray:
    """Return coarse maps (N, *units) over the positions of the input, (N, *space) float32."""
    for axis, (of, length) in enumerate(zip(centres, space, strict=True), 1):
        maps = np.moveaxis(np.moveaxis(maps, axis, -1) @ between(of, length).T, -1, axis)
    return maps.astype(np.float32)
