"""What a training will cost in time and memory, from a few steps taken on a copy of the network."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from convscope.data.batch import Batch
from convscope.data.loader import Loader
from convscope.tasks.task import Objective
from convscope.training.out_of_memory import does_not_fit, is_out_of_memory, split
from convscope.training.plan import Plan
from convscope.training.trial import Trial

STEPS = 3


@dataclass(frozen=True)
class Estimate:
    """Seconds an epoch of training steps takes, and the bytes that weights, optimiser and activations need.

    ``forward`` are the seconds of the epoch's forward passes alone.
    """

    seconds_per_epoch: float
    bytes: int
    forward: float = 0.0


def estimate(model: nn.Module, train: Loader, plan: Plan, objective: Objective) -> Estimate:
    """Time a few steps and count what they keep in memory; the network itself is left untouched.

    Compiled steps are taken uncompiled here: compiling would take longer than the answer is worth.
    """
    batch = next(train.epoch(0))
    while True:
        try:
            seconds, needed = _measured(model, batch, replace(plan, compile=False), objective)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            if len(batch) == 1:
                raise does_not_fit(batch) from error
            batch = split(batch, 2)[0]  # as the training itself will
        else:
            steps = train.bounds[-1] / len(batch)
            return Estimate(seconds["all"] * steps, needed, seconds["forward"] * steps)


def _measured(model: nn.Module, batch: Batch, plan: Plan, objective: Objective) -> tuple[dict[str, float], int]:
    """Return the seconds of a step on one batch, and of its forward pass, and the step's bytes."""
    trial = Trial(model, batch, plan, objective)
    saved: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    taken: list[dict[str, float]] = []
    for _ in range(STEPS):
        saved.clear()
        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            found = trial.step()
            taken.append({"all": sum(found.values()), "forward": found["forward"]})
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    # The first step also pays for choosing kernels and for memory, so the fastest is the honest one.
    fastest = min(taken, key=lambda seconds: seconds["all"])
    return fastest, 4 * weights + sum(saved.values())
