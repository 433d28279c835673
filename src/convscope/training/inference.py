"""A network's figures on a split: what the objective says of all its batches together."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from convscope.data.loader import Loader
from convscope.tasks.task import Objective
from convscope.training.plan import Plan
from convscope.training.precision import arithmetic, in_float32
from convscope.world import ALONE, World


def measure(
    model: nn.Module, batches: Loader, objective: Objective, plan: Plan, world: World = ALONE
) -> dict[str, float]:
    """Return the loss and the metrics of a split: in evaluation mode, with no gradient recorded.

    Each process of ``world`` measures its own part of every batch.
    """
    training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            parts = []
            for batch in batches.sequential(world):
                with arithmetic(plan):
                    output = model(*batch.inputs)
                parts.append(_fractions(objective(in_float32(output), batch)))
    finally:
        model.train(training)
    numerators, denominators = world.mean(torch.stack(parts).sum(0)).unbind(0)
    return dict(zip(("loss", *objective.metrics), (numerators / denominators).tolist(), strict=True))


def _fractions(measured: tuple[Tensor, Tensor | float, Tensor, Tensor | float]) -> Tensor:
    """Return numerators and denominators, (2, 1 + M) float64, of the loss and the metrics of a batch."""
    loss, weight, numerators, denominators = measured
    over = torch.as_tensor(denominators, dtype=torch.float64, device=loss.device).expand(len(numerators))
    mass = torch.as_tensor(weight, dtype=torch.float64, device=loss.device)[None]
    above = torch.cat((loss.double()[None] * mass, numerators.double()))
    return torch.stack((above, torch.cat((mass, over))))
