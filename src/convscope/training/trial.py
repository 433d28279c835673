"""A few training steps on a copy of a network, to learn what they cost."""

from __future__ import annotations

import copy
import itertools
import time
from dataclasses import replace

from torch import nn

from convscope.data.batch import Batch
from convscope.tasks.task import Objective
from convscope.training.accelerate import accelerated, in_order
from convscope.training.machine import wait_for
from convscope.training.optimisers import Optimiser
from convscope.training.plan import Plan
from convscope.training.precision import arithmetic

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
            output = self.model(*self.batch.inputs).float()
        loss = self.objective(output, self.batch).loss
        tick()
        self.optimiser.zero_grad()
        loss.backward()
        tick()
        self.optimiser.step()
        tick()
        return dict(zip(PARTS, (b - a for a, b in itertools.pairwise(clock)), strict=True))
