"""The shapes of one example, without the batch, and the arrays that each node takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from convscope.graph import Graph
from convscope.graph.node import Node, Shape
from convscope.ops import PRIMITIVES


@dataclass(frozen=True)
class Array:
    """An array's shape and type."""

    shape: Shape
    dtype: str

    @property
    def bytes(self) -> int:
        """How much memory it takes.

        >>> Array((2, 3), "float32").bytes, Array((2, 3), "bfloat16").bytes
        (24, 12)
        """
        total = 1
        for n in self.shape:
            total *= n
        return total * itemsize(self.dtype)


def itemsize(dtype: str) -> int:
    """Return the bytes of one number of a type by its name: the bits in it; a boolean takes one byte.

    >>> itemsize("float64"), itemsize("bool"), itemsize("complex64")
    (8, 1, 8)
    """
    bits = "".join(one for one in dtype.partition("_")[0] if one.isdigit())
    return max(int(bits) // 8, 1) if bits and dtype != "bool" else 1


def example_shape(node: Node) -> Shape:
    """Return the shape of a node's output for one example, without the axis of the batch."""
    return tuple(n for axis, n in enumerate(node.shape) if axis != node.batch)


def shapes(graph: Graph) -> Mapping[str, Shape]:
    """Return the output shape of every node for one example, without the batch."""
    return {node.name: example_shape(node) for node in graph.nodes}


def arrays_of(graph: Graph, node: Node) -> list[Array | None]:
    """Return the arrays that a primitive takes, in the order of its inputs; None for one that is absent."""
    number = len(node.inputs) + len(node.weights)
    arrays: list[Array | None] = []
    for name in PRIMITIVES[node.op].names(number):
        if name in node.inputs:
            source = graph.by_name[node.inputs[name]]
            arrays.append(Array(source.shape, source.dtype))
        else:
            arrays.append(weight(graph, node.weights[name]) if name in node.weights else None)
    return arrays


def weight(graph: Graph, name: str) -> Array:
    """Return shape and type of a parameter, a buffer or a constant."""
    if name in graph.constants:
        return Array(graph.constants[name].shape, graph.constants[name].dtype.name)
    array = graph.parameters.get(name) or graph.buffers[name]
    return Array(array.shape, array.dtype)
