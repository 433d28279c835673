"""How alike two pictures are: peak signal-to-noise ratio and structural similarity, of many at a time."""

from __future__ import annotations

import numpy as np

WINDOW = 7  # pixels a side over which structural similarity compares, as in scikit-image
STABLE = (0.01**2, 0.03**2)  # Wang et al. 2004
BEST = 100.0  # decibels, of equal pictures


def psnr(squared: np.ndarray) -> np.ndarray:
    """Return the peak signal-to-noise ratio (n,) in decibels of mean squared errors (n,) of pixels from 0 to 1.

    That of equal pictures is infinite, and counts as 100.

    >>> psnr(np.array([0.01, 0.0])).tolist()
    [20.0, 100.0]
    """
    return np.minimum(BEST, -10 * np.log10(np.maximum(squared, 1e-30)))


def similarity(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the structural similarity (n,), -1 to 1, of pictures (n, C, H, W) with pixels from 0 to 1.

    The mean over channels and over all windows of 7×7 that lie within (Wang et al. 2004); smaller pictures are one
    window.
    """
    window = tuple(min(WINDOW, side) for side in a.shape[2:])
    count = window[0] * window[1]

    def mean(values: np.ndarray) -> np.ndarray:
        for axis, size in zip((2, 3), window, strict=True):
            values = _sums(values, size, axis)
        return values / count

    a, b = a.astype(np.float64), b.astype(np.float64)
    sample = count / max(count - 1, 1)
    mean_a, mean_b = mean(a), mean(b)
    var_a, var_b = (sample * (mean(x * x) - m * m) for x, m in ((a, mean_a), (b, mean_b)))
    both = sample * (mean(a * b) - mean_a * mean_b)
    c1, c2 = STABLE
    alike = (2 * mean_a * mean_b + c1) * (2 * both + c2) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    return alike.reshape(len(a), -1).mean(1)


def _sums(values: np.ndarray, size: int, axis: int) -> np.ndarray:
    """Return the sums of all runs of ``size`` values along an axis, as differences of sums from its beginning.

    >>> _sums(np.array([1.0, 2.0, 3.0, 4.0]), 2, 0).tolist()
    [3.0, 5.0, 7.0]
    """
    up_to = np.moveaxis(values.cumsum(axis), axis, 0)
    sums = up_to[size - 1 :].copy()
    sums[1:] -= up_to[:-size]
    return np.moveaxis(sums, 0, axis)
