"""What a method says of a batch of inputs: how much each place, and each number, counts for a score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Attribution:
    """What each place of each input (N, C, *space) counts for its score.

    ``map`` (N, *space) float32 is what is drawn and checked, with a sign where the method has one; ``values``
    (N, C, *space) are of every input number, None for methods that have no such. ``score`` (N,) is what is explained.
    ``node`` is the layer that a class activation map was taken of, as ``inspect`` names it. ``gap`` (N,) is by how much
    the sum of the values misses what theory says that it is. ``notes`` say what else is to be known of it.
    """

    map: np.ndarray
    values: np.ndarray | None
    score: np.ndarray
    method: str
    node: str | None = None
    gap: np.ndarray | None = None
    notes: tuple[str, ...] = ()
