"""Settings as networks in the wild write them: arrays of one number, NumPy's whole numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import convscope as cs


class Held(nn.Module):
    """A network with a whole number and a factor among its buffers."""

    def __init__(self, rule: Callable[[Any, Tensor], Tensor]):
        super().__init__()
        self.rule = rule
        self.register_buffer("n", torch.tensor(2))
        self.register_buffer("v", torch.tensor(0.3))
        self.size: Any = np.int64(2)
        self.one: Any = np.int32(1)
        self.half: Any = np.float32(0.5)
        self.slope: Any = torch.tensor(0.2)

    def forward(self, x: Tensor) -> Tensor:
        return self.rule(self, x)


KNOWN: dict[str, Callable[[Any, Tensor], Tensor]] = {
    "padding": lambda s, x: F.pad(x, (s.n, 0)),
    "select": lambda s, x: x.select(1, s.n),
    "narrow": lambda s, x: x.narrow(1, s.n, 1),
    "a slice": lambda s, x: x[:, : s.n],
    "a place": lambda s, x: x[:, s.n],
    "a window": lambda s, x: F.max_pool2d(x, s.n),
    "an axis": lambda s, x: x.softmax(s.n),
    "a roll": lambda s, x: x.roll(s.n, 1),
    "a factor": lambda s, x: x * s.n,
    "a constant factor": lambda s, x: F.leaky_relu(x, s.slope),
    "NumPy's window": lambda s, x: F.avg_pool2d(x, s.size),
    "NumPy's pair": lambda s, x: F.avg_pool2d(x, (s.size, s.one)),
    "NumPy's axis": lambda s, x: x.sum(s.one),
    "NumPy's padding": lambda s, x: F.pad(x, (s.size, 0)),
    "NumPy's factor": lambda s, x: x * s.half,
    "NumPy's sizes": lambda s, x: x.reshape(-1, s.size, 2, 8, 8),
}
UNKNOWN: dict[str, Callable[[Any, Tensor], Tensor]] = {
    "a border's value": lambda s, x: F.pad(x, (1, 1), value=s.v),
    "a slope": lambda s, x: F.leaky_relu(x, s.v),
    "an exponential's slope": lambda s, x: F.elu(x, s.v),
}


def shapes(rule: Callable[[Any, Tensor], Tensor]) -> tuple[Held, Tensor]:
    return Held(rule).eval(), torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", KNOWN)
def test_a_setting_that_is_an_array_of_one_number_is_that_number(name: str):
    network, x = shapes(KNOWN[name])
    graph = cs.record(network, (4, 8, 8))
    assert graph.batched and not graph.notes and not graph.unknown
    np.testing.assert_allclose(graph.run(x.numpy()).output, network(x).numpy(), atol=1e-6, strict=True)


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_setting_that_training_may_change_is_unknown(name: str):
    network, x = shapes(UNKNOWN[name])
    graph = cs.record(network, (4, 8, 8))
    assert graph.batched and len(graph.unknown) == 1
    assert graph[graph.outputs["output"]].shape[1:] == network(x).shape[1:]
