"""Strides over a map of one position, and poolings to more positions than there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from convscope.analysis.warnings.finding import DesignWarning
from convscope.analysis.warnings.reading import Reading
from convscope.graph.node import Node

CODE = "CS103-too-much-pooling"


def find(net: Reading) -> Iterator[DesignWarning]:
    """Yield one for each node that shrinks what is already one position; ``number``: the positions it is given."""
    for node in net.nodes:
        if node.name in net.sliding:
            yield from _strides(net, node)
        elif node.op in ("adaptive_avg_pool", "adaptive_max_pool"):
            yield from _copies(net, node)


def _strides(net: Reading, node: Node) -> Iterator[DesignWarning]:
    windows = net.sliding[node.name].windows
    idle = [w for w in windows if w.size == 1 and w.stride > 1]
    if idle:
        yield DesignWarning(
            CODE,
            node.name,
            1,
            f"a stride of {idle[0].stride} over a map of {_sizes(w.size for w in windows)}: there is nothing left to "
            "shrink" + (", and all of the window but one position is padding" if idle[0].kernel > 1 else ""),
            "give a larger input, or leave out a pooling or a stride before it",
        )


def _copies(net: Reading, node: Node) -> Iterator[DesignWarning]:
    source = net.given(node, "x") or ()
    space, output = source[2:], node.shape[2:]
    if any(n > m for n, m in zip(output, space, strict=True)):
        yield DesignWarning(
            CODE,
            node.name,
            min(space),
            f"pooling {_sizes(space)} to {_sizes(output)} makes no map smaller, it repeats positions",
            f"give a larger input, or pool to at most {_sizes(space)}",
        )


def _sizes(space: Iterable[int]) -> str:
    return "×".join(map(str, space))
