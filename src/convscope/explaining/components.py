"""A convolution by its components: each input channel with its own kernel; their sum and the bias are the feature map.

So a layer is no more than sums of filtered pictures, which this shows with numbers: the sum is made here, by the
primitives in NumPy, and is compared with what PyTorch has computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from convscope import ops
from convscope.errors import ConfigError
from convscope.graph import Graph
from convscope.graph.node import Node

CONVOLUTION = "correlate"


@dataclass(frozen=True)
class Component:
    """One output channel: ``inputs`` (I, \\*space) with ``kernels`` (I, \\*k) are the ``parts`` (I, \\*outputs).

    ``total`` is their sum and the ``bias``, ``engine`` what PyTorch computed, both (\\*outputs). ``channels`` (I,) are
    the numbers of the inputs among all of the layer's.
    """

    channel: int
    channels: np.ndarray
    inputs: np.ndarray
    kernels: np.ndarray
    parts: np.ndarray
    bias: float
    engine: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """The sum of the parts and the bias."""
        return self.parts.sum(0) + self.bias

    @property
    def difference(self) -> float:
        """The largest difference of the sum from what PyTorch computed."""
        return float(np.abs(self.total - self.engine).max())


@dataclass(frozen=True)
class Components:
    """Some output channels of the convolution ``node``, those of the largest numbers first."""

    node: str
    shown: tuple[Component, ...]
    outputs: int

    @property
    def difference(self) -> float:
        """The largest difference from PyTorch in all that is shown."""
        return max(each.difference for each in self.shown)

    @property
    def largest(self) -> float:
        """The largest magnitude in all that is shown: float32 holds seven digits of it."""
        return max(float(np.abs(each.engine).max()) for each in self.shown)


def convolutions(graph: Graph) -> tuple[Node, ...]:
    """Return the nodes that are convolutions with weights."""
    return tuple(node for node in graph.nodes if node.op == CONVOLUTION and "kernel" in node.weights)


def kernels(graph: Graph, node: str) -> np.ndarray:
    """Return the kernels (O, I / groups, \\*k) of a convolution; raises as ``components``."""
    return graph.weights[_convolution(graph, node).weights["kernel"]]


def components(
    graph: Graph, values: Mapping[str, np.ndarray], node: str, most: int = 4, channel: int | None = None
) -> Components:
    """Return up to ``most`` output channels of a convolution, or one ``channel``, by components computed in float64.

    ``values`` (1, ...) are PyTorch's numbers of one example by node.

    Raises ``ConfigError`` where there is no such node or channel, where it is no convolution, and where its numbers are
    not known.

    >>> from convscope.graph import Graph
    >>> from convscope.graph.record.activations import activations
    >>> from torch import nn
    >>> graph, values = activations(nn.Conv2d(2, 3, 3), [np.ones((1, 2, 5, 5), np.float32)])
    >>> result = components(graph, values, graph.nodes[1].name)
    >>> result.outputs, result.shown[0].parts.shape, result.difference < 1e-6
    (3, (2, 3, 3), True)
    """
    layer = _convolution(graph, node)
    source = layer.inputs["x"]
    if source not in values or node not in values:
        raise ConfigError(f"{node}: the numbers before it or behind it are not known")
    x, engine = values[source].astype(np.float64), values[node][0].astype(np.float64)
    if channel is not None and not 0 <= channel < len(engine):
        raise ConfigError(f"{node} has the channels 0 to {len(engine) - 1}; there is no channel {channel}")
    largest = engine.reshape(len(engine), -1).max(1)
    chosen = np.argsort(-largest, kind="stable")[:most] if channel is None else [channel]
    shown = tuple(_component(graph, layer, x, engine, int(channel)) for channel in chosen)
    return Components(node, shown, len(engine))


def _component(graph: Graph, node: Node, x: np.ndarray, engine: np.ndarray, channel: int) -> Component:
    arguments = dict(node.arguments)
    all_kernels = graph.weights[node.weights["kernel"]].astype(np.float64)  # (O, I / groups, *k)
    each = all_kernels.shape[1]
    first = channel // (len(all_kernels) // arguments["groups"]) * each
    channels = np.arange(first, first + each)
    kernel = all_kernels[channel]  # (I / groups, *k)
    arguments["groups"] = each  # a channel to a kernel, as a depthwise convolution has it
    parts = ops.correlate(x[:, channels], kernel[:, None], **arguments)[0]
    bias = float(graph.weights[node.weights["bias"]][channel]) if "bias" in node.weights else 0.0
    return Component(channel, channels, x[0, channels], kernel, parts, bias, engine[channel])


def _convolution(graph: Graph, name: str) -> Node:
    node = graph[name]
    if node.op != CONVOLUTION or "kernel" not in node.weights:
        known = ", ".join(each.name for each in convolutions(graph)[:8]) or "none"
        raise ConfigError(f"{name} is no convolution but {node.op}; the convolutions are {known}")
    return node
