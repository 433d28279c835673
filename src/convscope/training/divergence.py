"""Noticing that training diverges, at the step where it shows."""

from __future__ import annotations

import math
from collections import deque

import numpy as np
import torch
from torch import Tensor

SPAN = 20  # steps whose mean loss is looked at
TIMES = 10  # how far above its beginning it may rise
CHECK = 10  # steps between two looks on a device that would have to be waited for


class Diverged(Exception):  # noqa: N818 - the loop's word for it; users see an Error
    """The loss is not finite, or has exploded."""


class LossWatch:
    """Raises ``Diverged`` at the first loss that is not finite, or where the loss explodes.

    It explodes when the mean of the last 20 steps is above 10 times the mean of the run's first 20, or ``blind``, the
    loss of guessing, where that is higher. ``before`` (n,) are the losses so far.
    """

    def __init__(self, device: str, blind: float, before: np.ndarray):
        self._every = 1 if device == "cpu" else CHECK
        self._pending: list[Tensor] = []
        self._first: list[float] = before[:SPAN].tolist()
        self._recent: deque[float] = deque(before[-SPAN:].tolist(), maxlen=SPAN)
        self._guessing = blind

    def add(self, loss: Tensor) -> None:
        """Enter the loss of a step."""
        self._pending.append(loss)
        if len(self._pending) >= self._every:
            self.check()

    def check(self) -> None:
        """Look at all losses entered so far."""
        alone = len(self._pending) == 1  # on a CPU always: a third of the time that stacking takes
        losses = [self._pending[0].item()] if alone else torch.stack(self._pending).tolist() if self._pending else []
        self._pending = []
        for loss in losses:
            self._judge(loss)

    def _judge(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise Diverged("the loss stopped being a number")
        if len(self._first) < SPAN:
            self._first.append(loss)
        self._recent.append(loss)
        mean, usual = (sum(window) / SPAN for window in (self._recent, self._first))
        if len(self._recent) == SPAN and mean > TIMES * max(usual, self._guessing):
            raise Diverged(f"the loss grew to {mean:.3g}, more than {TIMES} times that of the first {SPAN} steps")
