"""What predicted points show of each example: how far off they are, as a fraction of its size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from convscope.data.spec import Points
from convscope.tasks.landmarks.normaliser import lengths
from convscope.tasks.metrics.counts import ratio

CURVE_END = 0.08  # up to which the area under the curve of cumulative errors is taken
FAILED = 0.1  # an example with a larger error counts as failed


@dataclass(frozen=True)
class PointErrors:
    """Distances (n, K) in pixels between true and predicted points, NaN where the true one is missing.

    ``length`` (n,) is what each example's errors are divided by, ``stood_in`` how many examples have another's.
    """

    distances: np.ndarray
    length: np.ndarray
    stood_in: int = 0

    @classmethod
    def of(cls, truth: np.ndarray, predicted: np.ndarray, target: Points) -> PointErrors:
        """Take true and predicted points (n, K, 2), x and y in pixels of the image."""
        truth = np.asarray(truth, np.float64)
        distances = np.linalg.norm(np.asarray(predicted, np.float64) - truth, axis=2)
        return cls(distances, *lengths(truth, target.normaliser, target.names))

    @cached_property
    def known(self) -> np.ndarray:
        """Which true points are there, (n, K) bool."""
        return np.isfinite(self.distances)

    @property
    def per_example(self) -> np.ndarray:
        """The normalised mean error (n,): mean distance of the known points / length; NaN without any."""
        return self._pixels / self.length

    @cached_property
    def _pixels(self) -> np.ndarray:
        return ratio(np.where(self.known, self.distances, 0.0).sum(axis=1), self.known.sum(axis=1))

    def figures(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return each figure (r,) under whole weights (n, r) of the examples.

        ``nme`` and ``median_nme`` are mean and median over examples of their normalised mean error; ``auc``: the mean
        height of the curve of cumulative errors from 0 to 0.08; ``failures``: the fraction of errors above 0.1;
        ``pixels``: the mean distance in pixels. Examples without a known point do not count.
        """
        scored = self.known.any(axis=1)
        weights, errors = weights[scored], self.per_example[scored]
        total = weights.sum(axis=0)
        return {
            "nme": ratio(errors @ weights, total),
            "median_nme": weighted_median(errors, weights),
            "auc": ratio(np.maximum(0, 1 - errors / CURVE_END) @ weights, total),
            "failures": ratio((errors > FAILED) @ weights, total),
            "pixels": ratio(self._pixels[scored] @ weights, total),
        }

    def of_each(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return the normalised mean error of each point by itself, (K, r), as ``point_nme``."""
        parts = np.where(self.known, self.distances, 0.0) / self.length[:, None]
        return {"point_nme": ratio(parts.T @ weights, self.known.T @ weights)}


def weighted_median(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the median (r,) of values (n,), each repeated as often as the whole weights (n, r) say; NaN of nothing.

    >>> weighted_median(np.array([3.0, 1.0, 2.0]), np.array([[1, 0], [1, 3], [1, 1]])).tolist()
    [2.0, 1.0]
    """
    order = np.argsort(values)
    running = np.cumsum(weights[order], axis=0)
    if not len(values):
        return np.full(weights.shape[1], np.nan)
    total = running[-1]
    middle = [(running <= at).sum(axis=0).clip(max=len(values) - 1) for at in ((total - 1) // 2, total // 2)]
    return np.where(total > 0, values[order][middle].mean(axis=0), np.nan)


def cumulative(errors: np.ndarray, end: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the steps of the curve of cumulative errors (n,): errors from 0 to ``end``, and the fraction up to each.

    >>> x, y = cumulative(np.array([0.02, 0.5, 0.06, np.nan]), 0.1)
    >>> x.tolist(), y.round(2).tolist()
    ([0.0, 0.02, 0.06, 0.1], [0.0, 0.33, 0.67, 0.67])
    """
    ordered = np.sort(errors[np.isfinite(errors)])
    x = ordered[ordered <= end]
    y = np.arange(1, len(x) + 1) / max(1, len(ordered))
    return np.concatenate([[0.0], x, [end]]), np.concatenate([[0.0], y, y[-1:] if len(y) else [0.0]])
