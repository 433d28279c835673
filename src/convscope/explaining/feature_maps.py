"""What every layer of a network makes of one example, down to its answer: the maps, and the range of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from convscope.graph import Graph
from convscope.graph.node import GETITEM, INPUT, Node
from convscope.tracing.forward import MOVES

KEEPS = MOVES - {"concatenate", "pad"} | {"dropout", GETITEM}  # the numbers of the node before, in another order

NEARLY = 0.01  # of the largest number of a layer: a map that stays below is nearly nothing, however it is coloured


@dataclass(frozen=True)
class FeatureMaps:
    """The values (C, \\*space) of one node for one example; of a layer without space (K,).

    ``op`` is the primitive that computes them, ``node`` its name as ``inspect`` has it.
    """

    node: str
    op: str
    values: np.ndarray

    @property
    def ranges(self) -> np.ndarray:
        """The least and the largest number of each map, (C, 2)."""
        flat = self.values.reshape(len(self.values), -1)
        return np.stack([flat.min(1), flat.max(1)], 1)

    @property
    def silent(self) -> int:
        """How many maps are the same number everywhere: they tell nothing of this example.

        >>> FeatureMaps("a", "relu", np.array([[[0.0, 0.0]], [[1.0, 2.0]]])).silent
        1
        """
        low, high = self.ranges.T
        return int((low == high).sum()) if self.values.ndim > 1 else 0

    @property
    def faint(self) -> np.ndarray:
        """Which maps (C,) are nearly nothing: each number is finite and below a hundredth of the layer's largest.

        >>> FeatureMaps("a", "relu", np.array([[[0.0, 0.25]], [[100.0, 2.0]]])).faint.tolist()
        [True, False]
        """
        flat = np.abs(self.values).reshape(len(self.values), -1)
        most, finite = flat.max(1, initial=0), np.isfinite(flat)
        return (most < NEARLY * flat.max(initial=0, where=finite)) & finite.all(1) & (self.values.ndim > 1)


def feature_maps(graph: Graph, values: Mapping[str, np.ndarray], node: str | None = None) -> tuple[FeatureMaps, ...]:
    """Return the maps of each node of a graph that computes something, in the order in which they run.

    ``values`` (1, ...) are those of one example by node. With ``node`` the maps of that one alone.

    Raises ``ConfigError`` with the nearest name where there is no such node, or where its numbers are not known.
    """
    nodes = graph.nodes if node is None else (graph[node],)
    shown = (one for one in nodes if node is not None or one.op not in KEEPS | {INPUT})
    return tuple(_of(one, values[one.name]) for one in shown if one.name in values and has_maps(one))


def _of(node: Node, values: np.ndarray) -> FeatureMaps:
    return FeatureMaps(node.name, node.op, values[0].astype(np.float32))


def has_maps(node: Node) -> bool:
    """Return whether a node's value is floating and has a row for each example, of which there is one.

    Along which axis a batch grows is not known behind everything, such as tokens put in front of a text.
    """
    is_row = node.batch == 0 or (node.batch is None and bool(node.inputs) and node.shape[:1] == (1,))
    return is_row and len(node.shape) > 1 and node.dtype.startswith(("float", "bfloat"))
