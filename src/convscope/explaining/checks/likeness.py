"""How alike two maps are: Spearman's rank correlation, and structural similarity."""

from __future__ import annotations

import numpy as np

WINDOW = 7  # of structural similarity, along each axis; on smaller maps the largest odd number that fits


def spearman(a: np.ndarray, b: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Return Spearman's correlation (N,) of maps a and b (N, *space) over the positions ``there`` (N, *space) bool.

    Ties have the mean of their ranks. NaN where either map is constant: it has no order.

    >>> rising = np.arange(4.0)[None]
    >>> spearman(rising, -rising, np.ones((1, 4), bool)).tolist()
    [-1.0]
    """
    return np.array([_of_ranks(x[at], y[at]) for x, y, at in zip(a, b, there, strict=True)])


def _of_ranks(x: np.ndarray, y: np.ndarray) -> float:
    from scipy.stats import rankdata

    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return np.nan
    first, second = (rankdata(values) - (len(values) + 1) / 2 for values in (x, y))
    return float(np.clip(first @ second / np.sqrt((first @ first) * (second @ second)), -1, 1))


def structural_similarity(a: np.ndarray, b: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Return the structural similarity (N,) of the magnitudes of maps (N, *space), each divided by its largest.

    Its windows are square, of uniform weight (Wang et al. 2004). NaN where a map is 0 everywhere, or smaller than 3.
    """
    from skimage.metrics import structural_similarity as similarity

    values = np.full(len(a), np.nan)
    for row, (x, y) in enumerate(zip(abs(a), abs(b), strict=True)):
        part = _box(there[row])
        x, y = x[part].astype(np.float64), y[part].astype(np.float64)
        smallest = min(x.shape)
        if smallest >= 3 and x.max() > 0 and y.max() > 0:
            size = min(WINDOW, smallest - 1 + smallest % 2)
            values[row] = similarity(x / x.max(), y / y.max(), data_range=1.0, win_size=size)
    return values


def _box(there: np.ndarray) -> tuple[slice, ...]:
    """Return the part of a map from its first place to the last one that there is."""
    if there.all():
        return (slice(None),) * there.ndim
    return tuple(slice(0, int(at.max(initial=-1)) + 1) for at in np.nonzero(there))
