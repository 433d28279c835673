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
        self._pairs = list(zip(self.model.parameters(), model.parameters(), strict=True))
        self._buffers = list(zip(self.model.buffers(), model.buffers(), strict=True))

    def follow(self, steps: int) -> None:
        """Move towards the model, ``steps`` steps after the start."""
        decay = min(self.decay, (1 + steps) / (10 + steps))
        with torch.no_grad():
            for mine, theirs in self._pairs:
                mine.lerp_(theirs, 1 - decay)
        for mine, theirs in self._buffers:
            mine.copy_(theirs)
