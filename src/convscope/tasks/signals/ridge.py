"""Ridge regression on many features of few examples, as a classifier that says how sure it is.

The penalty is that whose answers to examples left out one by one are nearest to the truth (Golub, Heath and Wahba
1979); the same answers set the scale on which scores become probabilities. No other example is used for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh
from scipy.special import log_softmax, softmax

PENALTIES = np.logspace(-3, 3, 10)  # of features of variance 1: those of MiniRocket
SCALES = np.logspace(-1, 2, 31)  # of scores from -1 to 1


@dataclass(frozen=True)
class RidgeClassifier:
    """Weights (d, K) of features standardised by ``mean`` and ``std`` (d,), and what they were chosen by."""

    mean: np.ndarray
    std: np.ndarray
    weights: np.ndarray
    offset: np.ndarray
    penalty: float
    scale: float

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Return the probabilities (n, K) of features (n, d)."""
        scores = ((x - self.mean) / self.std) @ self.weights + self.offset
        return softmax(self.scale * scores.astype(np.float64), axis=1)


def fitted(x: np.ndarray, labels: np.ndarray, classes: int) -> RidgeClassifier:
    """Return the classifier learned from features x (n, d) and the numbers of their classes (n,)."""
    mean, std = x.mean(0), x.std(0)
    std[std <= 1e-8] = 1
    x = (x - mean) / std
    wanted = np.where(np.arange(classes) == labels[:, None], 1.0, -1.0)
    gram = (x @ x.T).astype(np.float64)
    # A constant feature so large that its weight costs nothing: the offset.
    constant = 1e3 * max(float(np.trace(gram)) / len(x), 1.0)
    values, vectors = eigh(gram + constant)
    turned = vectors.T @ wanted
    best: tuple[float, float, np.ndarray, np.ndarray] | None = None
    for penalty in PENALTIES:
        inverse = 1 / (np.maximum(values, 0) + penalty)
        dual = vectors @ (inverse[:, None] * turned)  # (n, K)
        apart = dual / ((vectors**2) @ inverse)[:, None]  # what is missed of an example that was left out
        error = float((apart**2).mean())
        if best is None or error < best[0]:
            best = error, float(penalty), dual, wanted - apart
    assert best is not None
    _, penalty, dual, left_out = best
    return RidgeClassifier(
        mean, std, (x.T @ dual).astype(np.float32), (constant * dual.sum(0)), penalty, _scale(left_out, labels)
    )


def _scale(scores: np.ndarray, labels: np.ndarray) -> float:
    """Return the factor at which scores (n, K) of examples left out tell the truth with the least log loss."""
    rows = np.arange(len(labels))
    losses = [-log_softmax(scale * scores, axis=1)[rows, labels].mean() for scale in SCALES]
    return float(SCALES[int(np.argmin(losses))])
