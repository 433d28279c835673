"""Two linear maps in a row with nothing but linear steps between: together they are no more than one.

Silent where that is the point: a narrow middle (a factored matrix, the linear bottleneck of MobileNetV2), a depthwise
convolution beside a pointwise one, a k×1 kernel beside a 1×k one. A sum or a concatenation of branches ends a row.

Published networks have such pairs where the one map would be larger, as a projection before a k×k kernel (MobileViT):
then both numbers of weights are told, so that it can be judged whether the factoring is meant.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from convscope.analysis.warnings.finding import DesignWarning
from convscope.analysis.warnings.reading import Reading
from convscope.graph.node import Node, Shape

CODE = "CS203-missing-activation"
MAPS = {"linear": "weight", "correlate": "kernel", "convolve": "kernel", "correlate_transpose": "kernel"}
TOGETHER = ("linear", "correlate", "convolve")  # two of a kind are one of it
BETWEEN = (
    *("batch_norm", "reshape", "permute", "strided_slice", "pad", "avg_pool", "adaptive_avg_pool", "global_avg_pool"),
    *("reduce_mean", "reduce_sum", "resample_linear", "resample_nearest", "expand"),
)


def find(net: Reading) -> Iterator[DesignWarning]:
    """Yield one for the second map of each pair; ``number``: the steps between them."""
    for node in net.nodes:
        if node.op not in MAPS or MAPS[node.op] not in node.weights:
            continue
        between, first = _before(net, node)
        if first is not None and not _meant(net, first, between, node):
            through = f" (only {', '.join(one.name for one in between)} between)" if between else ""
            now, merged = _weights(net, first, between, node)
            saves = now < merged
            yield DesignWarning(
                CODE,
                node.name,
                len(between),
                f"nothing bends the values from {first.name} to {node.name}{through}: two linear maps in a row are one"
                + (f", of {merged:,} weights in place of {now:,}" if saves else ""),
                "put an activation between them, "
                + ("unless it is meant to save those weights" if saves else "or leave one of them out"),
            )


def _weights(net: Reading, first: Node, between: list[Node], second: Node) -> tuple[int, int]:
    """Return how many weights two maps have, and the one map that they make; 0 where it is no such map."""
    shapes: list[Shape] = [net.given(node, MAPS[node.op]) or (0, 0) for node in (first, second)]
    now = sum(map(math.prod, shapes))
    if first.op != second.op or any(one.op != "batch_norm" for one in between) or first.op not in TOGETHER:
        return now, 0
    merged = shapes[0][1] * shapes[1][0]
    for axis, kernels in enumerate(zip(*(shape[2:] for shape in shapes), strict=True)):
        apart = [node.arguments["dilation"][axis] for node in (first, second)]
        apart[1] *= first.arguments["stride"][axis]
        merged *= len({a * apart[0] + b * apart[1] for a in range(kernels[0]) for b in range(kernels[1])})
    return now, merged


def _before(net: Reading, node: Node) -> tuple[list[Node], Node | None]:
    """Return the linear steps before a map, and the map before them."""
    between: list[Node] = []
    while (source := net.graph.by_name.get(node.inputs.get("x", ""))) is not None:
        if source.op in MAPS and MAPS[source.op] in source.weights:
            return between[::-1], source
        if source.op not in BETWEEN:
            break
        between.append(source)
        node = source
    return [], None


def _meant(net: Reading, first: Node, between: list[Node], second: Node) -> bool:
    """Tell whether a pair is one map taken apart, which has fewer weights so or fewer sums."""
    start = net.given(first, "x") or ()
    middle = min(math.prod(one.shape) for one in (first, *between))
    if middle < min(math.prod(start), math.prod(second.shape)):
        return True
    if first.arguments.get("groups", 1) > 1 or second.arguments.get("groups", 1) > 1:
        return True
    kernels = [(net.given(node, MAPS[node.op]) or ())[2:] for node in (first, second)]
    wide = [{axis for axis, n in enumerate(kernel) if n > 1} for kernel in kernels]
    return all(wide) and not (wide[0] & wide[1])
