"""What a network of numbers is trained on: the smooth absolute error of standardised numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import smooth_l1_loss

from convscope.data.batch import Batch
from convscope.data.spec import Numbers
from convscope.tasks.regression.evidence import scale
from convscope.tasks.task import Measured, Monitor


class SmoothAbsolute:
    """Quadratic within one standard deviation of the target, linear beyond: outliers do not dominate (Huber 1964).

    The mean over the known numbers of a batch. Its metric ``mae`` is the mean absolute error over an example's numbers,
    in their unit, or in standard deviations where they have different ones.
    """

    metrics: tuple[str, ...] = ("mae",)
    monitor = Monitor("mae", "lower")
    notices: tuple[str, ...] = ()
    narrow: tuple[str, ...] = ()

    def __init__(self, unit: np.ndarray, blind: float, device: str = "cpu"):
        self.unit, self.blind = torch.tensor(unit, dtype=torch.float32, device=device), blind

    def __call__(self, output: Tensor, batch: Batch) -> Measured:
        """Compare standardised numbers (N, K) with those of a batch; missing ones (NaN) do not count."""
        (targets,) = batch.targets
        wanted = targets if batch.mixed is None else _mixed(targets, batch)
        known = torch.isfinite(wanted)
        number = known.sum()
        apart = smooth_l1_loss(output, torch.where(known, wanted, output.detach()), reduction="sum")
        with torch.no_grad():
            present = torch.isfinite(targets)
            errors = torch.where(present, (output - targets).abs() * self.unit, 0.0)
            each = errors.sum(1) / present.sum(1).clamp(min=1)
            scored = present.any(1)
        return Measured(apart / number.clamp(min=1), number, each[scored].sum()[None], scored.sum())


def _mixed(targets: Tensor, batch: Batch) -> Tensor:
    assert batch.mixed is not None
    (partners,), weight = batch.mixed.targets, batch.mixed.weight[:, None]
    return weight * targets + (1 - weight) * partners


def objective(target: Numbers, options: Any, train: np.ndarray, valid: np.ndarray, device: str) -> SmoothAbsolute:
    """Return the objective for standardised numbers (n, K) of the training split."""
    known = torch.from_numpy(train[np.isfinite(train)])
    blind = float(smooth_l1_loss(torch.zeros_like(known), known)) if len(known) else 0.5
    return SmoothAbsolute(np.array(target.std) / scale(target), blind, device)


class InUnits(nn.Module):
    """From standardised numbers (N, K) to numbers in their units, in float64: a year or a time has more digits than
    float32 holds.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, target: Numbers):
        super().__init__()
        self.register_buffer("mean", torch.tensor(target.mean, dtype=torch.float64))
        self.register_buffer("std", torch.tensor(target.std, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        """Return x · standard deviation + mean."""
        return x * self.std + self.mean
