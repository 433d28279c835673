"""A graph run in NumPy: forward with every intermediate value, and the gradients of inputs and weights.

The second engine: PyTorch's numbers are reached by the primitives of ``ops`` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from convscope.errors import ConfigError, ShapeError, nearest
from convscope.graph.node import INPUT, PART, UNKNOWN, Graph, Node
from convscope.ops import PRIMITIVES

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Gradients:
    """The gradients of the inputs and of the weights, by name; None for what the outputs do not depend on."""

    inputs: dict[str, np.ndarray | None]
    weights: dict[str, np.ndarray | None]


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
        self.graph[name]
        return _first(self.results[name])

    def __iter__(self):
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


def run(graph: Graph, *inputs: Any, weights: Arrays | None = None) -> Values:
    """Run a graph on arrays (N, ...), one for each of its inputs, and return every intermediate value.

    ``weights`` by name are by default the recorded network's own, as they are now. All is computed in the type of the
    first floating input, float32 or float64, else in that of the weights.

    Raises:
        ShapeError: a wrong number of inputs, or shapes that are not those recorded (the batch may differ).
        ConfigError: an unknown operation is needed, or a weight is missing.
    """
    given = [np.asarray(one) for one in inputs]
    examples = _examples(graph, given)
    found = graph.weights if weights is None else weights
    dtype = next((one.dtype for one in given if one.dtype.kind == "f"), None)
    results: dict[str, Any] = dict(zip((node.name for node in graph.inputs), given, strict=True))
    arrays: dict[str, np.ndarray] = {}
    for node in graph.nodes:
        for name in node.weights.values():
            if name not in arrays:
                one = graph.constants[name] if name in graph.constants else _weight(found, name, node)
                dtype = dtype or (one.dtype if one.dtype.kind == "f" else None)
                arrays[name] = one.astype(dtype, copy=False) if one.dtype.kind == "f" else one
        if node.op != INPUT:
            results[node.name] = _value(node, results, arrays, examples)
    return Values(graph, results, arrays, examples)


def _examples(graph: Graph, given: list[np.ndarray]) -> int:
    """Return the size of the batch, which all inputs share."""
    wanted = graph.inputs
    if len(given) != len(wanted):
        names = ", ".join(f"{node.name} (N, {', '.join(map(str, node.shape[1:]))})" for node in wanted)
        raise ShapeError(f"run: {graph.model} takes {len(wanted)} inputs: {names}; found {len(given)}")
    examples = given[0].shape[0] if given[0].ndim else 0
    for node, one in zip(wanted, given, strict=True):
        if one.shape != (examples, *node.shape[1:]):
            expected = ", ".join(("N", *map(str, node.shape[1:])))
            raise ShapeError(
                f"run: {node.name} must be ({expected}), as it was recorded, found {one.shape}"
                + ("; add the batch axis with [None]" if one.shape == node.shape[1:] else "")
            )
    if examples != 1 and not graph.batched:
        raise ShapeError(
            f"run: this graph of {graph.model} holds for one example at a time, found a batch of {examples}"
        )
    return examples


def _weight(weights: Arrays, name: str, node: Node) -> np.ndarray:
    try:
        return np.asarray(weights[name])
    except KeyError:
        raise ConfigError(f"{node.name} needs the weight {name!r}, which is missing{nearest(name, weights)}") from None


def _value(node: Node, results: dict[str, Any], arrays: Arrays, examples: int) -> Any:
    """Return what a node computes."""
    if node.op == UNKNOWN:
        raise ConfigError(
            f"{node.name} cannot be run: convscope has no primitive for PyTorch's {node.arguments['operation']!r}"
        )
    if node.op == PART:
        return results[node.inputs["x"]][node.arguments["index"]]
    primitive = PRIMITIVES[node.op]
    return primitive.forward(*_given(node, results, arrays).values(), **node.arguments_for(examples))


def _given(node: Node, results: Mapping[str, Any], arrays: Arrays) -> dict[str, np.ndarray | None]:
    """Return the arrays of a primitive by the names of its inputs, None for an absent one."""
    number = len(node.inputs) + len(node.weights)
    found: dict[str, np.ndarray | None] = {}
    for name in PRIMITIVES[node.op].names(number):
        if name in node.inputs:
            found[name] = _first(results[node.inputs[name]])
        else:
            found[name] = arrays[node.weights[name]] if name in node.weights else None
    return found


def _first(result: Any) -> np.ndarray:
    return result[0] if isinstance(result, tuple) else result


def backward(graph: Graph, values: Values, grad: np.ndarray | Arrays) -> Gradients:
    """Return the gradients of inputs and weights for that of the output, or for those of some outputs by name.

    ``values`` are what a run of the same graph computed. Raises ``ShapeError`` for a gradient that is not shaped as its
    output, and ``ConfigError`` for an output that is not there, or for another graph's values.
    """
    if values.graph is not graph:
        raise ConfigError("backward: these values were computed by another graph; give what graph.run returned")
    found: dict[str, list[Any]] = {}  # by node: a gradient for each of its results
    for name, one in (grad if isinstance(grad, Mapping) else {next(iter(graph.outputs)): grad}).items():
        if name not in graph.outputs:
            raise ConfigError(f"backward: there is no output {name!r}{nearest(name, graph.outputs)}")
        value = values[graph.outputs[name]]
        if np.shape(one) != value.shape:
            raise ShapeError(f"backward: the gradient of {name} must be {value.shape}, found {np.shape(one)}")
        _collect(found, graph.outputs[name], 0, np.asarray(one, value.dtype))
    weights: dict[str, np.ndarray] = {}
    for node in reversed(graph.nodes):
        if node.op == INPUT or node.name not in found:
            continue
        collected = found.pop(node.name)
        if node.op == PART:
            _collect(found, node.inputs["x"], node.arguments["index"], collected[0])
            continue
        for name, gradient in _gradients(node, values, collected).items():
            if gradient is not None and name in node.inputs:
                _collect(found, node.inputs[name], 0, gradient)
            elif gradient is not None and name in node.weights:
                key = node.weights[name]
                weights[key] = weights[key] + gradient if key in weights else gradient
    inputs = {node.name: found[node.name][0] if node.name in found else None for node in graph.inputs}
    return Gradients(inputs, {name: weights.get(name) for name in graph.parameters})


def _collect(found: dict[str, list[Any]], node: str, index: int, gradient: np.ndarray) -> None:
    """Add a gradient of one result of a node to what was found of it."""
    slots = found.setdefault(node, [])
    slots += [None] * (index + 1 - len(slots))
    slots[index] = gradient if slots[index] is None else slots[index] + gradient


def _gradients(node: Node, values: Values, collected: list[Any]) -> dict[str, np.ndarray | None]:
    """Return the gradient of each array input of a node that has one."""
    primitive, result = PRIMITIVES[node.op], values.results[node.name]
    given = _given(node, values.results, values.arrays)
    upstream: Any = collected[0]
    if upstream is None or len(collected) > 1:  # some of a recurrence's results
        upstream = type(result)(*(*collected, *(None,) * (len(result) - len(collected))))
    made = primitive.backward(upstream, *given.values(), **node.arguments_for(values.examples))
    names = tuple(given) if primitive.variadic else primitive.differentiable
    fields = made._asdict() if hasattr(made, "_asdict") else None
    if fields is None:
        fields = dict(zip(names, made if isinstance(made, tuple) else (made,), strict=True))
    return {name: fields[name] for name in names}
