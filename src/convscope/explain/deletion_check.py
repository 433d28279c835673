"""Whether an explanation points at what counts: the score falls more without its pieces than without drawn ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

from convscope.explain.occlusion import Remove
from convscope.explain.score import Score, scores
from convscope.tasks.metrics.bootstrap import interval, weights

SHARE, DRAWS, RESAMPLES = 0.2, 8, 1000


@dataclass(frozen=True)
class Drops:
    """How far scores fall: (n,) without the fifth of each example that counts most, and without as much of it drawn."""

    named: np.ndarray
    drawn: np.ndarray

    def means(self, seed: int = 0) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
        """Return the mean of either with its 95 % bootstrap interval over the examples: (mean, low, high)."""
        drawn = np.concatenate([*weights(len(self.named), RESAMPLES, seed)], axis=1)  # (n, resamples)
        return self._mean(self.named, drawn), self._mean(self.drawn, drawn)

    @staticmethod
    def _mean(values: np.ndarray, drawn: np.ndarray) -> tuple[float, float, float]:
        low, high = interval(values @ drawn / len(values), values.mean())
        return float(values.mean()), float(low), float(high)


def drop(
    model: nn.Module, x: Tensor, importance: np.ndarray, remove: Remove, score: Score, rng: np.random.Generator
) -> tuple[float, float]:
    """Return how far the score of x (1, ...) falls without the fifth of its positions that counts most, and without
    as many drawn ones (the mean of ``DRAWS`` draws).

    ``importance`` is (positions,). At least one position is taken and at least one is left.
    """
    order = np.argsort(-importance, kind="stable")
    count = min(max(1, round(SHARE * len(order))), len(order) - 1)
    gone = np.zeros((1 + DRAWS, len(order)), bool)
    gone[0, order[:count]] = True
    for row in gone[1:]:
        row[rng.choice(len(order), count, replace=False)] = True
    falls = scores(model, x, score)[0] - scores(model, remove(gone), score)
    return float(falls[0]), float(falls[1:].mean())


def drops(pairs: Sequence[tuple[float, float]]) -> Drops:
    """Return the falls of several examples together."""
    named, drawn = np.array(pairs, np.float64).reshape(-1, 2).T
    return Drops(named, drawn)
