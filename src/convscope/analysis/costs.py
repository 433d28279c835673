"""Multiplications and additions of one example, node by node, and their sums.

Each primitive counts itself: PyTorch's counter, as in ``models.cost``, knows products only and needs the module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from convscope.analysis.shapes import arrays_of, itemsize
from convscope.graph import Graph
from convscope.graph.node import GETITEM, INPUT, UNKNOWN, Node
from convscope.ops import PRIMITIVES, Cost

CONVENTION = (
    "one example; multiplications and additions apart, as the definition of each operation is written out: products "
    "with padding counted, a division, root or exponential as one multiplication, a comparison as one addition"
)


@dataclass(frozen=True)
class Costs:
    """What each node costs (None: unknown), and the sums, which are "at least" where ``unknown`` names any."""

    nodes: Mapping[str, Cost | None]
    multiplications: int
    additions: int
    unknown: tuple[str, ...]


def costs(graph: Graph) -> Costs:
    """Count what one example costs."""
    by_node = {node.name: cost(graph, node) for node in graph.nodes}
    known = [one for one in by_node.values() if one is not None]
    return Costs(
        by_node,
        sum(one.multiplications for one in known),
        sum(one.additions for one in known),
        tuple(name for name, one in by_node.items() if one is None),
    )


def cost(graph: Graph, node: Node) -> Cost | None:
    """Return what a node costs, None where its operation is unknown."""
    if node.op == UNKNOWN:
        return None
    if node.op in (INPUT, GETITEM):
        return Cost(0, 0, 0, 0)
    shapes = [None if one is None else one.shape for one in arrays_of(graph, node)]
    return PRIMITIVES[node.op].cost(*shapes, itemsize=itemsize(node.dtype), **node.arguments)
