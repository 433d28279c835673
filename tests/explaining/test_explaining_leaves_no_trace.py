"""Explaining leaves a network, its gradients, hooks and modes, and random states as they were, also where it fails."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from convscope.explaining.explained import Explained
from convscope.explaining.methods import METHODS
from convscope.explaining.score import ChosenScore, Score


class _Net(nn.Module):
    """Counts its calls, draws numbers, mixes the modes of its modules, and has gradients and a frozen weight."""

    def __init__(self, *, draws: bool = True):
        super().__init__()
        self.draws = draws
        torch.manual_seed(0)
        self.conv, self.norm = nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3)
        self.relu, self.drop, self.fc = nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(3, 2)
        self.calls = 0
        self.norm.eval()
        self.conv.weight.requires_grad_(False)
        self.fc.weight.grad = torch.ones_like(self.fc.weight)

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        if self.draws:
            torch.rand(1), random.random(), np.random.rand()
        return self.fc(self.drop(self.relu(self.norm(self.conv(x)))).mean((2, 3)))


def _state(model: nn.Module, x: Tensor) -> list[Any]:
    state: list[Any] = [(name, array.clone()) for name, array in model.state_dict().items()]
    state += [(p.requires_grad, None if p.grad is None else p.grad.clone(), p._version) for p in model.parameters()]
    for module in model.modules():
        hooks = {name: len(value) for name, value in module.__dict__.items() if "hook" in name and value is not None
                 and not isinstance(value, bool)}  # fmt: skip
        state.append((module.training, hooks, sorted(module.__dict__), module.__dict__.get("calls")))
    state += [x.clone(), x.requires_grad, x.grad, torch.is_grad_enabled()]
    return [*state, torch.get_rng_state(), random.getstate(), str(np.random.get_state())]


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, Tensor):
        return torch.equal(before, after)
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(_same, before, after))
    return before == after


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("name", METHODS)
def test_no_trace(name: str, fails: bool):
    model, x = _Net(draws=name != "lrp"), torch.randn(2, 1, 6, 6)  # which refuses what is drawn
    assert model.training
    before = _state(model, x)
    calls = 0

    def of(outputs: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        if fails and (
            calls == 2
            or name in ("gradient", "inputxgradient", "guided", "deconv", "occlusion", "lrp")
            or "cam" in name
        ):
            raise ZeroDivisionError
        return outputs[:, 0]

    if fails:
        with pytest.raises(ZeroDivisionError):
            METHODS[name].compute(Explained(model, x), Score("first", of))
    else:
        METHODS[name].compute(Explained(model, x), Score("first", of))
    assert _same(before, _state(model, x))


def test_it_works_in_inference_mode_and_with_frozen_networks():
    model = _Net(draws=False).requires_grad_(False)
    plain = {name: method.compute(Explained(model, torch.ones(1, 1, 6, 6)), ChosenScore([1]))
             for name, method in METHODS.items()}  # fmt: skip
    with torch.inference_mode():
        x = torch.ones(1, 1, 6, 6)
        for name, method in METHODS.items():
            assert np.array_equal(method.compute(Explained(model, x), ChosenScore([1])).map, plain[name].map)
