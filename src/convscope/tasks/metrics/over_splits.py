"""The mean of a figure over several splits of one set, and whether two networks differ in it.

The splits share most of their training examples, so their figures are not independent: the variance of the mean over J
splits is not s²/J. Nadeau and Bengio (2003, "Inference for the generalization error") add the overlap n_test/n_train:
(1/J + n_test/n_train) s², with J - 1 degrees of freedom. For folds it is rather too wide than too narrow.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy import stats


class OverSplits(NamedTuple):
    """A mean over splits: the ends of its 95 % interval, the standard deviation, and the two-sided p of a mean of 0.

    The ends are NaN where all values agree.
    """

    value: float
    low: float
    high: float
    std: float
    p: float


def over_splits(values: np.ndarray, ratio: float) -> OverSplits:
    """Return the mean of ``values`` (J,), one per split; ``ratio`` is n_test/n_train of the splits.

    Differences of two networks on the same splits are paired so. Raises ``ValueError`` for fewer than two values.

    >>> [round(number, 3) for number in over_splits(np.array([0.8, 0.9, 0.85, 0.95, 0.9]), ratio=0.25)]
    [0.88, 0.774, 0.986, 0.057, 0.0]
    """
    J = len(values)
    if J < 2:
        raise ValueError(f"a spread over splits needs at least two of them, found {J}")
    mean, std = float(np.mean(values)), float(np.std(values, ddof=1))
    error = std * math.sqrt(1 / J + ratio)
    if not error:  # the t-test has no answer; one by signs alone has
        return OverSplits(mean, math.nan, math.nan, std, 2.0 ** (1 - J) if mean else 1.0)
    half = float(stats.t.ppf(0.975, J - 1)) * error
    p = 2 * float(stats.t.sf(abs(mean) / error, J - 1))
    return OverSplits(mean, mean - half, mean + half, std, p)
