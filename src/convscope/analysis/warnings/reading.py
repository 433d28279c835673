"""What the warnings read of a graph: who uses what, and the windows that slide over it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from convscope.geometry import Window
from convscope.graph import Graph
from convscope.graph.node import Node, Shape
from convscope.ops.correlation.rules import setting
from convscope.ops.pooling.windows import windows as pooling

CORRELATIONS = ("correlate", "convolve")
POOLINGS = ("max_pool", "avg_pool", "lp_pool")
# What changes numbers one by one, and neither shape nor order.
ONE_BY_ONE = (
    *("relu", "leaky_relu", "selu", "elu", "gelu", "gelu_tanh", "silu", "sigmoid", "tanh", "softplus", "clip"),
    *("dropout", "batch_norm"),
)


@dataclass(frozen=True)
class Sliding:
    """A node whose windows slide over ``source``, one ``Window`` a spatial axis.

    A padding node before it counts as its own padding.
    """

    node: Node
    source: str
    windows: tuple[Window, ...]

    @property
    def pools(self) -> bool:
        """Whether it pools rather than convolves."""
        return self.node.op in POOLINGS


@dataclass(frozen=True)
class Reading:
    """A graph with what several warnings look up in it; nodes that nothing depends on are left out."""

    graph: Graph

    @cached_property
    def ends(self) -> frozenset[str]:
        """What leaves the network: its outputs, and the nodes and weights that its Python code reads."""
        return frozenset((*self.graph.outputs.values(), *(one.source for one in self.graph.reads)))

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes that what leaves the network depends on."""
        needed = set(self.ends)
        for node in reversed(self.graph.nodes):
            if node.name in needed:
                needed.update(node.inputs.values())
        return tuple(node for node in self.graph.nodes if node.name in needed)

    @cached_property
    def users(self) -> dict[str, list[Node]]:
        """The nodes that take each node's value."""
        users: dict[str, list[Node]] = {node.name: [] for node in self.nodes}
        for node in self.nodes:
            for source in dict.fromkeys(node.inputs.values()):
                users[source].append(node)
        return users

    @cached_property
    def sliding(self) -> dict[str, Sliding]:
        """The convolutions and poolings, by name."""
        return {node.name: self._slides(node) for node in self.nodes if node.op in (*CORRELATIONS, *POOLINGS)}

    def shape(self, name: str) -> Shape:
        """Return the shape of a node's value, a parameter, a buffer or a constant."""
        graph = self.graph
        if name in graph.by_name:
            return graph.by_name[name].shape
        known = graph.parameters.get(name) or graph.buffers.get(name)
        return known.shape if known else graph.constants[name].shape

    def given(self, node: Node, argument: str) -> Shape | None:
        """Return the shape of what a node is given for one array input, None where it is given nothing."""
        name = node.inputs.get(argument) or node.weights.get(argument)
        return self.shape(name) if name else None

    def _slides(self, node: Node) -> Sliding:
        x = self.given(node, "x")
        if node.op in CORRELATIONS:
            kernel, bias = self.given(node, "kernel"), self.given(node, "bias")
            windows = setting(node.op, x, kernel, bias, **node.arguments).windows  # pyright: ignore[reportArgumentType]
        else:
            windows = pooling(node.op, x, **node.arguments)  # pyright: ignore[reportArgumentType]
        source = self.graph.by_name[node.inputs["x"]] if "x" in node.inputs else node
        if source.op != "pad" or "x" not in source.inputs:
            return Sliding(node, source.name, windows)
        around = source.arguments["padding"]
        wider = (
            replace(w, size=w.size - before - after, before=w.before + before, after=w.after + after)
            for w, (before, after) in zip(windows, around, strict=True)
        )
        return Sliding(node, source.inputs["x"], tuple(wider))


@lru_cache(maxsize=1024)
def covered(window: Window) -> frozenset[int]:
    """Return the positions of the input that some window covers."""
    return frozenset(i for output in range(window.outputs) for i in window.inputs(output))
