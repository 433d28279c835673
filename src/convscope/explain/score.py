"""The one number of an answer that is explained, and a network's scores of many inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from convscope.data.spec import Classes, Labels, Numbers, TargetSpec

NUMBERS = 2_000_000  # of the inputs of one batch: what a network makes of them is some hundred times as many


@dataclass(frozen=True)
class Score:
    """One number of each answer: ``of`` network outputs (N, K) it is (N,); ``name`` says in words what it is."""

    name: str
    of: Callable[[Tensor], Tensor]


def score_of(target: TargetSpec, number: int) -> Score | None:
    """Return the score of what stands at ``number`` of an answer; ``None`` for targets that have no such number.

    Of a class it is its log-odds ln(p / (1 - p)), of a label its logit (the same), of a number the number itself.

    >>> score = score_of(Classes(("ant", "bee")), 1)
    >>> score.name, round(float(score.of(torch.tensor([[0.0, 3.0]]))), 4)
    ('log-odds of “bee”', 3.0)
    """
    if isinstance(target, Classes):
        others = [k for k in range(len(target.names)) if k != number]
        return Score(f"log-odds of “{target.names[number]}”", lambda out: out[:, number] - out[:, others].logsumexp(1))
    if isinstance(target, Labels):
        return Score(f"log-odds of “{target.names[number]}”", lambda out: out[:, number])
    if isinstance(target, Numbers):
        mean, std = target.mean[number], target.std[number]
        unit = f" in {target.units[number]}" if target.units[number] else ""
        return Score(f"{target.names[number]}{unit}", lambda out: out[:, number] * std + mean)
    return None


@contextmanager
def answering(model: nn.Module) -> Iterator[None]:
    """Put a network into evaluation mode; afterwards each of its modules is in the mode that it was in."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def scores(model: nn.Module, inputs: Tensor, score: Score) -> np.ndarray:
    """Return the score (M,) float64 of each of the inputs (M, ...)."""
    at_once = max(1, NUMBERS // max(1, inputs[0].numel()))
    with answering(model), torch.inference_mode():
        return torch.cat([score.of(model(part).double()) for part in inputs.split(min(at_once, 256))]).numpy()
