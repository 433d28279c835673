"""The one check that takes a moment: whether a map stays what it is when the weights of the network are random."""

from __future__ import annotations

import numpy as np

from convscope.explaining.checks.checks import noun_of
from convscope.explaining.checks.positions import positions
from convscope.explaining.checks.random_weights import cascade
from convscope.explaining.checks.result import Checks
from convscope.explaining.explained import Explained
from convscope.explaining.methods import Method
from convscope.explaining.score import Score


def quick_check(method: Method, explained: Explained, score: Score, *, trained: bool = True) -> Checks:
    """Return the checks of a method with the cascade of random weights alone; raises as ``check``."""
    maps = method.compute(explained, score).map
    there = positions(explained.x)
    constant = sum(bool(np.ptp(values[at]) == 0) for values, at in zip(maps, there, strict=True) if at.any())
    steps = cascade(method, explained, score, maps)
    return Checks(
        method.name, score.name, noun_of(explained), len(maps), trained, constant, steps, None, (), None, None, None
    )
