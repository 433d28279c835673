"""The fused steps against torch's own optimisers, to the bit."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from convscope.training.optimisers import ADAMW_BETA2, Optimiser
from convscope.training.plan import Plan, make_plan


def net() -> nn.Sequential:
    torch.manual_seed(0)
    made = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(288, 5))
    return made.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


def theirs(model: nn.Module, plan: Plan) -> torch.optim.Optimizer:
    weights = list(model.parameters())
    groups = [
        {"params": [w for w in weights if w.ndim > 1], "weight_decay": plan.weight_decay},
        {"params": [w for w in weights if w.ndim <= 1], "weight_decay": 0.0},
    ]
    if plan.opt == "adamw":
        return torch.optim.AdamW(groups, lr=1.0, betas=(plan.momentum, ADAMW_BETA2), fused=True)
    return torch.optim.SGD(groups, lr=1.0, momentum=plan.momentum, nesterov=plan.momentum > 0, fused=True)


def gradients(model: nn.Module, number: int, optimiser: Optimiser | torch.optim.Optimizer) -> None:
    x = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(number))
    optimiser.zero_grad()
    model(x).square().mean().backward()


@pytest.mark.parametrize(("opt", "momentum"), [("adamw", 0.9), ("sgd", 0.9), ("sgd", 0.0)])
def test_steps_equal_torchs_while_rate_and_momentum_move(opt: str, momentum: float) -> None:
    plan = make_plan({"opt": opt, "lr": 0.01, "momentum": momentum})
    mine, other = net(), net()
    own, reference = Optimiser(mine, plan), theirs(other, plan)
    for number in range(20):
        own.lr, own.momentum = 0.01 + number * 0.001, max(0.0, momentum - number * 0.01)
        for group in reference.param_groups:
            group["lr"] = own.lr
            group.update({"betas": (own.momentum, ADAMW_BETA2)} if opt == "adamw" else {"momentum": own.momentum})
        for model, optimiser in ((mine, own), (other, reference)):
            gradients(model, number, optimiser)
            optimiser.step()
    assert all(torch.equal(a, b) for a, b in zip(mine.parameters(), other.parameters(), strict=True))


def test_a_weight_without_a_gradient_stays() -> None:
    model = net()
    optimiser = Optimiser(model, make_plan({"lr": 0.1}))
    gradients(model, 0, optimiser)
    model[3].weight.grad = None
    before = [w.clone() for w in model.parameters()]
    optimiser.step()
    changed = [not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True)]
    assert changed == [True, True, True, True, False, True]


@pytest.mark.parametrize("opt", ["adamw", "sgd"])
def test_what_is_restored_goes_on_as_before_and_is_not_written_into(opt: str) -> None:
    plan = make_plan({"opt": opt, "lr": 0.01})
    model = net()
    optimiser = Optimiser(model, plan)
    gradients(model, 0, optimiser)
    optimiser.step()
    # As files hold them: a copy in plain order, while the weights keep their channels innermost.
    kept = {name: value.clone(memory_format=torch.contiguous_format) for name, value in optimiser.state().items()}
    before = {name: value.clone() for name, value in kept.items()}
    other = net()
    other.load_state_dict(model.state_dict())
    again = Optimiser(other, plan)
    again.restore(kept)
    for number in (1, 2):
        for net_, steps in ((model, optimiser), (other, again)):
            gradients(net_, number, steps)
            steps.step()
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))
    assert all(torch.equal(kept[name], before[name]) for name in kept)
