"""A graph run in NumPy, with every intermediate value: PyTorch's numbers are reached by the primitives of ``ops``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from convscope.errors import ConfigError, ShapeError, nearest
from convscope.graph.node import GETITEM, INPUT, UNKNOWN, Node
from convscope.ops import PRIMITIVES

if TYPE_CHECKING:
    from convscope.graph.graph import Graph

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Values(Mapping[str, np.ndarray]):
    """What one run computed: every node's value (N, ...) by its name.

    ``results`` also hold the further results of a node that has several.
    """

    graph: Graph
    results: dict[str, Any]
    arrays: dict[str, np.ndarray]  # weights and constants, in the type of the run
    examples: int

    def __getitem__(self, name: str) -> np.ndarray:
        """Return a node's value; ``ConfigError`` with the nearest name where there is no such node."""
        result: Any = self.results[self.graph[name].name]
        return cast("np.ndarray", result[0] if isinstance(result, tuple) else result)

    def __iter__(self) -> Iterator[str]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    @property
    def outputs(self) -> dict[str, np.ndarray]:
        """What the network returned, by name."""
        return {name: self[node] for name, node in self.graph.outputs.items()}

    @property
    def output(self) -> np.ndarray:
        """The network's first or only output."""
        return next(iter(self.outputs.values()))

    def inputs_of(self, node: Node) -> dict[str, np.ndarray | None]:
        """Return the arrays that a node's primitive takes, by the names of its inputs; None for an absent one."""
        arrays: dict[str, np.ndarray | None] = {}
        for name in PRIMITIVES[node.op].names(len(node.inputs) + len(node.weights)):
            if name in node.inputs:
                arrays[name] = self[node.inputs[name]]
            else:
                arrays[name] = self.arrays[node.weights[name]] if name in node.weights else None
        return arrays


def run(graph: Graph, *inputs: Any, weights: Arrays | None = None, known: Arrays | None = None) -> Values:
    """Run a graph on arrays (N, ...), one for each of its inputs, and return every intermediate value.

    ``weights`` by name are by default the recorded network's own, as they are now. All is computed in the type of the
    first floating input, float32 or float64, else in that of the weights. ``known`` values stand in for unknown
    operations, by the names of their nodes.

    Raises:
        ShapeError: a wrong number of inputs, or shapes that are not those recorded (the batch may differ).
        ConfigError: an unknown operation is needed, or a weight is missing.
    """
    arrays = [np.asarray(array) for array in inputs]
    names = (node.name for node in graph.inputs)
    values = Values(graph, {}, {}, _examples(graph, arrays))
    values.results.update(zip(names, arrays, strict=True))
    stored, known = graph.weights if weights is None else weights, known or {}
    dtype = next((array.dtype for array in arrays if array.dtype.kind == "f"), None)

    def typed(array: np.ndarray) -> np.ndarray:
        nonlocal dtype
        if array.dtype.kind != "f":
            return array
        dtype = dtype or array.dtype
        return array.astype(dtype, copy=False)

    for node in graph.nodes:
        for name in node.weights.values():
            if name not in values.arrays:
                array = graph.constants[name] if name in graph.constants else _weight(stored, name, node)
                values.arrays[name] = typed(array)
        if node.op == UNKNOWN and node.name in known:
            values.results[node.name] = typed(known[node.name])
        elif node.op != INPUT:
            values.results[node.name] = _value(node, values)
    return values


def _examples(graph: Graph, arrays: Sequence[np.ndarray]) -> int:
    """Return the size of the batch, which all inputs share."""
    expected = graph.inputs
    if len(arrays) != len(expected):
        names = ", ".join(f"{node.name} (N, {', '.join(map(str, node.shape[1:]))})" for node in expected)
        raise ShapeError(f"run: {graph.model} takes {len(expected)} inputs: {names}; found {len(arrays)}")
    examples = arrays[0].shape[0] if arrays[0].ndim else 0
    for node, array in zip(expected, arrays, strict=True):
        if array.shape != (examples, *node.shape[1:]):
            sizes = ", ".join(("N", *map(str, node.shape[1:])))
            raise ShapeError(
                f"run: {node.name} must be ({sizes}), as it was recorded, found {array.shape}"
                + ("; add the batch axis with [None]" if array.shape == node.shape[1:] else "")
            )
    if examples != 1 and not graph.batched:
        raise ShapeError(
            f"run: this graph of {graph.model} is valid for one example at a time, found a batch of {examples}"
        )
    return examples


def _weight(weights: Arrays, name: str, node: Node) -> np.ndarray:
    try:
        return np.asarray(weights[name])
    except KeyError:
        raise ConfigError(f"{node.name} needs the weight {name!r}, which is missing{nearest(name, weights)}") from None


def _value(node: Node, values: Values) -> Any:
    """Return what a node computes."""
    if node.op == UNKNOWN:
        raise ConfigError(
            f"{node.name} cannot be run: convscope has no primitive for PyTorch's {node.arguments['operation']!r}"
        )
    if node.op == GETITEM:
        return values.results[node.inputs["x"]][node.arguments["index"]]
    forward = PRIMITIVES[node.op].forward
    return forward(*values.inputs_of(node).values(), **node.arguments_for(values.examples))
