"""Relevance from the output of a graph back to its inputs, node by node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from convscope.errors import ConfigError, ShapeError
from convscope.explaining.lrp.products import GATES
from convscope.explaining.lrp.rules import CONSTANT, RULES
from convscope.explaining.lrp.step import Settings, Step
from convscope.graph import Graph, Node
from convscope.graph.node import GETITEM, INPUT, UNKNOWN
from convscope.graph.run import Values

# What a gate may go through on its way to the product.
ON_THE_WAY = frozenset(("reshape", "permute", "expand", "strided_slice", "dropout", "divide", "multiply", "add"))

NO_RULE = "there is no rule of relevance propagation for {!r}; take another method, such as ig or occlusion"


def propagate(
    graph: Graph, values: Values, start: Mapping[str, np.ndarray], settings: Settings | None = None
) -> dict[str, np.ndarray]:
    """Return the relevance of a graph's inputs, by name, for that of some of its nodes, ``start``.

    Either is shaped as the node's value. What the sums differ by was absorbed: by biases, shifts and ε.

    ``values`` are what a run of the same graph computed. Source: Bach et al. 2015, "On Pixel-Wise Explanations for
    Non-Linear Classifier Decisions by Layer-Wise Relevance Propagation"; the rules are in ``rules``.

    Raises:
        ConfigError: relevance reaches an operation that has no rule, which is named.
        ShapeError: relevance that is not shaped as its node.

    By hand: 8 = 2·1 + 3·2, so that the inputs 1 and 2 get 2 and 6 of a score of 8.

    >>> from torch import nn, tensor
    >>> from convscope.graph.record import record
    >>> layer = nn.Linear(2, 1, bias=False)
    >>> _ = layer.load_state_dict({"weight": tensor([[2.0, 3.0]])})
    >>> graph = record(layer, (2,))
    >>> values = graph.run(np.array([[1.0, 2.0]]))
    >>> found = propagate(graph, values, {graph.nodes[-1].name: values.output})
    >>> found[graph.inputs[0].name].round(3).tolist()
    [[2.0, 6.0]]
    """
    settings = Settings() if settings is None else settings
    pending = {name: [_checked(values, name, relevance)] for name, relevance in start.items()}
    carrying = _carrying(graph)
    for node in reversed(graph.nodes):
        if node.op == INPUT or node.name not in pending or node.name not in carrying:
            continue
        slots = pending.pop(node.name)
        if node.op == GETITEM:
            _add(pending, node.inputs["x"], node.arguments["index"], slots[0])
            continue
        step = _step(graph, node, values, slots, carrying, settings)
        for name, share in RULES[node.op](step).items():
            _add(pending, node.inputs[name], 0, share)
    return {node.name: _arrived(values, node, pending) for node in graph.inputs}


def _checked(values: Values, name: str, relevance: np.ndarray) -> np.ndarray:
    value = values[name]
    if np.shape(relevance) != value.shape:
        raise ShapeError(f"the relevance of {name} must be {value.shape}, found {np.shape(relevance)}")
    return np.asarray(relevance, value.dtype)


def _arrived(values: Values, node: Node, pending: Mapping[str, list[np.ndarray]]) -> np.ndarray:
    slots = pending.get(node.name)
    return np.zeros(values[node.name].shape) if slots is None else slots[0]


def _carrying(graph: Graph) -> set[str]:
    """Return the nodes that depend on an input otherwise than by steps and places."""
    carrying: set[str] = set()
    for node in graph.nodes:
        depends = node.op in (INPUT, UNKNOWN) or not carrying.isdisjoint(node.inputs.values())
        if depends and node.op not in CONSTANT:
            carrying.add(node.name)
    return carrying


def _step(
    graph: Graph, node: Node, values: Values, slots: list[np.ndarray], carrying: set[str], settings: Settings
) -> Step:
    if node.op not in RULES:
        operation = node.arguments["operation"] if node.op == UNKNOWN else node.op
        raise ConfigError(f"lrp: {node.name}: {NO_RULE.format(operation)}")
    if any(slot is not None for slot in slots[1:]):
        raise ConfigError(f"lrp: relevance reaches the second result of {node.name} ({node.op}), which has no rule")
    carriers = tuple(name for name in node.inputs if node.inputs[name] in carrying and _may_receive(node, name))
    gates = {name for name in carriers if len(carriers) > 1 and _is_gate(graph, node.inputs[name], carrying)}
    return Step(
        node, values.inputs_of(node), values[node.name], slots[0], node.arguments_for(values.examples), carriers,
        gates, settings,
    )  # fmt: skip


def _may_receive(node: Node, name: str) -> bool:
    return name not in ("condition", "mask", "indices") or node.op == "embedding"


def _is_gate(graph: Graph, name: str, carrying: set[str]) -> bool:
    """Return whether an array is what a sigmoid, a softmax or a clip made, arranged or scaled by constants."""
    for node in _alone(graph, name, carrying):
        if node.op in GATES:
            return True
        if node.op not in ON_THE_WAY:
            return False
    return False


def _alone(graph: Graph, name: str, carrying: set[str]) -> Iterator[Node]:
    """Yield a node, and those before it as long as there is one that depends on the input."""
    before = [name]
    while len(before) == 1:
        node = graph[before[0]]
        yield node
        before = [source for source in node.inputs.values() if source in carrying]


def _add(pending: dict[str, list[np.ndarray]], node: str, index: int, relevance: np.ndarray) -> None:
    """Add relevance of one result of a node to what already arrived there."""
    slots = pending.setdefault(node, [])
    slots += [None] * (index + 1 - len(slots))  # pyright: ignore[reportArgumentType]
    slots[index] = relevance if slots[index] is None else slots[index] + relevance
