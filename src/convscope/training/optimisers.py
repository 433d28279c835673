"""Optimisers with the parameter groups that decay spares, and their rate and momentum set from outside."""

from __future__ import annotations

import torch
from torch import nn
from torch.optim import Optimizer

from convscope.training.plan import Plan

ADAMW_BETA2 = 0.99  # short trainings: a memory of a hundred steps


def make_optimiser(model: nn.Module, plan: Plan) -> Optimizer:
    """Build AdamW or SGD+Nesterov, fused; weights decay, while norms and biases (one-dimensional) do not."""
    trainable = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trainable if p.ndim > 1], "weight_decay": plan.weight_decay},
        {"params": [p for p in trainable if p.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    assert plan.lr is not None  # settled before training
    if plan.opt == "adamw":
        return torch.optim.AdamW(groups, lr=plan.lr, betas=(plan.momentum, ADAMW_BETA2), fused=True)
    return torch.optim.SGD(groups, lr=plan.lr, momentum=plan.momentum, nesterov=plan.momentum > 0, fused=True)


def set_rate(optimiser: Optimizer, lr: float, momentum: float) -> None:
    """Give every group this learning rate and momentum (AdamW's first beta)."""
    for group in optimiser.param_groups:
        group["lr"] = lr
        if "betas" in group:
            group["betas"] = (momentum, group["betas"][1])
        else:
            group["momentum"] = momentum
