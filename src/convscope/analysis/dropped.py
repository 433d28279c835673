"""Inputs that are paid for and not used: rows and columns that no output sees, and what single windows leave out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from convscope.analysis.exact_fields import backwards, links_of
from convscope.analysis.index_sets import IndexSet
from convscope.graph import Graph
from convscope.ops.axes import Link

WINDOWS = ("correlate", "convolve", "correlate_transpose", "avg_pool", "lp_pool", "max_pool")


@dataclass(frozen=True)
class Unseen:
    """Positions along an axis that nothing sees.

    At a node (``node``): positions along ``axis`` (counted with the batch) of the array that goes in, which none of its
    windows covers. At an input of the network: those that no output depends on, by whatever way.
    """

    node: str
    axis: int
    size: int
    positions: tuple[int, ...]


@dataclass(frozen=True)
class Dropped:
    """What no output uses of the network's ``inputs``, and what windows leave out at the ``nodes`` that do so.

    ``unknown`` names the operations that could not be seen through: what lies behind them may be used all the same.
    """

    inputs: tuple[Unseen, ...]
    nodes: tuple[Unseen, ...]
    unknown: tuple[str, ...] = ()


def dropped(graph: Graph) -> Dropped:
    """Return the positions that nothing sees.

    By hand: a kernel of 3 with stride 2 over 8 positions begins at 0, 2 and 4 and ends on 6: position 7 is dropped.
    """
    read = [one.source for one in graph.reads if one.source in graph.by_name]
    begin: Mapping[str, IndexSet] = {name: IndexSet.all(graph[name].shape) for name in (*graph.outputs.values(), *read)}
    reached, unknown = backwards(graph, begin)
    inputs: list[Unseen] = []
    for source in graph.inputs if not unknown else ():
        places = reached.get(source.name, IndexSet(source.shape))
        for axis, n in enumerate(source.shape):
            left = np.setdiff1d(np.arange(n), places.along(axis))
            if axis != source.batch and len(left):
                inputs.append(Unseen(source.name, axis, n, tuple(left.tolist())))
    return Dropped(tuple(inputs), tuple(_left_out(graph)), unknown)


def _left_out(graph: Graph):
    for node in graph.nodes:
        if node.op not in WINDOWS:
            continue
        for axis, link in enumerate(links_of(graph, node).get("x", ())[2:], start=2):
            if left := _left(link):
                yield Unseen(node.name, axis, link.size, left)


@lru_cache(1024)
def _left(link: Link) -> tuple[int, ...]:
    return tuple(np.setdiff1d(np.arange(link.size), link.table).tolist())
