"""How wrong the scores are: one number, and its gradient with respect to them.

All are means over the examples. Within one example, the cross-entropy of many places (pixels) is their mean too; binary
cross-entropy and squared error are sums: the squared error of one image is the sum over its pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from convscope import ops
from convscope.ops.cross_entropy import value_and_gradient


@dataclass(frozen=True)
class Loss:
    """A loss: called with scores and targets it returns its value and the gradient, shaped as the scores.

    ``right`` counts the examples answered rightly, as shares where an example has many answers (pixels); None where
    numbers are not right or wrong but near or far.
    """

    name: str
    evaluate: Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray]]
    right: Callable[[np.ndarray, np.ndarray], float] | None = None

    def __call__(self, scores: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the loss and its gradient."""
        return self.evaluate(scores, target)


def _binary_cross_entropy(scores: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
    target, scale = np.asarray(target, scores.dtype), 1 / len(scores)
    value = ops.binary_cross_entropy_with_logits(scores, target, reduction="sum")
    return float(value) * scale, ops.binary_cross_entropy_with_logits_backward(scale, scores, target, reduction="sum")


def _squared_error(scores: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
    target, scale = np.asarray(target, scores.dtype), 1 / len(scores)
    value = ops.squared_error(scores, target, reduction="sum")
    return float(value) * scale, ops.squared_error_backward(scale, scores, target, reduction="sum").x


def _most_probable_right(scores: np.ndarray, labels: np.ndarray) -> float:
    return float((scores.argmax(1) == labels).mean() * len(scores))


def _sign_right(scores: np.ndarray, target: np.ndarray) -> float:
    return float(((scores > 0) == (np.asarray(target) > 0.5)).mean() * len(scores))


cross_entropy = Loss("cross_entropy", value_and_gradient, _most_probable_right)
binary_cross_entropy = Loss("binary_cross_entropy", _binary_cross_entropy, _sign_right)
squared_error = Loss("squared_error", _squared_error)
