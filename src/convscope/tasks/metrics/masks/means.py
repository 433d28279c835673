"""Means over images of figures that some images do not have."""

from __future__ import annotations

import numpy as np

from convscope.tasks.metrics.counts import ratio


def mean_over_images(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the mean of values (n,) or (n, K) under weights (n, r), (r,) or (K, r), over the images that have one.

    >>> mean_over_images(np.array([1.0, np.nan, 0.0]), np.array([[1, 3], [1, 5], [1, 1]])).tolist()
    [0.5, 0.75]
    """
    known = np.isfinite(values)
    return ratio(np.where(known, values, 0.0).T @ weights, known.T.astype(np.float64) @ weights)


def share(part: np.ndarray, whole: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Return part / whole; 0 of nothing that is ``there`` in the other mask, and NaN of what is in neither mask.

    >>> share(np.array([1.0, 0.0, 0.0]), np.array([2.0, 0.0, 0.0]), np.array([True, True, False])).tolist()
    [0.5, 0.0, nan]
    """
    values = ratio(part, whole)
    return np.where(there & np.isnan(values), 0.0, values)
