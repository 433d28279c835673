"""Integrated gradients: gradient times input, averaged along the way from a baseline (Sundararajan et al. 2017).

The attributions add up to score(x) - score(baseline); ``gap`` says by how much they miss it, since the way is walked in
finitely many steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from convscope.explain.score import NUMBERS, Score, answering

STEPS, FEWEST = 32, 8
LONG = 64_000  # positions of an example times steps of the way, above which fewer steps are taken


@dataclass(frozen=True)
class Integrated:
    """Attributions, of the shape of the input, and the scores at either end of the way."""

    values: np.ndarray
    score: float
    baseline: float

    @property
    def gap(self) -> float:
        """The sum of the attributions minus what it is to be."""
        return float(self.values.sum()) - (self.score - self.baseline)


def steps_for(positions: int) -> int:
    """Return how many steps of the way are taken for an example of so many positions.

    >>> steps_for(96), steps_for(4_000), steps_for(1_000_000)
    (32, 16, 8)
    """
    return min(STEPS, max(FEWEST, LONG // positions))


def integrated_gradients(model: nn.Module, x: Tensor, score: Score, baseline: float, steps: int = STEPS) -> Integrated:
    """Return (x - baseline) · ∫ gradient(baseline + a (x - baseline)) da for one example x (1, ...), by midpoints.

    >>> linear = nn.Linear(2, 1, bias=False)
    >>> _ = linear.load_state_dict({"weight": torch.tensor([[2.0, -3.0]])})
    >>> found = integrated_gradients(linear, torch.tensor([[1.0, 4.0]]), Score("y", lambda out: out[:, 0]), 0.0)
    >>> found.values.tolist(), abs(found.gap) < 1e-6
    ([2.0, -12.0], True)
    """
    apart = x - baseline
    along = (torch.arange(steps, dtype=x.dtype) + 0.5) / steps
    total = torch.zeros_like(x[0], dtype=torch.float64)
    at_once = max(1, min(steps, NUMBERS // max(1, x.numel())))
    with answering(model), torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
        for part in along.split(at_once):
            points = (baseline + part.view(-1, *[1] * (x.ndim - 1)) * apart).requires_grad_()
            (gradient,) = torch.autograd.grad(score.of(model(points).double()).sum(), points)
            total += gradient.double().sum(0)
        with torch.no_grad():
            ends = score.of(model(torch.cat([torch.full_like(x, baseline), x])).double())
    values = (total / steps * apart[0].double()).numpy()
    return Integrated(values, float(ends[1]), float(ends[0]))
