"""Two or more sets of predictions of the same examples, compared by the main figure of any task.

What ``Evidence`` says of each example decides the test: where it is right or wrong, McNemar's (``comparison``); where
it is a number, such as an error, the permutation test of Fisher and Pitman on the paired differences: if both were
equally good, each difference would have had either sign alike. Where examples come in groups, whole groups are drawn,
and the signs of whole groups are flipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from convscope.tasks.metrics.bootstrap import interval, resample
from convscope.tasks.metrics.comparison import compare, resampled_accuracies
from convscope.tasks.metrics.units import Units
from convscope.tasks.scores import Evidence

MOST_EXACT = 16  # units up to which all choices of signs are gone through
FLIPS = 10_000  # choices of signs that are drawn where there are more
CHUNK = 2**21  # signs held at a time


def paired(
    a: Evidence, b: Evidence, main: str, *, units: Units | None = None, seed: int = 0, resamples: int = 1000
) -> dict[str, Any]:
    """Return by how much the main figure of a differs from that of b, and whether that could be chance.

    ``difference`` is the figure of a minus that of b with its 95 % interval, the paired bootstrap over ``units`` (by
    default each example stands alone); its ends are ``None`` where all units agree, all of it where one has no such
    figure. ``p_sign_flip`` is the two-sided probability of a mean difference per example at least as large, if both
    were equally good. Of answers that are right or wrong the interval and the test are ``comparison.compare``'s, with
    ``only_a`` and ``only_b``.
    """
    n = len(a.per_example)
    units = units or Units.of(None, n)
    if _is_right_or_wrong((a, b)):
        return compare(a.per_example, b.per_example, units=units, seed=seed, resamples=resamples)
    first, second = resampled((a, b), main, units, resamples, seed)
    whole = np.ones((n, 1))
    value = float(a.figures(whole)[main][0] - b.figures(whole)[main][0])
    low, high = (float(end) for end in interval(first - second, value))
    known = np.isfinite([low, high]).all()
    lead = a.per_example.astype(float) - b.per_example
    return {
        "difference": {
            "value": value if np.isfinite(value) else None,
            "low": low if known else None,
            "high": high if known else None,
        },
        "p_sign_flip": sign_flip(units.sums(np.nan_to_num(lead)), seed),  # what is not known speaks for neither
    }


def resampled(runs: Sequence[Evidence], main: str, units: Units, resamples: int, seed: int) -> np.ndarray:
    """Return the main figure (runs, resamples) of each run, all in the same resamples of the units."""
    if _is_right_or_wrong(runs):
        return resampled_accuracies(np.stack([run.per_example for run in runs]), units, resamples, seed)
    return np.stack([resample(run.figures, units, resamples=resamples, seed=seed)[main] for run in runs])


def sign_flip(leads: np.ndarray, seed: int = 0) -> float:
    """Return the two-sided p of real numbers (G,) that had either sign alike, each by itself.

    It is the part of all choices of signs whose sum is at least as far from 0 as the one that was found: of all 2^G up
    to 16 numbers that are not 0, else of ``FLIPS`` drawn ones and the one that was found.

    >>> sign_flip(np.array([3.5, 1.0, 0.0]))
    0.5
    >>> sign_flip(np.array([0.5] * 6 + [-0.5]))
    0.125
    """
    leads = leads[leads != 0]
    far = abs(leads.sum()) * (1 - 1e-12)  # sums of the same numbers in another order differ in their last digits
    G = len(leads)
    if not G or not far:
        return 1.0
    if G <= MOST_EXACT:
        signs = 1 - 2 * (np.arange(2**G)[:, None] >> np.arange(G) & 1)
        return float((abs(signs @ leads) >= far).mean())
    rng = np.random.default_rng(seed)
    step = max(1, CHUNK // G)
    hits = sum(
        int((abs((1 - 2 * rng.integers(0, 2, (min(step, FLIPS - at), G), np.int8)) @ leads) >= far).sum())
        for at in range(0, FLIPS, step)
    )
    return (1 + hits) / (1 + FLIPS)


def _is_right_or_wrong(runs: Sequence[Evidence]) -> bool:
    return all(run.per_example.dtype == bool for run in runs)
