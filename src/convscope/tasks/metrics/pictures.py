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
    from scipy.ndimage import uniform_filter

    height, width = a.shape[2:]
    size = [1, 1, min(WINDOW, height), min(WINDOW, width)]

    def mean(values: np.ndarray) -> np.ndarray:
        inside = tuple(slice(n // 2, len_ - (n - 1) // 2) for n, len_ in zip(size[2:], (height, width), strict=True))
        return uniform_filter(values, size)[:, :, inside[0], inside[1]]  # pyright: ignore[reportArgumentType]

    a, b = a.astype(np.float64), b.astype(np.float64)
    count = size[2] * size[3]
    sample = count / max(count - 1, 1)
    mean_a, mean_b = mean(a), mean(b)
    var_a, var_b = (sample * (mean(x * x) - m * m) for x, m in ((a, mean_a), (b, mean_b)))
    both = sample * (mean(a * b) - mean_a * mean_b)
    c1, c2 = STABLE
    alike = (2 * mean_a * mean_b + c1) * (2 * both + c2) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    return alike.reshape(len(a), -1).mean(1)
