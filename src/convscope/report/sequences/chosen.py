"""Which examples are looked at closely: a few that the network got right, and those it got most wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RIGHT, WRONG = 4, 4


@dataclass(frozen=True)
class Chosen:
    """An example at a position of the split, the number of the answer that is explained, and what there is to say."""

    row: int
    answer: int
    said: str
    right: bool


@dataclass(frozen=True)
class Closely:
    """The ``examples`` that are shown, and which number of each answer of the split is explained, ``answers`` (n,)."""

    examples: tuple[Chosen, ...]
    answers: np.ndarray


def spread(rows: np.ndarray, count: int = RIGHT) -> np.ndarray:
    """Return ``count`` of some rows at even distances, the first and the last one included.

    >>> spread(np.array([5, 1, 4, 2, 3]), 3).tolist()
    [5, 4, 3]
    """
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(int))] if len(rows) else rows
