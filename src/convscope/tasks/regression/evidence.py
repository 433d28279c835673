"""What predicted numbers show of each example: how far off they are, in their own units."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from convscope.data.spec import Numbers
from convscope.tasks.metrics.counts import mean_of_known, ratio

DEVIATIONS = "SD"


def common_unit(target: Numbers) -> str | None:
    """Return the unit that all numbers have, "" for a lone one without; ``None`` where they cannot be averaged.

    >>> common_unit(Numbers(("x", "y"), ("mm", "mm"), (0, 0), (1, 1)))
    'mm'
    >>> common_unit(Numbers(("age", "height"), ("", ""), (0, 0), (1, 1))) is None
    True
    """
    if len(target.units) == 1:
        return target.units[0]
    return target.units[0] if target.units[0] and len(set(target.units)) == 1 else None


def scale(target: Numbers) -> np.ndarray:
    """Return what errors are divided by (K,) before they are averaged over numbers: 1, or each one's deviation."""
    return np.array(target.std) if common_unit(target) is None else np.ones(len(target.names))


@dataclass(frozen=True)
class NumberErrors:
    """True and predicted numbers (n, K), NaN where the true one is missing, and what each is divided by, (K,).

    Figures over several numbers average what ``scale`` makes comparable: the numbers themselves where they share a
    unit, else their multiples of the training split's standard deviation.
    """

    truth: np.ndarray
    predicted: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, truth: np.ndarray, predicted: np.ndarray, target: Numbers) -> NumberErrors:
        """Take true and predicted numbers (n, K), in their units."""
        return cls(np.asarray(truth, np.float64), np.asarray(predicted, np.float64), scale(target))

    @cached_property
    def known(self) -> np.ndarray:
        """Which true numbers are there, (n, K) bool."""
        return np.isfinite(self.truth)

    @cached_property
    def errors(self) -> np.ndarray:
        """Predicted minus true, (n, K); 0 where the true one is missing."""
        return np.where(self.known, self.predicted - self.truth, 0.0)

    @property
    def per_example(self) -> np.ndarray:
        """The mean absolute error (n,) of each example's known numbers."""
        return self._means

    @cached_property
    def _means(self) -> np.ndarray:
        return self._of_known(np.abs(self.errors) / self.scale)

    def figures(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return each figure (r,) under weights (n, r) of the examples; NaN where nothing is known.

        ``mae``, ``rmse``: mean absolute error, root of the mean squared one, over all numbers of an example and then
        over examples. ``r2``: 1 - squared errors / squared distances from the mean, averaged over numbers; NaN where
        all true values are equal.
        """
        total = weights.sum(axis=0)
        return {
            "mae": ratio(self.per_example @ weights, total),
            "rmse": np.sqrt(ratio(self._of_known((self.errors / self.scale) ** 2) @ weights, total)),
            "r2": mean_of_known(self._explained(weights)),
        }

    def of_each(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return the figures of each number by itself, in its unit, (K, r), as ``figures`` does.

        ``bias`` is the mean of predicted minus true.
        """
        known = self.known.T @ weights
        return {
            "number_mae": ratio(np.abs(self.errors).T @ weights, known),
            "number_rmse": np.sqrt(ratio((self.errors**2).T @ weights, known)),
            "number_bias": ratio(self.errors.T @ weights, known),
            "number_r2": self._explained(weights),
        }

    def _of_known(self, values: np.ndarray) -> np.ndarray:
        """Return the mean (n,) over the known numbers of each example of values (n, K)."""
        return ratio(np.where(self.known, values, 0.0).sum(axis=1), self.known.sum(axis=1))

    def _explained(self, weights: np.ndarray) -> np.ndarray:
        """Return R² of each number, (K, r)."""
        known = self.known.T @ weights
        # About the mean of all examples: the difference of two large sums would lose the digits.
        centred = np.where(self.known, self.truth - mean_of_known(self.truth), 0.0)
        spread = (centred**2).T @ weights - ratio((centred.T @ weights) ** 2, known)
        size = (centred**2).sum(axis=0)[:, None]
        return np.where(spread > 1e-12 * size, 1 - ratio((self.errors**2).T @ weights, spread), np.nan)
