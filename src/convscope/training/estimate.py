"""What a training will cost in time and memory, from a few steps taken on a copy of the network."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from convscope.data.batches import Batches
from convscope.training.loop import Loss
from convscope.training.plan import Plan
from convscope.training.trial import Trial

STEPS = 3


@dataclass(frozen=True)
class Estimate:
    """Seconds an epoch of training steps takes, and the bytes that weights, optimiser and activations need."""

    seconds_per_epoch: float
    bytes: int


def estimate(model: nn.Module, train: Batches, plan: Plan, loss: Loss, classes: int) -> Estimate:
    """Time a few steps and count what they keep in memory; the network itself is left untouched.

    Compiled steps are taken uncompiled here: compiling would take longer than the answer is worth.
    """
    trial = Trial(model, next(train.epoch(0)), replace(plan, compile=False), loss, classes)
    saved: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    taken = []
    for _ in range(STEPS):
        saved.clear()
        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            taken.append(sum(trial.step().values()))
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    # The first step also pays for choosing kernels and for memory, so the fastest is the honest one.
    return Estimate(min(taken) * len(train), 4 * weights + sum(saved.values()))
