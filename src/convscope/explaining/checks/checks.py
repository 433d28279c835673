"""All checks of a method on a batch of inputs; of several methods, with what they share computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np
import torch

from convscope.errors import ConfigError
from convscope.explaining.attribution import Attribution
from convscope.explaining.checks.deletion import References, deletion, references
from convscope.explaining.checks.edges import edges
from convscope.explaining.checks.estimate import Estimate, mean_of
from convscope.explaining.checks.figures import NOT_RANDOMISED
from convscope.explaining.checks.likeness import spearman
from convscope.explaining.checks.positions import is_tokens, positions
from convscope.explaining.checks.random_weights import cascade
from convscope.explaining.checks.result import Checks, Gap
from convscope.explaining.checks.runner_up import runner_up
from convscope.explaining.checks.stability import stability
from convscope.explaining.explained import Explained
from convscope.explaining.failures import check_finite
from convscope.explaining.methods import Method
from convscope.explaining.score import RegionScore, Score

T = TypeVar("T")
NOUNS = {3: "signal", 4: "image", 5: "volume"}  # by the number of axes of a batch


def check(
    method: Method,
    explained: Explained,
    score: Score,
    *,
    trained: bool = True,
    beside: Sequence[References] | None = None,
) -> Checks:
    """Return the checks of a method on inputs x (N, ...) of a network, which is left as it is.

    ``trained`` is False for a network that has learned nothing: the verdict says so. ``beside`` are the
    ``references`` of the same inputs and score, where they are known already. The same inputs give the same numbers.

    Raises as the method does, and where its maps are not finite.

    >>> import torch
    >>> from convscope.explaining.methods import METHODS
    >>> from convscope.explaining.score import ChosenScore
    >>> _ = torch.manual_seed(0)
    >>> model, x = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 3)), torch.randn(32, 1, 8, 8)
    >>> checks = check(METHODS["gradient"], Explained(model, x), ChosenScore(model(x).argmax(1)))
    >>> checks.examples, checks.random_weights.last.value < 0.5
    (32, True)
    """
    attribution = method.compute(explained, score)
    check_finite(explained, torch.from_numpy(attribution.map))
    there, notes = positions(explained.x), list[str](attribution.notes)
    maps = attribution.map

    def known(without: str, measured: Callable[[], T]) -> T | None:
        try:
            return measured()
        except ConfigError as problem:
            notes.append(f"{without}: {problem}")
            return None

    return Checks(
        method.name,
        score.name,
        noun_of(explained),
        len(maps),
        trained,
        _constant(maps, there),
        known(NOT_RANDOMISED, lambda: cascade(method, explained, score, maps)),
        known("not compared with edges", lambda: likeness_to_edges(explained, maps)),
        deletion(explained, score, maps, references(explained, score) if beside is None else beside),
        known("not checked under noise", lambda: stability(method, explained, score, maps)),
        _gap(attribution),
        known("not compared with the runner-up", lambda: runner_up(method, explained, score, maps)),
        tuple(notes),
        isinstance(score, RegionScore),
    )


def check_all(methods: Iterable[Method], explained: Explained, score: Score, *, trained: bool = True) -> list[Checks]:
    """Return the checks of each method on the same inputs; the orders that they are compared to are computed once."""
    beside = references(explained, score)
    return [check(method, explained, score, trained=trained, beside=beside) for method in methods]


def likeness_to_edges(explained: Explained, maps: np.ndarray) -> Estimate:
    """Return Spearman's correlation of the magnitudes of maps (N, *space) with the edges of their inputs.

    Raises ``ConfigError`` for tokens, which have none.
    """
    outline = edges(explained.x)
    if outline is None:
        raise ConfigError("a text has none")
    return mean_of(spearman(abs(maps), outline, positions(explained.x)))


def noun_of(explained: Explained) -> str:
    """Return what an input is: a text, a signal, an image or a volume."""
    return "text" if is_tokens(explained.x) else NOUNS.get(explained.x.ndim, "input")


def _constant(maps: np.ndarray, there: np.ndarray) -> int:
    """Return how many maps are one number everywhere."""
    return sum(bool(np.ptp(values[at]) == 0) for values, at in zip(maps, there, strict=True) if at.any())


def _gap(attribution: Attribution) -> Gap | None:
    if attribution.gap is None:
        return None
    relative = abs(attribution.gap) / np.maximum(abs(attribution.score), np.finfo(np.float32).tiny)
    return Gap(float(np.median(relative)), float(relative.max()))
