"""Figures that only count: accuracy, recall, precision and F1 of weighted examples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse


def membership(codes: np.ndarray, rows: int, values: np.ndarray | None = None) -> sparse.csr_matrix:
    """Return the matrix (rows, n) that sums weights, or weights times ``values``, over the examples of each code."""
    values = np.ones(len(codes)) if values is None else values
    at = np.flatnonzero(values)
    return sparse.csr_matrix((values[at].astype(np.float64), (codes[at], at)), shape=(rows, len(codes)))


@dataclass(frozen=True)
class Counts:
    """Which examples belong to a class, which are predicted to, and which both: three matrices (K, n)."""

    truth: sparse.csr_matrix
    predicted: sparse.csr_matrix
    both: sparse.csr_matrix

    @classmethod
    def of(cls, labels: np.ndarray, predicted: np.ndarray, classes: int) -> Counts:
        """Count labels (n,) and predicted classes (n,), both integers below ``classes``."""
        both = membership(labels, classes, labels == predicted)
        return cls(membership(labels, classes), membership(predicted, classes), both)

    def figures(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return accuracy and balanced accuracy (r,), recall, precision and f1 (K, r) under weights (n, r)."""
        support, predicted, hits = (np.asarray(m @ weights) for m in (self.truth, self.predicted, self.both))
        recall = ratio(hits, support)
        return {
            "accuracy": hits.sum(axis=0) / weights.sum(axis=0),
            "balanced_accuracy": mean_of_known(recall),
            "recall": recall,
            "precision": ratio(hits, predicted),
            "f1": np.where(support > 0, ratio(2 * hits, support + predicted), np.nan),
        }


def mean_of_known(values: np.ndarray) -> np.ndarray:
    """Return the mean over the first axis of what is not NaN; NaN where nothing is known.

    >>> mean_of_known(np.array([1.0, np.nan, 0.0])).item()
    0.5
    """
    known = np.isfinite(values)
    return ratio(np.where(known, values, 0).sum(axis=0), known.sum(axis=0))


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return part / whole, NaN where the whole is nothing."""
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=np.asarray(whole) > 0)
