"""Learning rate and momentum as pure functions of how much of the training is done."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Kind = Literal["onecycle", "cosine", "constant"]

ONECYCLE_RISE = 0.3  # the share of the run in which one-cycle's rate rises
ONECYCLE_START, ONECYCLE_END = 1 / 25, 1e-4 / 25  # first and last rate, as shares of the highest
ONECYCLE_DIP = 0.1  # how far momentum dips at the highest rate


@dataclass(frozen=True)
class Schedule:
    """The rate and the momentum at each point of a run.

    ``warmup`` is the share of the run (0..1) over which cosine and constant rise linearly from zero.
    """

    kind: Kind
    lr: float
    momentum: float
    warmup: float = 0.0

    def at(self, done: float) -> tuple[float, float]:
        """Return (learning rate, momentum) when the share ``done`` in 0..1 of the training is over.

        One-cycle (Smith and Topin 2018) raises the rate from lr/25 to lr over the first 30 % and lowers it to almost
        nothing, both along a half cosine, while momentum moves the opposite way by 0.1.

        >>> Schedule("onecycle", lr=0.01, momentum=0.95).at(0.3)
        (0.01, 0.85)
        """
        if self.kind == "onecycle":
            return self._onecycle(done)
        ramp = min(1.0, done / self.warmup) if self.warmup else 1.0
        if self.kind == "constant" or done < self.warmup:
            return self.lr * ramp, self.momentum
        left = (done - self.warmup) / max(1e-12, 1 - self.warmup)
        return self.lr * (1 + math.cos(math.pi * min(1.0, left))) / 2, self.momentum

    def _onecycle(self, done: float) -> tuple[float, float]:
        rising = done < ONECYCLE_RISE
        height = done / ONECYCLE_RISE if rising else 1 - (done - ONECYCLE_RISE) / (1 - ONECYCLE_RISE)
        height = (1 - math.cos(math.pi * min(1.0, max(0.0, height)))) / 2  # 0 at both ends of the run, 1 at the top
        low = self.lr * (ONECYCLE_START if rising else ONECYCLE_END)
        return low + (self.lr - low) * height, self.momentum - min(ONECYCLE_DIP, self.momentum) * height
