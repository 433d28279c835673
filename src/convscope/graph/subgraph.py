"""The part of a network that one node needs."""

from __future__ import annotations

from dataclasses import replace

from convscope.graph.graph import Graph
from convscope.graph.node import INPUT


def subgraph(graph: Graph, node: str) -> Graph:
    """Return the graph of the nodes that ``node`` depends on, and of all inputs; its output is that node.

    What comes after it, or stands beside it, need not be known. ``ConfigError`` for no such node.
    """
    needed = {graph[node].name}
    for earlier in reversed(graph.nodes):
        if earlier.name in needed:
            needed.update(earlier.inputs.values())
    nodes = tuple(kept for kept in graph.nodes if kept.name in needed or kept.op == INPUT)
    return replace(graph, nodes=nodes, outputs={node: node})
