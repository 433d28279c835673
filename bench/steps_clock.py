"""What benchmarks of training steps share: a place where nothing is saved, a clock of steps, a plain optimiser."""

from __future__ import annotations

import time
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from convscope.events import Listener


class Nowhere:
    """Keeps nothing of a training."""

    def keep_state(self, state: object) -> None: ...
    def keep_weights(self, weights: object, epoch: int) -> None: ...


class Clock(Listener):
    """CPU seconds from the end of the first step to that of the last: no start, no validation."""

    def __init__(self) -> None:
        self.ticks: list[float] = []

    def step(self, epoch: int, number: int, of: int, values: Mapping[str, Tensor]) -> None:
        self.tick()

    def tick(self) -> None:
        self.ticks.append(time.process_time())

    def rate(self, batch: int) -> float:
        """Return the examples per CPU second."""
        return batch * (len(self.ticks) - 1) / (self.ticks[-1] - self.ticks[0])


def plain_adamw(model: nn.Module, lr: float) -> torch.optim.AdamW:
    """Return AdamW as a well-written loop has it: fused, and without decay for norms and biases."""
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": 0.01}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=lr, fused=True)
