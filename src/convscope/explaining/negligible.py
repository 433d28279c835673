"""Whether a map is nearly nothing beside its score: it is drawn over its own range, and so looks as strong as any."""

from __future__ import annotations

import numpy as np

NEARLY = 0.01  # of the magnitude of the score


def negligible(values: np.ndarray, score: float, *, measures: bool = False) -> str:
    """Return what is to be said of a map (\\*space) that counts for less than a hundredth of its score; else "".

    What counts is the sum of all magnitudes; where each value ``measures`` a change of the score, the largest of them.

    >>> negligible(np.array([1e-4, -2e-4]), 5.0)
    'nearly nothing: all places together count 0.0003, less than a hundredth of the score of 5'
    >>> negligible(np.array([1.0, -2.0]), 5.0), negligible(np.zeros(3), 5.0)
    ('', 'nothing: the map is 0 everywhere')
    """
    sizes = np.abs(values[np.isfinite(values)].astype(np.float64))
    if not sizes.any():
        return "nothing: the map is 0 everywhere"
    counts = float(sizes.max() if measures else sizes.sum())
    if counts >= NEARLY * abs(score):
        return ""
    whose = "no place counts more than" if measures else "all places together count"
    return f"nearly nothing: {whose} {counts:.3g}, less than a hundredth of the score of {score:.4g}"
