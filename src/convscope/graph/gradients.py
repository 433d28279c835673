"""The gradients of a graph's inputs and weights, in NumPy, by the backward of each primitive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from convscope.errors import ConfigError, ShapeError, nearest
from convscope.graph.node import GETITEM, INPUT, Node
from convscope.graph.run import Arrays, Values
from convscope.ops import PRIMITIVES

if TYPE_CHECKING:
    from convscope.graph.graph import Graph


@dataclass(frozen=True)
class Gradients:
    """The gradients of the inputs and of the weights, by name; None for what the outputs do not depend on."""

    inputs: dict[str, np.ndarray | None]
    weights: dict[str, np.ndarray | None]


def gradients(graph: Graph, values: Values, grad: np.ndarray | Arrays) -> Gradients:
    """Return the gradients of inputs and weights for that of the output, or for those of some outputs by name.

    ``values`` are what a run of the same graph computed. Raises ``ShapeError`` for a gradient that is not shaped as its
    output, and ``ConfigError`` for an output that is not there, or for another graph's values.
    """
    if values.graph is not graph:
        raise ConfigError("backward: these values were computed by another graph; give what graph.run returned")
    waiting: dict[str, list[Any]] = {}  # by node: a gradient for each of its results
    for output, start in (grad if isinstance(grad, Mapping) else {next(iter(graph.outputs)): grad}).items():
        if output not in graph.outputs:
            raise ConfigError(f"backward: there is no output {output!r}{nearest(output, graph.outputs)}")
        value = values[graph.outputs[output]]
        if np.shape(start) != value.shape:
            raise ShapeError(f"backward: the gradient of {output} must be {value.shape}, found {np.shape(start)}")
        _add(waiting, graph.outputs[output], 0, np.asarray(start, value.dtype))
    weights: dict[str, np.ndarray] = {}
    for node in reversed(graph.nodes):
        if node.op == INPUT or node.name not in waiting:
            continue
        upstream = waiting.pop(node.name)
        if node.op == GETITEM:
            _add(waiting, node.inputs["x"], node.arguments["index"], upstream[0])
            continue
        for name, gradient in _through(node, values, upstream).items():
            if gradient is not None and name in node.inputs:
                _add(waiting, node.inputs[name], 0, gradient)
            elif gradient is not None and name in node.weights:
                weight = node.weights[name]
                weights[weight] = weights[weight] + gradient if weight in weights else gradient
    inputs = {node.name: waiting[node.name][0] if node.name in waiting else None for node in graph.inputs}
    return Gradients(inputs, {name: weights.get(name) for name in graph.parameters})


def _add(waiting: dict[str, list[Any]], node: str, index: int, gradient: np.ndarray) -> None:
    """Add a gradient of one result of a node to those that already arrived there."""
    slots = waiting.setdefault(node, [])
    slots += [None] * (index + 1 - len(slots))
    slots[index] = gradient if slots[index] is None else slots[index] + gradient


def _through(node: Node, values: Values, collected: list[Any]) -> dict[str, np.ndarray | None]:
    """Return the gradient of each array input of a node that has one."""
    primitive, result = PRIMITIVES[node.op], values.results[node.name]
    arrays = values.inputs_of(node)
    upstream: Any = collected[0]
    if upstream is None or len(collected) > 1:  # some of a recurrence's results
        upstream = type(result)(*(*collected, *(None,) * (len(result) - len(collected))))
    downstream: Any = primitive.backward(upstream, *arrays.values(), **node.arguments_for(values.examples))
    names = tuple(arrays) if primitive.variadic else primitive.differentiable
    if hasattr(downstream, "_asdict"):
        return {name: getattr(downstream, name) for name in names}
    each = cast("tuple[Any, ...]", downstream) if isinstance(downstream, tuple) else (downstream,)
    return dict(zip(names, each, strict=True))
