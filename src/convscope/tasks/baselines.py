"""Simple methods beside the network, on the same split: did convolution earn its keep?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from convscope.data.dataset import Split
from convscope.data.spec import TargetSpec

FLOATS = int(12e6)  # features held for learning: 48 MB, whatever the size of the set


@dataclass(frozen=True)
class Budget:
    """What a simple method may take: seconds of learning, the seed it draws with, and ``room`` for its features.

    ``room`` is one array for one method after the other: a new one each would leave holes in the memory. ``width`` is
    how many numbers of an example the network beside it keeps at its narrowest, where all must pass there.
    """

    seconds: float
    seed: int
    room: np.ndarray
    width: int | None = None


@dataclass(frozen=True)
class BaselineResult:
    """A simple method's predictions (n, ...) for the scored split, and what it took to get them.

    ``what`` is one sentence for the report, ``seconds`` counts learning and scoring, ``train_rows`` the examples
    learned from, and ``stopped_early`` says that the clock ended the learning. ``target`` is what its predictions are
    read with, where that is not as the network's are: thresholds of its own.
    """

    name: str
    what: str
    predictions: Any
    seconds: float
    train_rows: int
    stopped_early: bool
    target: TargetSpec | None = None


# From its name, the training and the scored split, the target and the budget; ``None`` where it is not for such inputs.
Baseline = Callable[[str, Split, Split, Any, Budget], BaselineResult | None]


def run(
    methods: Mapping[str, Baseline],
    train: Split,
    scored: Split,
    target: TargetSpec,
    *,
    seconds: float = 8.0,
    seed: int = 0,
    width: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[BaselineResult]:
    """Train each simple method for at most about ``seconds`` on ``train`` and predict all of ``scored``.

    ``width`` is as in ``Budget``; ``progress`` is called with each method's name before it starts.
    """
    from threadpoolctl import threadpool_limits

    results = []
    budget = Budget(seconds, seed, np.empty(FLOATS, np.float32), width)
    # One thread: the estimates are for one, the results do not depend on how many there are, and on two cores that
    # others use too, these small matrix products took twenty times as long in two threads as in one.
    with threadpool_limits(1, user_api="blas"):
        for name, method in methods.items():
            if progress:
                progress(name)
            if (result := method(name, train, scored, target, budget)) is not None:
                results.append(result)
    return results
