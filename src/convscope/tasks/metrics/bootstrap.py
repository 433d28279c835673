"""The ordinary nonparametric bootstrap over units, for any figure that can be computed from the weights of examples.

A resample draws as many units as there are, with replacement, and takes all examples of each. It is kept as a weight:
how often each example was drawn. A figure is a function from weights (n, r), one column a resample, to one number a
column, so that all resamples are computed at once. Where groups differ in size, the weights of a column do not sum
to n.

Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13 (the percentile interval).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from convscope.tasks.metrics.units import Units

CHUNK = 2**19  # weights held at a time: 4 MB, whatever the number of examples
ENDS = (0.025, 0.975)


def weights(units: int, resamples: int, seed: int, *, examples: int | None = None) -> Iterator[np.ndarray]:
    """Yield arrays (units, r) of how often each unit is drawn, ``resamples`` columns in all; each sums to ``units``.

    ``examples``, where there are more of them than units, limits r instead, because each unit's weight is theirs.

    >>> [chunk.sum(axis=0).tolist() for chunk in weights(4, 3, seed=0)]
    [[4.0, 4.0, 4.0]]
    """
    rng = np.random.default_rng(seed)
    wide = max(1, CHUNK // (examples or units))
    for start in range(0, resamples, wide):
        r = min(wide, resamples - start)
        drawn = rng.integers(0, units, (r, units)) * r + np.arange(r)[:, None]  # position in a (units, r) array
        yield np.bincount(drawn.ravel(), minlength=units * r).reshape(units, r).astype(np.float64)


def resample(
    figures: Callable[[np.ndarray], dict[str, np.ndarray]], units: Units, *, resamples: int, seed: int
) -> dict[str, np.ndarray]:
    """Return every figure of every resample, (..., resamples); NaN where a resample leaves a figure undefined."""
    drawn = weights(units.count, resamples, seed, examples=len(units.unit))
    parts = [figures(chunk[units.unit] if units.groups else chunk) for chunk in drawn]
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
    rows = np.where(np.isfinite(samples), samples, np.nan).reshape(-1, samples.shape[-1])
    rows = np.sort(rows, axis=1)  # what is undefined comes last
    known = np.isfinite(rows).sum(axis=1)
    last = np.maximum(known - 1, 0)
    at = np.arange(len(rows))
    spread = rows[at, last] - rows[:, 0]
    moves = (known > 0) & (spread > 1e-12)  # rounding makes equal figures differ in the last bits
    ends = []
    for share in ENDS:  # as numpy.quantile, but each row has its own number of known values
        below = np.floor(share * last).astype(int)
        a, b = rows[at, below], rows[at, np.minimum(below + 1, last)]
        ends.append(np.where(moves, a + (b - a) * (share * last - below), np.nan).reshape(samples.shape[:-1]))
    return np.minimum(ends[0], value), np.maximum(ends[1], value)
