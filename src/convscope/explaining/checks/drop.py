"""How far the score of one example falls without what counts most: one step of ``deletion``, for costly explanations.

It takes what stands in place of a piece from the caller, and so serves inputs of any kind, one at a time.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor, nn

from convscope.explaining.occlusion import Remove
from convscope.explaining.score import Score, scores

SHARE, DRAWS = 0.2, 8


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
