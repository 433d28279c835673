"""What predictions of classes show of each example: right or not, and how sure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from convscope.tasks.classification.scores import surprise
from convscope.tasks.metrics.calibration import Calibration
from convscope.tasks.metrics.counts import Counts


@dataclass(frozen=True)
class Answers:
    """True and predicted classes (n,), the probability ``stated`` for the predicted and ``of_label`` for the true."""

    labels: np.ndarray
    predicted: np.ndarray
    stated: np.ndarray
    of_label: np.ndarray
    classes: int

    @classmethod
    def of(cls, labels: np.ndarray, probabilities: np.ndarray) -> Answers:
        """Take probabilities (n, K); of equally probable classes the first is given."""
        predicted = probabilities.argmax(axis=1)
        rows = np.arange(len(labels))
        stated, of_label = probabilities.max(axis=1), probabilities[rows, labels]
        return cls(labels, predicted, stated, of_label, probabilities.shape[1])

    @property
    def per_example(self) -> np.ndarray:
        """Which answers are right, (n,) bool."""
        return self.predicted == self.labels

    def figures(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return accuracy, balanced accuracy, log loss and calibration error, (r,) each, under weights (n, r)."""
        counts = self._counts.figures(weights)
        return {
            "accuracy": counts["accuracy"],
            "balanced_accuracy": counts["balanced_accuracy"],
            # Two rows, since a product with a single one adds up in another order than that of several runs did.
            "log_loss": (np.stack([self._surprise] * 2) @ weights)[0] / weights.sum(axis=0),
            "ece": self._calibration.error(weights),
        }

    @cached_property
    def _counts(self) -> Counts:
        return Counts.of(self.labels, self.predicted, self.classes)

    @cached_property
    def _calibration(self) -> Calibration:
        return Calibration.of(self.per_example, self.stated)

    @cached_property
    def _surprise(self) -> np.ndarray:
        return surprise(self.of_label)
