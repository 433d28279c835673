"""The part of a network that one node needs."""

from __future__ import annotations

from dataclasses import replace

from convscope.graph.node import INPUT, Graph


def part(graph: Graph, node: str) -> Graph:
    """Return the graph of the nodes that ``node`` depends on, and of all inputs; its output is that node.

    What comes after it, or stands beside it, need not be known. ``ConfigError`` for no such node.
    """
    needed = {graph[node].name}
    for one in reversed(graph.nodes):
        if one.name in needed:
            needed.update(one.inputs.values())
    nodes = tuple(one for one in graph.nodes if one.name in needed or one.op == INPUT)
    return replace(graph, nodes=nodes, outputs={node: node})
