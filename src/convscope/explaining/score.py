"""The one number of an answer that is explained, and a network's scores of many inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from convscope.data.spec import Classes, Labels, Numbers, TargetSpec
from convscope.errors import ConfigError, ShapeError

Rows = Tensor | slice
NUMBERS = 2_000_000  # of the inputs of one batch: what a network makes of them is some hundred times as many


@dataclass(frozen=True)
class Score:
    """One number of each answer: ``of`` network outputs (N, K, ...) it is (N,); ``name`` says in words what it is."""

    name: str
    of: Callable[[Tensor], Tensor]

    def at(self, rows: Rows) -> Score:
        """Return the score of these rows of a batch, which may be repeated; of one target for all it is itself."""
        return self


@dataclass(frozen=True, init=False, eq=False)
class ChosenScore(Score):
    """A score of row i that is output ``numbers[i]`` itself, a class's logit, as the papers of CAMs and of LRP have it.

    Where outputs have places, (N, K, *space), it is the mean over them.

    >>> ChosenScore(torch.tensor([1, 0])).of(torch.tensor([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [2.0, 3.0]
    """

    numbers: Tensor  # (N,) int64

    def __init__(self, numbers: Tensor | np.ndarray | Sequence[int], name: str = "logit"):
        numbers = torch.as_tensor(numbers, dtype=torch.int64)
        object.__setattr__(self, "numbers", numbers)
        super().__init__(name, partial(_chosen, numbers))

    def at(self, rows: Rows) -> ChosenScore:
        """Return the score of these rows of the batch, each for its own target."""
        return ChosenScore(self.numbers[rows], self.name)


@dataclass(frozen=True, init=False, eq=False)
class RegionScore(Score):
    """A score of row i that is the mean of output ``numbers[i]`` over the places of ``masks[i]``: an object, a pixel.

    ``masks`` are (N, *space) bool, of the size of the outputs (N, K, *space); each has at least one place.

    >>> outputs = torch.arange(8.0).view(1, 2, 2, 2)
    >>> RegionScore(torch.tensor([[[True, True], [False, False]]]), [1]).of(outputs).tolist()
    [4.5]
    """

    masks: Tensor
    numbers: Tensor

    def __init__(
        self,
        masks: Tensor | np.ndarray,
        numbers: Tensor | np.ndarray | Sequence[int] | int,
        name: str = "mean logit of the region",
    ):
        masks = torch.as_tensor(masks, dtype=torch.bool)
        numbers = torch.as_tensor(numbers, dtype=torch.int64).expand(len(masks))
        if not masks.flatten(1).any(1).all():
            row = int((~masks.flatten(1).any(1)).nonzero()[0])
            raise ConfigError(f"the region of example {row} is empty: mark at least one place of it")
        object.__setattr__(self, "masks", masks)
        object.__setattr__(self, "numbers", numbers)
        super().__init__(name, partial(_of_region, masks, numbers))

    def at(self, rows: Rows) -> RegionScore:
        """Return the score of these rows of the batch, each for its own target."""
        return RegionScore(self.masks[rows], self.numbers[rows], self.name)


def _chosen(numbers: Tensor, outputs: Tensor) -> Tensor:
    """Return output ``numbers[i]`` of row i, (N,)."""
    if int(numbers.max()) >= outputs.shape[1] or int(numbers.min()) < 0:
        number = int(numbers[(numbers >= outputs.shape[1]) | (numbers < 0)][0])
        raise ConfigError(f"the network has the outputs 0 to {outputs.shape[1] - 1}, there is no output {number}")
    taken = outputs[torch.arange(len(outputs), device=outputs.device), numbers.to(outputs.device, copy=True)]
    return taken if taken.ndim == 1 else taken.flatten(1).mean(1)


def _of_region(masks: Tensor, numbers: Tensor, outputs: Tensor) -> Tensor:
    """Return the mean of output ``numbers[i]`` over the places of ``masks[i]``, (N,)."""
    if masks.shape[1:] != outputs.shape[2:]:
        raise ShapeError(
            f"a region must have the size of the network's output, {tuple(outputs.shape[2:])}; "
            f"found {tuple(masks.shape[1:])}"
        )
    taken = outputs[torch.arange(len(outputs), device=outputs.device), numbers.to(outputs.device, copy=True)]
    inside = masks.to(taken).flatten(1)
    return (taken.flatten(1) * inside).sum(1) / inside.sum(1)


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
    """Put a network into evaluation mode; afterwards all of it, and random states, are as they were."""
    from convscope.graph.record import eager
    from convscope.graph.record.no_trace import no_trace

    with no_trace(model), eager(model):
        for module in model.modules():
            module.__dict__["training"] = False  # not ``eval``, which a class may have made into something else
        yield


def scores(model: nn.Module, inputs: Tensor, score: Score) -> np.ndarray:
    """Return the score (M,) float64 of each of the inputs (M, ...)."""
    at_once = min(256, max(1, NUMBERS // max(1, inputs[0].numel())))
    parts = [slice(first, first + at_once) for first in range(0, len(inputs), at_once)]
    with answering(model), torch.inference_mode():
        return torch.cat([score.at(part).of(model(inputs[part]).double()) for part in parts]).cpu().numpy()
