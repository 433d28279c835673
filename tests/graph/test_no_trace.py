"""Recording leaves a network as it was: modes, hooks, random states, buffers, attributes; also after an exception."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from convscope.errors import ShapeError
from convscope.graph.record import record


class Restless(nn.Module):
    """A network whose forward changes whatever it can."""

    def __init__(self, *, fails: bool = False, decides: bool = False):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)
        self.norm = nn.BatchNorm2d(2)
        self.drop = nn.Dropout(0.5)
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))
        self.register_buffer("average", torch.zeros(2))
        self.seen: list[Any] = []
        self.kept: dict[str, Any] = {}
        self.last = None
        self.cache = torch.zeros(3)
        self.fails, self.decides = fails, decides

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        self.cache.add_(1)
        y = self.drop(self.norm(self.conv(x)))
        self.average.mul_(0.9).add_(y.mean((0, 2, 3)))
        self.average = self.average + 1
        self.seen.append(y)
        self.kept["y"] = y
        self.last = y
        self.extra = nn.ReLU()
        noise = torch.rand(2).sum() + random.random() + np.random.rand()
        if self.decides and y.mean() > 100:
            return x
        if self.fails:
            raise ValueError("this network fails")
        return y + noise


def state(network: nn.Module) -> dict[str, Any]:
    """Return all that can be seen of a network and of the random generators."""
    return {
        "tensors": {name: one.clone() for name, one in network.state_dict().items()},
        "places": [id(one) for one in (*network.parameters(), *network.buffers())],
        "modes": [module.training for module in network.modules()],
        "gradients": [(one.requires_grad, one.grad) for one in network.parameters()],
        "hooks": [
            len(getattr(module, name))
            for module in network.modules()
            for name in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks")
        ],
        "global hooks": [
            len(getattr(nn.modules.module, name)) for name in ("_global_forward_hooks", "_global_forward_pre_hooks")
        ],
        "attributes": [sorted(module.__dict__) for module in network.modules()],
        "own": (network.seen, network.kept, network.last, network.cache.tolist()),
        "random": (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()),
        "grad mode": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
    }  # fmt: skip


def differences(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    for name, one in before.items():
        if name == "tensors":
            yield from (key for key in one if not torch.equal(one[key], after[name][key]))
        elif one != after[name]:
            yield name


def mixed(network: nn.Module) -> nn.Module:
    """Set modes that no single call of ``train`` or ``eval`` makes."""
    network.train()
    network.norm.eval()
    return network


@pytest.mark.parametrize("decides", [False, True])
def test_nothing_is_left_behind(decides: bool):
    network = mixed(Restless(decides=decides))
    before = state(network)
    graph = record(network, (1, 8, 8))
    assert list(differences(before, state(network))) == []
    assert graph["norm"].weights.keys() == {"weight", "bias", "mean", "variance"}  # as in evaluation
    assert "drop" not in graph.by_name


@pytest.mark.parametrize("decides", [False, True])
def test_nothing_is_left_behind_by_a_failure(decides: bool):
    network = mixed(Restless(fails=True, decides=decides))
    before = state(network)
    with pytest.raises(ShapeError, match=r"Restless \(Restless\) failed: ValueError: this network fails"):
        record(network, (1, 8, 8))
    assert list(differences(before, state(network))) == []


def test_within_other_modes_too():
    network = mixed(Restless())
    before = state(network)
    with torch.inference_mode():
        record(network, (1, 8, 8))
    with torch.device("meta"):
        record(network, (1, 8, 8))
    assert list(differences(before, state(network))) == []


def test_the_guard_sees():
    network = mixed(Restless())
    before = state(network)
    network(torch.zeros(1, 1, 8, 8))
    seen = set(differences(before, state(network)))
    assert {"calls", "average", "places", "attributes", "own", "random"} <= seen
