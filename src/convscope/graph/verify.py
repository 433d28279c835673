"""Two engines, one answer: every number of a network as NumPy computes it beside PyTorch's own."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.errors import ShapeError
from convscope.graph.graph import Graph
from convscope.graph.node import INPUT, UNKNOWN, Node
from convscope.graph.run import run

if TYPE_CHECKING:
    from torch import nn

LIMITS = {"float64": 1e-10, "float32": 1e-4}  # of the largest number in the same array


@dataclass(frozen=True)
class Agreement:
    """How far the two engines are apart in one type: the largest difference relative to its array's largest number.

    ``node`` and ``at``: where it stands; ``nodes``: how many arrays were compared, of ``numbers`` numbers together.
    ``left_out``: the nodes that were not: unknown operations, whose numbers the rest of the comparison takes from
    PyTorch, and what could not be computed without them. ``refused``: why the network does not run in this type at all.
    """

    dtype: str
    largest: float = float("nan")
    node: str = ""
    at: tuple[int, ...] = ()
    nodes: int = 0
    numbers: int = 0
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

    >>> from torch import nn
    >>> [in_type.holds for in_type in agreements(nn.Sequential(nn.Linear(3, 2), nn.Tanh()), [np.ones((1, 3))])]
    [True, True]
    """
    from convscope.graph.record.activations import with_numbers

    model = with_numbers(model)
    results = tuple(_agreement(model, inputs, dtype) for dtype in LIMITS)
    if all(result.refused for result in results):
        raise ShapeError(results[-1].refused)
    return results


def _agreement(model: nn.Module, inputs: Sequence[Any] | Mapping[str, Any], dtype: str) -> Agreement:
    import torch

    from convscope.graph.record.activations import activations

    def cast(array: Any) -> torch.Tensor:
        tensor = torch.as_tensor(array)
        return tensor.to(getattr(torch, dtype)) if tensor.is_floating_point() else tensor

    named = isinstance(inputs, Mapping)
    typed = {name: cast(array) for name, array in inputs.items()} if named else [cast(array) for array in inputs]
    try:
        graph, engine = activations(copy.deepcopy(model).cpu().to(getattr(torch, dtype)), typed)
    except ShapeError as error:
        return Agreement(dtype, refused=str(error))
    runs = _computable(graph, engine)
    values = run(runs, *(engine[node.name] for node in graph.inputs), known=engine)
    compared = [node for node in runs.nodes if node.op not in (INPUT, UNKNOWN) and node.name in engine]
    left_out = tuple(node.name for node in graph.nodes if node.op == UNKNOWN or node.name not in runs.by_name)
    if not compared:
        return Agreement(dtype, 0.0, left_out=left_out)
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


def _difference(computed: np.ndarray, expected: np.ndarray) -> tuple[float, tuple[int, ...]]:
    """Return the largest difference relative to the largest number, and where it is; equal infinities do not differ."""
    if not expected.size:
        return 0.0, ()
    if expected.dtype == bool:
        computed, expected = computed.astype(np.float64), expected.astype(np.float64)
    with np.errstate(invalid="ignore"):
        same = (computed == expected) | (np.isnan(computed) & np.isnan(expected))
        apart = np.where(same, 0, np.abs(computed - expected))
    finite = np.abs(expected[np.isfinite(expected)])
    at = np.unravel_index(int(apart.argmax()), apart.shape)
    largest = max(float(finite.max(initial=0)), float(np.finfo(np.float32).tiny))
    return float(apart[at]) / largest, tuple(map(int, at))


def random_inputs(graph: Graph, seed: int = 0) -> dict[str, np.ndarray]:
    """Return one example (1, ...) of each input of a network: normal numbers, or whole ones for embeddings."""
    rng = np.random.default_rng(seed)
    most = min((_rows(graph, node) for node in graph.nodes if node.op == "embedding"), default=2)
    return {
        node.name: rng.standard_normal(node.shape) if "float" in node.dtype else rng.integers(0, most, node.shape)
        for node in graph.inputs
    }


def _rows(graph: Graph, node: Node) -> int:
    name = node.weights.get("weight", "")
    table = graph.parameters.get(name) or graph.buffers.get(name)
    return table.shape[0] if table else 2
