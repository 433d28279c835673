"""Whether a map is of the answer that is explained, or would be the same for the second one."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from convscope.errors import ConfigError
from convscope.explaining.checks.estimate import Estimate, mean_of
from convscope.explaining.checks.likeness import spearman
from convscope.explaining.checks.positions import positions
from convscope.explaining.explained import Explained
from convscope.explaining.methods import Method
from convscope.explaining.score import NUMBERS, ChosenScore, RegionScore, Score, answering


def runner_up(method: Method, explained: Explained, score: Score, original: np.ndarray) -> Estimate:
    """Return Spearman's correlation of a map with that of the output that is highest but for the one explained.

    Signs count: where one map is the other with its signs turned round, it is -1. Raises ``ConfigError`` where there is
    no second output.
    """
    maps = method.compute(explained, runner_up_score(explained, score)).map
    return mean_of(spearman(original, maps, positions(explained.x)))


def runner_up_score(explained: Explained, score: Score) -> Score:
    """Return the score of the highest of the other outputs, for each row; raises ``ConfigError`` without others."""
    if not isinstance(score, ChosenScore | RegionScore):
        raise ConfigError(f"the score ({score.name}) is not one output of several")
    numbers = _highest_others(explained, score)
    name = f"{score.name} of the runner-up"
    return RegionScore(score.masks, numbers, name) if isinstance(score, RegionScore) else ChosenScore(numbers, name)


def _highest_others(explained: Explained, score: ChosenScore | RegionScore) -> Tensor:
    """Return the number (N,) of the output with the highest score but for the one explained."""
    at_once = max(1, NUMBERS // max(1, explained.x[0].numel()))
    numbers: list[Tensor] = []
    with answering(explained.model), torch.inference_mode():
        for first in range(0, len(explained.x), at_once):
            rows = slice(first, first + at_once)
            outputs = explained.model(explained.x[rows])
            if not isinstance(outputs, Tensor):
                raise ConfigError(f"the network's output is no tensor but {type(outputs).__name__}")
            if outputs.shape[1] < 2:
                raise ConfigError("the network has one output")
            every = torch.stack([_of_output(score, rows, outputs, number) for number in range(outputs.shape[1])], 1)
            own = score.numbers[rows, None].to(every.device)
            numbers.append(every.scatter(1, own, -torch.inf).argmax(1))
    return torch.cat(numbers).cpu()


def _of_output(score: ChosenScore | RegionScore, rows: slice, outputs: Tensor, number: int) -> Tensor:
    """Return the score (N,) that these rows would have for one output."""
    numbers = torch.full((len(outputs),), number)
    if isinstance(score, RegionScore):
        return RegionScore(score.masks[rows], numbers).of(outputs)
    return ChosenScore(numbers).of(outputs)
