"""Does a stated probability keep its word? The reliability table and the expected calibration error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from convscope.tasks.metrics.counts import membership

BINS = 15


@dataclass(frozen=True)
class Reliability:
    """Examples sorted by the probability of the class they were given, in equal-width bins of (0, 1]; arrays are (15,).

    ``confidence`` is the mean stated probability and ``accuracy`` the share that was right, NaN in an empty bin.
    """

    edges: np.ndarray
    count: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray


@dataclass(frozen=True)
class Calibration:
    """Matrices (15, n) that sum weights, stated probabilities and right answers in each bin."""

    inside: sparse.csr_matrix
    stated: sparse.csr_matrix
    right: sparse.csr_matrix

    @classmethod
    def of(cls, labels: np.ndarray, probabilities: np.ndarray) -> Calibration:
        """Take labels (n,) and probabilities (n, K)."""
        top = probabilities.max(axis=1).astype(np.float64)
        codes = np.clip(np.ceil(top * BINS).astype(int) - 1, 0, BINS - 1)
        right = probabilities.argmax(axis=1) == labels
        return cls(membership(codes, BINS), membership(codes, BINS, top), membership(codes, BINS, right))

    def error(self, weights: np.ndarray) -> np.ndarray:
        """Return the expected calibration error (r,) under weights (n, r).

        The mean over examples of |share that was right - mean stated probability| of the example's bin, for the class
        that was given (top label), in 15 equal-width bins: 0 is perfect, 1 the worst.
        Naeini, Cooper and Hauskrecht, AAAI 2015; Guo et al., ICML 2017.
        """
        gap = np.abs(self.right @ weights - self.stated @ weights)  # a bin's count times its gap
        return gap.sum(axis=0) / weights.sum(axis=0)


def reliability(labels: np.ndarray, probabilities: np.ndarray) -> Reliability:
    """Return the reliability table of labels (n,) and probabilities (n, K)."""
    table = Calibration.of(labels, probabilities)
    ones = np.ones(len(labels))
    count = table.inside @ ones
    with np.errstate(invalid="ignore"):
        confidence, accuracy = (table.stated @ ones) / count, (table.right @ ones) / count
    return Reliability(np.linspace(0, 1, BINS + 1), count.astype(int), confidence, accuracy)
