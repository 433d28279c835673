"""The moving average of a network's weights, kept in a second copy that is evaluated instead of it."""

from __future__ import annotations

import copy

import torch
from torch import nn


class AveragedModel:
    """Follows a model: after each step every weight moves the share 1 - decay towards the model's (Polyak and
    Juditsky 1992).

    Early on the decay is smaller, (1 + n) / (10 + n) after n steps, so that the average does not remember the initial
    weights. Buffers, such as batch-norm statistics, are copied.
    """

    def __init__(self, model: nn.Module, decay: float):
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.decay = decay
        self._pairs = list(self.model.parameters()), [p.detach() for p in model.parameters()]
        self._buffers = list(self.model.buffers()), list(model.buffers())

    def follow(self, steps: int) -> None:
        """Move towards the model, ``steps`` steps after the start."""
        decay = min(self.decay, (1 + steps) / (10 + steps))
        torch._foreach_lerp_(*self._pairs, 1 - decay)
        for mine, theirs in zip(*self._buffers, strict=True):
            mine.copy_(theirs)
