"""A recorded network against PyTorch: shapes, numbers and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from convscope.graph import Graph
from convscope.graph.record import record
from convscope.graph.spec import faults

LIMIT = {torch.float64: 1e-10, torch.float32: 1e-4}  # relative to the largest number


def inputs(shape: Any, batch: int, dtype: torch.dtype = torch.float64) -> list[Tensor]:
    """Return random inputs for one shape, or for several."""
    torch.manual_seed(1)
    shapes = shape if isinstance(shape, list) else [shape]
    return [torch.randn(batch, *one, dtype=dtype) for one in shapes]


def outputs(made: Any, key: str = "") -> dict[str, Tensor]:
    """Return the tensors in what a network returned under the names that a graph gives them."""
    if isinstance(made, Tensor):
        return {key or "output": made}
    pairs = made.items() if hasattr(made, "items") else enumerate(made)
    return {k: v for name, one in pairs for k, v in outputs(one, f"{key}.{name}" if key else str(name)).items()}


def assert_close(found: Any, expected: Tensor, limit: float, where: str) -> None:
    expected_array = expected.detach().numpy()
    assert found.shape == expected_array.shape, where
    if found.dtype == bool:
        assert expected_array.dtype == bool and np.array_equal(found, expected_array), where
        return
    largest = np.abs(expected_array).max(initial=0)
    difference = np.abs(found - expected_array).max(initial=0)
    assert difference <= limit * max(largest, 1e-3), f"{where}: {difference:.1e} beside {largest:.1e}"


def assert_equal_to_torch(
    network: nn.Module, shape: Any, *given: Tensor, batch: int = 2, dtype: torch.dtype = torch.float64
) -> Graph:
    """Record a network and compare its graph's forward and backward with PyTorch's; return the graph."""
    network = network.to(dtype).eval()
    graph = record(network, shape)
    assert list(faults(graph)) == []
    assert graph.unknown == ()
    tensors = list(given) or inputs(shape, batch, dtype)
    for one in tensors:
        one.requires_grad_(one.is_floating_point())
    expected, limit = outputs(network(*tensors)), LIMIT[dtype]
    values = graph.run(*(one.detach().numpy() for one in tensors))
    assert values.outputs.keys() == expected.keys()
    for name, one in expected.items():
        assert_close(values.outputs[name], one, limit, name)
        node = graph[graph.outputs[name]]
        assert node.shape_for(len(tensors[0])) == tuple(one.shape)
    grads = {name: torch.randn_like(one) for name, one in expected.items() if one.requires_grad}
    network.zero_grad()
    torch.autograd.backward([expected[name] for name in grads], list(grads.values()))
    found = graph.backward(values, {name: one.numpy() for name, one in grads.items()})
    for name, one in network.named_parameters():
        gradient = found.weights[name]
        if one.grad is not None and gradient is not None:
            assert_close(gradient, one.grad, limit, name)
        else:
            assert gradient is None and (one.grad is None or not one.grad.any()), name
    for node, one in zip(graph.inputs, tensors, strict=True):
        if one.grad is not None:
            gradient = found.inputs[node.name]
            assert gradient is not None
            assert_close(gradient, one.grad, limit, node.name)
    return graph
