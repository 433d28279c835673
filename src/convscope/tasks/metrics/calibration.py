"""Does a stated probability keep its word? The reliability table and the expected calibration error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from convscope.tasks.metrics.bootstrap import interval, resample
from convscope.tasks.metrics.counts import membership, ratio
from convscope.tasks.metrics.proportion import wilson
from convscope.tasks.metrics.units import Units

BINS = 15
RESAMPLES = 1000


@dataclass(frozen=True)
class Reliability:
    """Examples sorted by the probability of the class they were given, in equal-width bins of (0, 1]; arrays are (15,).

    ``confidence`` is the mean stated probability and ``accuracy`` the share that was right, NaN in an empty bin;
    ``low`` and ``high`` are the ends of its 95 % interval.
    """

    edges: np.ndarray
    count: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Calibration:
    """Matrices (15, n) that sum weights, stated probabilities and right answers in each bin."""

    inside: sparse.csr_matrix
    stated: sparse.csr_matrix
    right: sparse.csr_matrix

    @classmethod
    def of(cls, right: np.ndarray, stated: np.ndarray) -> Calibration:
        """Take whether each answer was right (n,) bool, and the probability stated for it (n,)."""
        stated = stated.astype(np.float64)
        codes = np.clip(np.ceil(stated * BINS).astype(int) - 1, 0, BINS - 1)
        return cls(membership(codes, BINS), membership(codes, BINS, stated), membership(codes, BINS, right))

    def error(self, weights: np.ndarray) -> np.ndarray:
        """Return the expected calibration error (r,) under weights (n, r).

        The mean over examples of |share that was right - mean stated probability| of the example's bin, for the class
        that was given (top label), in 15 equal-width bins: 0 is perfect, 1 the worst.
        Naeini, Cooper and Hauskrecht, AAAI 2015; Guo et al., ICML 2017.
        """
        gap = np.abs(self.right @ weights - self.stated @ weights)  # a bin's count times its gap
        return gap.sum(axis=0) / weights.sum(axis=0)


def reliability(labels: np.ndarray, probabilities: np.ndarray, groups: np.ndarray | None = None) -> Reliability:
    """Return the reliability table of labels (n,) and probabilities (n, K).

    The intervals are Wilson's. Of examples in ``groups`` (n,) they come from resamples of whole groups, and Wilson's
    stands in, with the number of a bin's groups as that of trials, where all resamples agree.
    """
    units = Units.of(groups, len(labels))
    right = probabilities.argmax(axis=1) == labels
    table = Calibration.of(right, probabilities.max(axis=1))
    ones = np.ones(len(labels))
    count = table.inside @ ones
    confidence, accuracy = ratio(table.stated @ ones, count), ratio(table.right @ ones, count)
    low, high = np.full((2, BINS), np.nan)
    if units.groups:
        drawn = resample(
            lambda weights: {"accuracy": ratio(table.right @ weights, table.inside @ weights)},
            units, resamples=RESAMPLES, seed=0,
        )  # fmt: skip
        low, high = interval(drawn["accuracy"], accuracy)
    trials = units.holding(table.inside.T.tocsr().indices, BINS)
    for bin in np.flatnonzero(np.isnan(low) & (count > 0)):
        low[bin], high[bin] = wilson(accuracy[bin] * trials[bin], trials[bin])
    return Reliability(np.linspace(0, 1, BINS + 1), count.astype(int), confidence, accuracy, low, high)
