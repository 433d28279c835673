"""What a training will cost in time and memory, from a few steps taken on a copy of the network."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from convscope.data.batches import Batches
from convscope.training.inference import targets_of
from convscope.training.loop import Loss
from convscope.training.optimisers import make_optimiser
from convscope.training.plan import Plan
from convscope.training.precision import arithmetic

STEPS = 3


@dataclass(frozen=True)
class Estimate:
    """Seconds an epoch of training steps takes, and the bytes that weights, optimiser and activations need."""

    seconds_per_epoch: float
    bytes: int


def estimate(model: nn.Module, train: Batches, plan: Plan, loss: Loss, classes: int) -> Estimate:
    """Time a few steps and count what they keep in memory; the network itself is left untouched."""
    trial = copy.deepcopy(model).train()
    optimiser = make_optimiser(trial, plan)
    batches = train.epoch(0)
    saved: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    taken: list[float] = []
    for batch, _ in zip(batches, range(STEPS), strict=False):
        saved.clear()
        began = time.perf_counter()
        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            with arithmetic(plan):
                logits = trial(batch.x).float()
            value = loss(logits, targets_of(batch, classes))
        optimiser.zero_grad(set_to_none=True)
        value.backward()
        optimiser.step()
        taken.append(time.perf_counter() - began)
    weights = sum(p.numel() * p.element_size() for p in trial.parameters())
    # The first step also pays for choosing kernels and for memory, so the fastest is the honest one.
    return Estimate(min(taken) * len(train), 4 * weights + sum(saved.values()))
