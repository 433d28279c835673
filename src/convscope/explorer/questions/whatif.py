"""What becomes of a network where one of its windows is another: every shape and cost again, beside those of now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from convscope.analysis.costs import costs
from convscope.analysis.edits import EDITABLE, edited, window_of
from convscope.analysis.parameters import parameters
from convscope.analysis.receptive_fields import reaches
from convscope.analysis.shapes import example_shape
from convscope.errors import ConfigError
from convscope.explorer.answer import Answer
from convscope.explorer.questions.options import numbers
from convscope.plain import plain

if TYPE_CHECKING:
    from convscope.explorer.session import Session
    from convscope.graph import Graph

MOST = 512  # of a kernel, a stride and a padding
SAME = "same"


def whatif(session: Session, options: Mapping[str, str], run: str) -> Answer:
    """Return every node's shape, cost and field as it is, and as it would be with another window at ``node``.

    ``kernel``, ``stride`` and ``padding`` are whole numbers, one or one per axis with commas between; what is left out
    stays. ``fit=1`` lets fully connected layers take what arrives. Without ``node``: the first that has a window.
    """
    graph = session.run(run).inspection.graph
    windows = {node.name: window_of(graph, node) for node in graph.nodes if node.op in EDITABLE}
    if not windows:
        raise ConfigError(f"no layer of {graph.model} has a window to change")
    name = options.get("node") or next(iter(windows))
    padding = SAME if options.get("padding") == SAME else numbers(options, "padding", 0, MOST)
    kernel, stride = (numbers(options, each, 1, MOST) for each in ("kernel", "stride"))
    result = edited(graph, name, kernel=kernel, stride=stride, padding=padding, fit=options.get("fit") == "1")
    before, after = _of(graph), _of(result.graph)
    rows = [
        {"name": node.name, "op": node.op, "from": list(dict.fromkeys(node.inputs.values())),
         "before": before[node.name], "after": after.get(node.name), "fault": result.faults.get(node.name),
         "lost": node.name in result.lost}
        for node in graph.nodes
    ]  # fmt: skip
    known = result.graph.by_name.get(name)
    return Answer(plain({
        "node": name, "windows": windows, "window": window_of(result.graph, known) if known else None, "rows": rows,
        "refitted": result.refitted, "before": _sums(before), "after": _sums(after),
    }))  # fmt: skip


def _of(graph: Graph) -> dict[str, dict[str, Any]]:
    """Return shape, cost, parameters and the field's size along each spatial axis of every node."""
    cost, held, seen = costs(graph).nodes, parameters(graph).first_used, reaches(graph)
    rows: dict[str, dict[str, Any]] = {}
    for node in graph.nodes:
        each, fields = cost[node.name], seen[node.name]
        rows[node.name] = {
            "shape": example_shape(node),
            "multiplications": None if each is None else each.multiplications,
            "additions": None if each is None else each.additions,
            "parameters": held[node.name],
            "sees": [axis.size for axis in next(iter(fields.values())).fields[1:]] if fields else None,
        }
    return rows


def _sums(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    names = ("multiplications", "additions", "parameters")
    return {name: sum(row[name] or 0 for row in rows.values()) for name in names}
