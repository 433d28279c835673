"""What training steps cost in time and memory: a few of them, taken on a copy of the network and timed part by part."""

from __future__ import annotations

import copy
import itertools
import time
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from convscope.data.batch import Batch
from convscope.data.loader import Loader
from convscope.tasks.task import Objective
from convscope.training.accelerate import accelerated, in_order
from convscope.training.machine import wait_for
from convscope.training.optimisers import Optimiser
from convscope.training.out_of_memory import does_not_fit, is_out_of_memory, split
from convscope.training.plan import Plan
from convscope.training.precision import arithmetic, in_float32

STEPS = 3  # that an estimate is made from
PARTS = ("forward", "backward", "optimiser")


class Trial:
    """Steps of a copy in the form that ``plan`` says, on one batch; the network itself is left untouched."""

    def __init__(self, model: nn.Module, batch: Batch, plan: Plan, objective: Objective):
        own = in_order(copy.deepcopy(model), plan).train()
        self.plan, self.objective = plan, objective
        self.batch = replace(batch, inputs=tuple(in_order(x, plan) for x in batch.inputs))
        self.model = accelerated(own, plan, tuple(self.batch.x.shape))
        self.model.train()
        self.optimiser = Optimiser(own, plan)

    def step(self) -> dict[str, float]:
        """Take one step; return the seconds of its ``PARTS``."""
        clock = [time.perf_counter()]

        def tick() -> None:
            wait_for(self.plan.device)
            clock.append(time.perf_counter())

        with arithmetic(self.plan):
            output = in_float32(self.model(*self.batch.inputs))
        loss = self.objective(output, self.batch).loss
        tick()
        self.optimiser.zero_grad()
        loss.backward()
        tick()
        self.optimiser.step()
        tick()
        return dict(zip(PARTS, (b - a for a, b in itertools.pairwise(clock)), strict=True))


@dataclass(frozen=True)
class Estimate:
    """Seconds per epoch of training steps, and the bytes that weights, optimiser and activations need.

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
            times = trial.step()
            taken.append({"all": sum(times.values()), "forward": times["forward"]})
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    # The first step also pays for choosing kernels and for memory, so the fastest is the honest one.
    fastest = min(taken, key=lambda seconds: seconds["all"])
    return fastest, 4 * weights + sum(saved.values())
