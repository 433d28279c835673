"""The threshold of a simple method that suits its training pixels best."""

from __future__ import annotations

import numpy as np

from convscope.tasks.segmentation.choice import mean_dice


def best_threshold(values: np.ndarray, foreground: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Return the threshold of values (n,) with the largest mean Dice of foreground (n,) and rest, and that Dice.

    What lies above is the foreground. The threshold lies halfway between two values; below the least one where all is
    best taken for foreground, and at the largest one where there is no foreground.

    >>> best_threshold(np.array([1.0, 3.0, 2.0, 4.0]), np.array([0, 1, 0, 1]), np.ones(4))
    (2.5, 1.0)
    """
    order = np.argsort(-values, kind="stable")
    ordered, weights = values[order].astype(np.float64), weights[order].astype(np.float64)
    hits = np.cumsum(weights * foreground[order])
    false = np.cumsum(weights * (1.0 - foreground[order]))
    if not hits[-1]:
        return float(ordered[0]), 0.0
    dice = mean_dice(hits, false, false[-1], hits[-1])
    last = np.append(ordered[:-1] > ordered[1:], True)  # equal values are taken together
    best = int(np.argmax(np.where(last, dice, -1.0)))
    below = ordered[best + 1] if best + 1 < len(ordered) else ordered[best] - 1
    return float((ordered[best] + below) / 2), float(dice[best])
