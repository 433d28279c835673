"""One number of a network, opened: its products, where each operand stands, and which inputs it is computed from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.analysis.exact_fields import field
from convscope.explorer.answer import Answer
from convscope.explorer.questions.options import place, whole
from convscope.plain import plain
from convscope.tracing.forward import PIXEL, Forward
from convscope.tracing.terms import Trace, trace_number

if TYPE_CHECKING:
    from convscope.explorer.session import Session
    from convscope.graph import Graph

TOP, MOST_TERMS = 24, 4096  # terms told one by one; terms whose places are sent


def number(session: Session, options: Mapping[str, str], run: str, image: str) -> Answer:
    """Return the number at ``at`` of ``node``, a layer or a weight or "pixel", with its ``top`` largest products.

    ``operand``, ``factor`` (m,) float32 are those of all its terms, in order, ``place`` (m, 3) int32 the channel, row
    and column of each operand where they all stand in maps, and ``seen`` (H, W) uint8 is 1 where the image is among
    what the number is computed from.
    """
    forward = session.forward(session.run(run), image)
    node, at = options.get("node"), place(options)
    if node is not None and at is not None and _ends(forward, node):
        traced = trace_number(forward).elsewhere(node, at)
    else:
        traced = trace_number(forward, node, at)
    told = traced.to_dict(whole(options, "top", TOP, MOST_TERMS))
    arrays: dict[str, np.ndarray] = {}
    if traced.arrays is not None and 0 < len(traced) <= MOST_TERMS:
        arrays = {
            "operand": traced.arrays.operand.astype(np.float32),
            "factor": traced.arrays.factor.astype(np.float32),
        }
        if (places := _places(traced)) is not None:
            arrays["place"] = places
    seen, facts = _seen(forward.graph, traced)
    if seen is not None:
        arrays["seen"] = seen
    return Answer({**told, "count": len(traced), "field": facts, "way": _next(traced)}, arrays)


def _ends(forward: Forward, node: str) -> bool:
    """Return whether a name is no layer's, but of a weight or of the raw pixels."""
    is_pixel = node == PIXEL and forward.scaling is not None
    return is_pixel or (node not in forward.graph.by_name and node in forward.values.arrays)


def _places(traced: Trace) -> np.ndarray | None:
    """Return where each operand stands in the maps of the one layer that they are of, ``None`` where it is none."""
    terms, node = traced.arrays, traced.forward.graph.by_name.get(traced.node)
    if terms is None or node is None or not isinstance(terms.source, str) or terms.source not in node.inputs:
        return None
    shape = traced.forward.graph[node.inputs[terms.source]].shape
    return terms.index[:, -3:].astype(np.int32) if len(shape) == 4 and terms.index.shape[1] >= 3 else None


def _next(traced: Trace) -> dict[str, Any] | None:
    """Return where the largest product's operand leads, nodes that only move numbers passed."""
    if not len(traced):
        return None
    then = traced.follow()
    return {"node": then.node, "at": list(then.at), "passed": list(then.passed)}


def field_of(session: Session, options: Mapping[str, str], run: str) -> Answer:
    """Return which places of the input unit ``at`` of ``node`` sees, (H, W) uint8, exact at borders."""
    from convscope.analysis.exact_fields import middle

    graph = session.run(run).inspection.graph
    node = graph[options.get("node", next(iter(graph.outputs.values())))]
    at = place(options) or tuple(each for axis, each in enumerate(middle(node)) if axis != node.batch)
    seen, facts = _mask(graph, node.name, at)
    return Answer(
        plain({"node": node.name, "at": at, "shape": node.shape, **facts}), {} if seen is None else {"seen": seen}
    )


def _seen(graph: Graph, traced: Trace) -> tuple[np.ndarray | None, dict[str, Any] | None]:
    if traced.node == PIXEL or traced.node not in graph.by_name:
        return None, None
    place, batch = traced.forward.full(traced.node, traced.at), graph[traced.node].batch
    return _mask(graph, traced.node, [at for axis, at in enumerate(place) if axis != batch])


def _mask(graph: Graph, node: str, at: Any) -> tuple[np.ndarray | None, dict[str, Any]]:
    """Return what a unit sees of the first input, over its channels: (H, W) or (1, T) uint8, and facts of it.

    Of a volume it is the slice in the middle of what is seen (``slice``), and the ``box`` begins with the depth.
    """
    seen = field(graph, node, at)
    facts = {"share": seen.share, "at_most": seen.at_most, "unknown": list(seen.unknown)}
    if seen.unknown or not seen.places.shape:
        return None, facts
    mask = np.atleast_2d(seen.places.mask())
    mask = np.asarray(mask.any(0, keepdims=mask.ndim == 2))
    spans = [np.flatnonzero(mask.any(tuple(set(range(mask.ndim)) - {axis}))) for axis in range(mask.ndim)]
    box = [int(end) for span in spans for end in span[[0, -1]]] if mask.any() else []
    facts = {**facts, "box": box, "count": int(mask.sum()), "size": list(mask.shape)}
    if mask.ndim > 2:
        facts["slice"] = (box[0] + box[1]) // 2 if box else 0
        mask = np.asarray(mask[facts["slice"]])
    return mask.astype(np.uint8), facts
