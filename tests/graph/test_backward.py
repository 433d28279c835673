"""Gradients of a graph beside PyTorch's: what does not fit, and where PyTorch itself is not exact."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import convscope as cs


def test_a_gradient_by_hand():
    network = nn.Linear(2, 1)
    graph = cs.record(network, (2,))
    x = np.array([[3.0, 4.0]], np.float32)
    found = graph.backward(graph.run(x), np.array([[2.0]]))
    assert found.weights["weight"].tolist() == [[6.0, 8.0]] and found.weights["bias"].tolist() == [2.0]  # pyright: ignore
    assert np.array_equal(found.inputs["input"], 2 * graph.weights["weight"])  # pyright: ignore


def test_the_slope_of_a_hard_sigmoid():
    """It is 1/6. PyTorch's is the nearest float32 to it, in float64 too: hence no 1e-10 here."""

    class Hard(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return F.hardsigmoid(x)

    graph, x = cs.record(Hard(), "float64:7"), torch.linspace(-4, 4, 7, dtype=torch.float64)[None].requires_grad_()
    values = graph.run(x.detach().numpy())
    expected = F.hardsigmoid(x)
    assert np.abs(values.output - expected.detach().numpy()).max() < 1e-15
    (slope,) = torch.autograd.grad(expected.sum(), x)
    found = graph.backward(values, np.ones((1, 7))).inputs["input"]
    assert np.abs(found - slope.numpy()).max() < 1e-8  # pyright: ignore
    assert np.allclose(found[0] * 6, [0, 1, 1, 1, 1, 1, 0], rtol=1e-15)  # pyright: ignore
