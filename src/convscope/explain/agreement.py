"""Two engines, one answer: every number of a network as NumPy computes it beside PyTorch's own."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from convscope.errors import ShapeError
from convscope.explain.activations import activations, with_numbers
from convscope.graph.node import INPUT, UNKNOWN, Graph, Node
from convscope.tracing.forward import compute

LIMITS = {"float64": 1e-10, "float32": 1e-4}  # of the largest number in the same array


@dataclass(frozen=True)
class Agreement:
    """How far the two engines are apart in one type: the largest difference relative to its array's largest number.

    ``node`` and ``at``: where it stands; ``nodes``: how many arrays were compared, of ``numbers`` numbers together.
    ``left_out``: the nodes that were not: unknown operations, whose numbers the rest of the comparison takes from
    PyTorch, and what could not be computed without them. ``refused``: why the network does not run in this type at all.
    """

    dtype: str
    largest: float
    node: str
    at: tuple[int, ...]
    nodes: int
    numbers: int
    left_out: tuple[str, ...] = ()
    refused: str = ""

    @property
    def limit(self) -> float:
        """What rounding may account for."""
        return LIMITS[self.dtype]

    @property
    def holds(self) -> bool:
        """Whether the two engines agree up to rounding, in all that was compared; NaN never does, nor does nothing."""
        return self.nodes > 0 and self.largest <= self.limit


def agreements(model: nn.Module, inputs: Sequence[Any] | Mapping[str, Any]) -> tuple[Agreement, ...]:
    """Compare each node's value in NumPy with PyTorch's for one example (1, ...), in float64 and in float32.

    The network is copied for it, so that it stays as it is. Raises as ``activations`` and ``Graph.run``; a network that
    makes arrays of one type by itself may be refused in the other one.

    >>> [one.holds for one in agreements(nn.Sequential(nn.Linear(3, 2), nn.Tanh()), [np.ones((1, 3))])]
    [True, True]
    """
    model = with_numbers(model)
    found = [_agreement(model, inputs, dtype) for dtype in LIMITS]
    if all(one.refused for one in found):
        raise ShapeError(found[-1].refused)
    return tuple(found)


def _agreement(model: nn.Module, inputs: Sequence[Any] | Mapping[str, Any], dtype: str) -> Agreement:
    kind = getattr(torch, dtype)

    def cast(one: Any) -> torch.Tensor:
        tensor = torch.as_tensor(one)
        return tensor.to(kind) if tensor.is_floating_point() else tensor

    given = (
        {name: cast(one) for name, one in inputs.items()} if isinstance(inputs, Mapping) else list(map(cast, inputs))
    )
    try:
        graph, engine = activations(copy.deepcopy(model).cpu().to(kind), given)
    except ShapeError as error:
        return Agreement(dtype, float("nan"), "", (), 0, 0, refused=str(error))
    runs = _computable(graph, engine)
    values = compute(runs, [engine[node.name] for node in graph.inputs], engine).values
    compared = [node for node in runs.nodes if node.op not in (INPUT, UNKNOWN) and node.name in engine]
    left_out = tuple(node.name for node in graph.nodes if node.op == UNKNOWN or node.name not in runs.by_name)
    if not compared:
        return Agreement(dtype, 0.0, "", (), 0, 0, left_out)
    differences = {node.name: _difference(values[node.name], engine[node.name]) for node in compared}
    # A NaN counts as larger than all.
    worst = max(differences, key=lambda name: (np.isnan(differences[name][0]), differences[name][0]))
    size, at = differences[worst]
    return Agreement(dtype, size, worst, at, len(compared), sum(engine[node.name].size for node in compared), left_out)


def _computable(graph: Graph, engine: Mapping[str, np.ndarray]) -> Graph:
    """Return a graph without what needs an unknown operation of which PyTorch's numbers are not known either."""
    gone: set[str] = set()
    for node in graph.nodes:
        if (node.op == UNKNOWN and node.name not in engine) or not gone.isdisjoint(node.inputs.values()):
            gone.add(node.name)
    return replace(graph, nodes=tuple(node for node in graph.nodes if node.name not in gone)) if gone else graph


def _difference(found: np.ndarray, expected: np.ndarray) -> tuple[float, tuple[int, ...]]:
    """Return the largest difference relative to the largest number, and where it is; equal infinities do not differ."""
    if not expected.size:
        return 0.0, ()
    if expected.dtype == bool:
        found, expected = found.astype(np.float64), expected.astype(np.float64)
    with np.errstate(invalid="ignore"):
        apart = np.where((found == expected) | (np.isnan(found) & np.isnan(expected)), 0, np.abs(found - expected))
    finite = np.abs(expected[np.isfinite(expected)])
    at = np.unravel_index(int(apart.argmax()), apart.shape)
    size = float(apart[at])
    largest = max(float(finite.max(initial=0)), float(np.finfo(np.float32).tiny))
    return size / largest, tuple(map(int, at))


def random_inputs(graph: Graph, seed: int = 0) -> dict[str, np.ndarray]:
    """Return one example (1, ...) of each input of a network: normal numbers, or whole ones for embeddings."""
    rng = np.random.default_rng(seed)
    most = min((_rows(graph, node) for node in graph.nodes if node.op == "embedding"), default=2)
    return {
        node.name: rng.standard_normal(node.shape) if "float" in node.dtype else rng.integers(0, most, node.shape)
        for node in graph.inputs
    }


def _rows(graph: Graph, node: Node) -> int:
    name = node.weights.get("weight")
    table = graph.parameters.get(name or "") or graph.buffers.get(name or "")
    return table.shape[0] if table else 2
