"""How far a score falls without each piece of an input, one piece at a time (Zeiler and Fergus 2014)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from torch import Tensor, nn

from convscope.explaining.score import Score, scores

Remove = Callable[[np.ndarray], Tensor]  # (M, positions) bool, what is gone -> inputs (M, ...)


def pieces(length: int, most: int) -> np.ndarray:
    """Return the borders of at most ``most`` pieces of nearly equal length.

    >>> pieces(3, 200).tolist(), pieces(5, 2).tolist()
    ([0, 1, 2, 3], [0, 3, 5])
    """
    return np.minimum(np.arange(min(length, most) + 1) * -(-length // min(length, most)), length)


def occlusion(
    model: nn.Module, x: Tensor, remove: Remove, borders: Sequence[int] | np.ndarray, score: Score
) -> np.ndarray:
    """Return score(x) - score(x without piece p) for each piece, (P,) float64; x is one example (1, ...).

    Piece p are the positions from ``borders[p]`` to ``borders[p + 1]``. Above 0 a piece speaks for the answer. Where
    there is one piece only nothing is left without it: NaN.
    """
    borders = np.unique(borders)
    if len(borders) < 3:
        return np.full(1, np.nan)
    at = np.arange(borders[-1])
    gone = (at >= borders[:-1, None]) & (at < borders[1:, None])  # (P, positions)
    return scores(model, x, score)[0] - scores(model, remove(gone), score)
