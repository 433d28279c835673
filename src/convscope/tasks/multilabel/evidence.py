"""What predicted labels show of each example: which are right, and how well the true ones are ranked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from convscope.tasks.metrics.binary import Ranking
from convscope.tasks.metrics.counts import mean_of_known, ratio

THRESHOLD = 0.5  # probability from which on a label counts as predicted
CHUNK = 2**22  # comparisons of labels held at a time
LEAST = np.finfo(np.float64).eps  # a probability of 0 counts as this, so that one example does not make a mean infinite


@dataclass(frozen=True)
class LabelAnswers:
    """True labels (n, K) bool and the probabilities (n, K) stated for them; one from 0.5 on is predicted."""

    truth: np.ndarray
    probabilities: np.ndarray

    @classmethod
    def of(cls, truth: np.ndarray, probabilities: np.ndarray) -> LabelAnswers:
        """Take labels (n, K) of 0 and 1, and probabilities (n, K)."""
        return cls(np.asarray(truth) > 0, np.asarray(probabilities, np.float64))

    @property
    def per_example(self) -> np.ndarray:
        """The ranking precision (n,) of each example: the mean over its true labels of how many of those ranked as high
        are true. 1 where no label is true, as scikit-learn's ``label_ranking_average_precision_score`` counts it.
        """
        return self._ranking_precision

    @cached_property
    def predicted(self) -> np.ndarray:
        """Which labels are predicted, (n, K) bool."""
        return self.probabilities >= THRESHOLD

    @cached_property
    def _ranking_precision(self) -> np.ndarray:
        n, K = self.truth.shape
        parts = np.array_split(np.arange(n), max(1, n * K * K // CHUNK))
        return np.concatenate([_ranked(self.truth[part], self.probabilities[part]) for part in parts])

    @cached_property
    def _rankings(self) -> list[Ranking]:
        columns = zip(self.truth.T, self.probabilities.T, strict=True)
        return [Ranking.of(truth, scores) for truth, scores in columns]

    @cached_property
    def surprise(self) -> np.ndarray:
        """The mean over labels (n,) of -ln(probability of what is true)."""
        stated = np.where(self.truth, self.probabilities, 1 - self.probabilities)
        return -np.log(np.maximum(stated, LEAST)).mean(axis=1)

    def figures(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return each figure (r,) under weights (n, r) of the examples.

        ``mean_average_precision`` is the mean over labels, ``f1`` counts all labels of all examples together (micro),
        ``macro_f1`` is the mean over labels; ``exact``: all labels of an example are right; ``ranking_precision``: as
        ``per_example``; ``log_loss``: mean of -ln(probability of what is true) over labels and examples.
        """
        total = weights.sum(axis=0)
        of_each = self.of_each(weights)
        hits, stated, true = (each.T @ weights for each in (self.truth & self.predicted, self.predicted, self.truth))
        return {
            "mean_average_precision": mean_of_known(of_each["label_average_precision"]),
            "f1": ratio(2 * hits.sum(axis=0), stated.sum(axis=0) + true.sum(axis=0)),
            "macro_f1": mean_of_known(of_each["label_f1"]),
            "exact": ratio((self.truth == self.predicted).all(axis=1) @ weights, total),
            "ranking_precision": ratio(self.per_example @ weights, total),
            "log_loss": ratio(self.surprise @ weights, total),
        }

    def of_each(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return the figures of each label, (K, r); NaN where no example, or every one, has it."""
        hits, stated, true = (each.T @ weights for each in (self.truth & self.predicted, self.predicted, self.truth))
        ranked = [ranking.figures(weights) for ranking in self._rankings]
        return {
            "label_average_precision": np.stack([precision for _, precision in ranked]),
            "label_auc": np.stack([area for area, _ in ranked]),
            "label_precision": ratio(hits, stated),
            "label_recall": ratio(hits, true),
            "label_f1": np.where(true > 0, ratio(2 * hits, stated + true), np.nan),
        }


def _ranked(truth: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the ranking precision (n,) of labels (n, K) and their scores."""
    as_high = scores[:, None, :] >= scores[:, :, None]  # (n, K, K): is the second label ranked as high as the first?
    precision = (as_high & truth[:, None, :]).sum(axis=2) / as_high.sum(axis=2)
    number = truth.sum(axis=1)
    return np.where(number > 0, (precision * truth).sum(axis=1) / np.maximum(number, 1), 1.0)
