"""The learned numbers: each once, however many names and uses it has; and those that nothing uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from convscope.analysis.shapes import weight
from convscope.graph import Graph
from convscope.ops.primitive import count


@dataclass(frozen=True)
class Parameters:
    """How many parameters a network has.

    ``total`` equals the framework's sum; ``trainable`` are those that training changes; ``first_used`` gives for every
    node how many parameters it is the first to use, so that the sum over all nodes and the ``unused`` is the total.
    ``shared`` maps further names of an array to its first. ``buffers`` are numbers that are kept and not learned.
    ``unseen`` stands in the place of ``unused`` where that is not known: see ``Graph.all_seen``.
    """

    total: int
    trainable: int
    buffers: int
    bytes: int
    buffer_bytes: int
    first_used: Mapping[str, int]
    unused: tuple[str, ...]
    shared: Mapping[str, str]
    unused_total: int = 0
    unseen: tuple[str, ...] = ()


def parameters(graph: Graph) -> Parameters:
    """Count the parameters and buffers of a network."""
    sizes = {name: count(one.shape) for name, one in graph.parameters.items()}
    seen: set[str] = set()
    first_used: dict[str, int] = {}
    for node in graph.nodes:
        new = {name for name in node.weights.values() if name in sizes} - seen
        first_used[node.name] = sum(sizes[name] for name in new)
        seen |= new
    left = tuple(name for name in sizes if name not in seen)
    unused = left if graph.all_seen else ()
    return Parameters(
        sum(sizes.values()),
        sum(sizes[name] for name, one in graph.parameters.items() if one.trainable),
        sum(count(one.shape) for one in graph.buffers.values()),
        sum(weight(graph, name).bytes for name in graph.parameters),
        sum(weight(graph, name).bytes for name in graph.buffers),
        first_used,
        unused,
        dict(graph.shared),
        sum(sizes[name] for name in unused),
        () if graph.all_seen else left,
    )
