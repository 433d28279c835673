"""The ordinary nonparametric bootstrap over examples, for any figure that can be computed from weights.

A resample draws n of the n examples with replacement; it is kept as a weight: how often each example was drawn. A
figure is a function from weights (n, r), one column a resample, to one number a column, so that all resamples are
computed at once.

Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13 (the percentile interval).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

CHUNK = 2**19  # weights held at a time: 4 MB, whatever the number of examples


def weights(n: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Yield arrays (n, r) of how often each example is drawn, ``resamples`` columns in all; each column sums to n.

    >>> [chunk.sum(axis=0).tolist() for chunk in weights(4, 3, seed=0)]
    [[4.0, 4.0, 4.0]]
    """
    rng = np.random.default_rng(seed)
    wide = max(1, CHUNK // n)
    for start in range(0, resamples, wide):
        r = min(wide, resamples - start)
        drawn = rng.integers(0, n, (r, n)) * r + np.arange(r)[:, None]  # position in an (n, r) array
        yield np.bincount(drawn.ravel(), minlength=n * r).reshape(n, r).astype(np.float64)


def resample(
    figures: Callable[[np.ndarray], dict[str, np.ndarray]], n: int, *, resamples: int, seed: int
) -> dict[str, np.ndarray]:
    """Return every figure of every resample, (..., resamples); NaN where a resample leaves a figure undefined."""
    parts = [figures(chunk) for chunk in weights(n, resamples, seed)]
    return {name: np.concatenate([part[name] for part in parts], axis=-1) for name in parts[0]}


def interval(samples: np.ndarray, value: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower and upper end (...) of the 95 % percentile interval of ``samples`` (..., resamples).

    Resamples in which the figure is undefined are left out. Where all others agree (a perfect score, one example) the
    bootstrap knows nothing about the spread: both ends are NaN. The interval is widened to hold ``value``, because
    some figures (calibration error) are larger in resamples than in the sample itself.

    >>> low, high = interval(np.array([[0.0, 0.5, 1.0], [1.0, 1.0, 1.0]]), np.array([0.5, 1.0]))
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.025, nan], [0.975, nan])
    """
    flat = samples.reshape(-1, samples.shape[-1])
    ends = np.full((2, len(flat)), np.nan)
    for i, row in enumerate(flat):
        known = row[np.isfinite(row)]
        if known.size and np.ptp(known) > 1e-12:  # rounding makes equal figures differ in the last bits
            ends[:, i] = np.quantile(known, [0.025, 0.975])
    low, high = ends.reshape(2, *samples.shape[:-1])
    return np.minimum(low, value), np.maximum(high, value)
