"""A dense layer on a flattened feature map that holds most of a network's weights."""

from __future__ import annotations

import math
from collections.abc import Iterator

from convscope.analysis.warnings.finding import DesignWarning
from convscope.analysis.warnings.reading import ONE_BY_ONE, Reading
from convscope.graph.node import Node, Shape

CODE = "CS302-one-dense-layer"
SHARE = 0.5


def find(net: Reading) -> Iterator[DesignWarning]:
    """Yield one for a dense layer with more than half of all weights; ``number``: its share of them."""
    total = sum(math.prod(one.shape) for one in net.graph.parameters.values())
    for node in net.nodes:
        weight = net.graph.parameters.get(node.weights.get("weight", "")) if node.op == "linear" else None
        if weight is None or math.prod(weight.shape) <= SHARE * total:
            continue
        source = _flattened(net, node)
        if source:
            own, fraction = math.prod(weight.shape), math.prod(weight.shape) / total
            pooled = source[1] * weight.shape[0]
            yield DesignWarning(
                CODE,
                node.name,
                fraction,
                f"{own:,} of {total:,} weights ({fraction:.0%}) are in this one dense layer over a flattened map of "
                f"{'×'.join(map(str, source[1:]))}",
                f"pool the map first: after a global average the same layer has {pooled:,}",
            )


def _flattened(net: Reading, node: Node) -> Shape | None:
    """Return the shape of the feature map that a dense layer is given flattened; None for no map, or for the input."""
    while (source := net.graph.by_name.get(node.inputs.get("x", ""))) is not None:
        shape = net.given(source, "x") or ()
        if source.op == "reshape" and len(source.shape) == 2 and len(shape) > 2:
            computed = net.graph.by_name.get(source.inputs["x"])
            return shape if computed and computed.op != "input" and math.prod(shape[2:]) > 1 else None
        if source.op not in ONE_BY_ONE:
            return None
        node = source
    return None
