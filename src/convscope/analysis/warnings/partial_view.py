"""Class units that see only a part of the input."""

from __future__ import annotations

import math
from collections.abc import Iterator

from convscope.analysis.exact_fields import field
from convscope.analysis.index_sets import IndexSet
from convscope.analysis.warnings.finding import DesignWarning
from convscope.analysis.warnings.reading import Reading
from convscope.analysis.warnings.unseen import unseen
from convscope.graph.node import Node

CODE = "CS106-partial-view"


def find(net: Reading) -> Iterator[DesignWarning]:
    """Yield a warning per output of class units whose first unit misses part of an input; ``number``: fraction seen.

    Rows and columns that no window on the input looks at have a warning of their own. What Python read of the network
    may move a unit from anywhere.
    """
    if net.graph.reads:
        return
    outputs = [net.graph.by_name[name] for name in dict.fromkeys(net.graph.outputs.values())]
    dropped: dict[str, dict[int, int]] = {}
    for axes in unseen(net):
        dropped[axes[0].source] = {one.axis: len(one.positions) for one in axes}
    for node in outputs:
        if not _of_classes(node):
            continue
        receptive_field = field(net.graph, node.name, (0,) * (len(node.shape) - 1))
        for name, places in receptive_field.inputs.items() if not receptive_field.unknown else ():
            lost = dropped.get(name, {})
            seen = math.prod(n - lost.get(axis - 1, 0) for axis, n in enumerate(places.shape))
            if places.count < seen:
                yield _warning(node, name, places)


def _of_classes(node: Node) -> bool:
    """Tell whether an output is (N, classes), or a map of one position."""
    return node.batch == 0 and len(node.shape) > 1 and math.prod(node.shape[2:]) == 1


def _warning(node: Node, name: str, places: IndexSet) -> DesignWarning:
    total = math.prod(places.shape)
    return DesignWarning(
        CODE,
        node.name,
        places.count / total,
        f"a unit of this output sees {places.count:,} of the {total:,} numbers of {name} ({places.count / total:.1%}): "
        "what lies elsewhere cannot change it",
        "add layers, strides or dilation before it, or pool over the whole map",
    )
