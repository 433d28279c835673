"""Two engines, one answer: every number of a network as NumPy computes it beside PyTorch's own."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from convscope.explain.activations import activations
from convscope.graph.node import INPUT, Graph, Node

LIMITS = {"float64": 1e-10, "float32": 1e-4}  # of the largest number in the same array


@dataclass(frozen=True)
class Agreement:
    """How far the two engines are apart in one type: the largest difference relative to its array's largest number.

    ``node`` and ``at``: where it stands; ``nodes``: how many arrays were compared, of ``numbers`` numbers together.
    """

    dtype: str
    largest: float
    node: str
    at: tuple[int, ...]
    nodes: int
    numbers: int

    @property
    def limit(self) -> float:
        """What rounding may account for."""
        return LIMITS[self.dtype]

    @property
    def holds(self) -> bool:
        """Whether the two engines agree up to rounding; NaN never does."""
        return self.largest <= self.limit


def agreements(model: nn.Module, inputs: Sequence[Any]) -> tuple[Agreement, ...]:
    """Compare each node's value in NumPy with PyTorch's for one example (1, ...), in float64 and in float32.

    The network is copied for it, so that it stays as it is. Raises as ``activations`` and ``Graph.run``.

    >>> [one.holds for one in agreements(nn.Sequential(nn.Linear(3, 2), nn.Tanh()), [np.ones((1, 3))])]
    [True, True]
    """
    return tuple(_agreement(model, inputs, dtype) for dtype in LIMITS)


def _agreement(model: nn.Module, inputs: Sequence[Any], dtype: str) -> Agreement:
    graph, engine = activations(copy.deepcopy(model).cpu().to(getattr(torch, dtype)), inputs)
    values = graph.run(*(engine[node.name] for node in graph.inputs))
    compared = [node for node in graph.nodes if node.op != INPUT and node.name in engine]
    differences = {node.name: _difference(values[node.name], engine[node.name]) for node in compared}
    # A NaN counts as larger than all.
    worst = max(differences, key=lambda name: (np.isnan(differences[name][0]), differences[name][0]))
    size, at = differences[worst]
    return Agreement(dtype, size, worst, at, len(compared), sum(engine[node.name].size for node in compared))


def _difference(found: np.ndarray, expected: np.ndarray) -> tuple[float, tuple[int, ...]]:
    """Return the largest difference relative to the largest number, and where it is; equal infinities do not differ."""
    if not expected.size:
        return 0.0, ()
    with np.errstate(invalid="ignore"):
        apart = np.where((found == expected) | (np.isnan(found) & np.isnan(expected)), 0, np.abs(found - expected))
    finite = np.abs(expected[np.isfinite(expected)])
    at = np.unravel_index(int(apart.argmax()), apart.shape)
    size = float(apart[at])
    largest = max(float(finite.max(initial=0)), float(np.finfo(np.float32).tiny))
    return size / largest, tuple(map(int, at))


def random_inputs(graph: Graph, seed: int = 0) -> list[np.ndarray]:
    """Return one example (1, ...) for a network: normal numbers, or whole ones that its embeddings know."""
    rng = np.random.default_rng(seed)
    most = min((_rows(graph, node) for node in graph.nodes if node.op == "embedding"), default=2)
    return [
        rng.standard_normal(node.shape) if "float" in node.dtype else rng.integers(0, most, node.shape)
        for node in graph.inputs
    ]


def _rows(graph: Graph, node: Node) -> int:
    name = node.weights.get("weight")
    table = graph.parameters.get(name or "") or graph.buffers.get(name or "")
    return table.shape[0] if table else 2
