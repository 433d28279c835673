"""The exact set of inputs that one unit sees: backwards from it through every node, whatever joins on the way.

Borders, the holes of dilation, branches, transposed convolutions, slices and the constant mask of an attention are all
in it; that a kernel's number, a rectifier or a softmax behind -inf may happen to be zero is not. Where the numbers
themselves choose (a maximum), all that may be chosen counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convscope.analysis import patches
from convscope.analysis.index_sets import Box, IndexSet, reshaped
from convscope.analysis.shapes import arrays_of, example_shape
from convscope.errors import ShapeError
from convscope.graph import Graph
from convscope.graph.node import GETITEM, INPUT, UNKNOWN, Node, Shape
from convscope.ops import PRIMITIVES
from convscope.ops.axes import Axes, Link, pointwise, same, shifted

FEW = 4096  # places of a node of whose operation nothing is known axis by axis, that are asked about one by one


@dataclass(frozen=True)
class Field:
    """What one unit, or several, of a node see.

    ``inputs``: by the name of the network's input, places in one example of it (without the batch); ``unknown`` names
    the operations on the way that cannot be seen through: what lies behind them is not in ``inputs``. ``at_most``: it
    may be less, as the exact set would take too long to find.
    """

    node: str
    at: tuple[int | None, ...]
    inputs: Mapping[str, IndexSet]
    unknown: tuple[str, ...] = ()

    @property
    def places(self) -> IndexSet:
        """The places in the network's first or only input."""
        return next(iter(self.inputs.values()))

    @property
    def at_most(self) -> bool:
        """Whether the places are an upper bound."""
        return any(one.at_most for one in self.inputs.values())

    @property
    def share(self) -> float | None:
        """The fraction of all input numbers that the unit sees; None behind an unknown operation."""
        if self.unknown:
            return None
        return sum(places.count for places in self.inputs.values()) / sum(
            int(np.prod(places.shape)) for places in self.inputs.values()
        )

    def __contains__(self, at: Sequence[int]) -> bool:
        return tuple(at) in self.places


def field(graph: Graph, node: str, at: Sequence[int] | None = None, *, whole: Collection[str] = ()) -> Field:
    """Return the set of inputs that unit ``at`` of a node sees: exact, or said to be an upper bound.

    ``at`` is a place in the node's output without the batch: (channel, y, x). With fewer numbers they are the last ones
    and the others stand for all: (y, x) is every channel there. None: every unit. ``whole`` are nodes whose unit in the
    middle is known to see all inputs: where the way leads through one, it is not followed further.

    Raises:
        ConfigError: no such node, with the nearest names.
        ShapeError: no such place, with the valid range.
    """
    target = graph[node]
    place = _checked(target, at)
    begin = IndexSet(target.shape, [_box(target, place)])
    reached, unknown = backwards(graph, {node: begin}, whole)
    inputs = {one.name: _without_batch(reached.get(one.name, IndexSet(one.shape)), one.batch) for one in graph.inputs}
    return Field(node, place, inputs, unknown)


def backwards(
    graph: Graph, begin: Mapping[str, IndexSet], whole: Collection[str] = ()
) -> tuple[dict[str, IndexSet], tuple[str, ...]]:
    """Return for every input of the network the places that feed the given places of nodes, and what is unknown."""
    pending = dict(begin)
    unknown: list[str] = []
    fed = _fed_by_inputs(graph)
    for node in reversed(graph.nodes):
        if node.op == INPUT or node.name not in pending:
            continue
        places = pending.pop(node.name)
        if node.name in whole and not places.at_most and middle(node) in places:
            return {one.name: IndexSet.all(one.shape) for one in graph.inputs}, tuple(unknown)
        if node.op == UNKNOWN:
            unknown.append(node.name)
            continue
        for name in node.inputs:
            source = node.inputs[name]
            if source not in fed:  # made of weights alone
                continue
            into = pending.setdefault(source, IndexSet(graph.by_name[source].shape))
            into.at_most |= places.at_most
            for box in _before(graph, node, name, places, into):
                into.add(box)
    return pending, tuple(unknown)


def middle(node: Node) -> Shape:
    """Return the place of the unit in the middle of a node's output."""
    return tuple(n // 2 if axis != node.batch else 0 for axis, n in enumerate(node.shape))


def _fed_by_inputs(graph: Graph) -> set[str]:
    """Return the nodes that depend on an input of the network, or may: what an unknown operation makes."""
    fed: set[str] = set()
    for node in graph.nodes:
        if node.op in (INPUT, UNKNOWN) or not fed.isdisjoint(node.inputs.values()):
            fed.add(node.name)
    return fed


def links_of(graph: Graph, node: Node) -> Axes:
    """Return by the name of a node before how its axes feed a node; nothing for what is no matter of axes."""
    return {name: links for name, links in links_of_all(graph, node).items() if name in node.inputs}


def links_of_all(graph: Graph, node: Node) -> Axes:
    """Return the same for a node's weights and constants too."""
    if node.op in (INPUT, UNKNOWN):
        return {}
    if node.op == GETITEM:
        return {"x": _part(graph.by_name[node.inputs["x"]], node)}
    shapes = [None if one is None else one.shape for one in arrays_of(graph, node)]
    primitive = PRIMITIVES[node.op]
    constants = {name: graph.constants[key] for name, key in node.weights.items() if key in graph.constants}
    return {
        **primitive.axes(*shapes, **node.arguments),
        **primitive.narrowed(constants, *shapes, **node.arguments),
    }


def _part(whole: Node, part: Node) -> tuple[Link, ...]:
    """One of a node's results is either shaped as the first, or the state of its last step."""
    if part.shape == whole.shape:
        return pointwise(part.shape)
    n, steps, width = whole.shape
    last = shifted(0, 1, steps, steps - 1, 0)
    return (same(0, n), Link(None, steps, last.table, (np.array([steps - 1]),), 0), same(1, width))


def _before(graph: Graph, node: Node, name: str, places: IndexSet, into: IndexSet) -> Iterator[Box]:
    """Yield boxes of the array input ``name``, which are to go ``into`` a set, that feed some places of a node."""
    before = graph.by_name[node.inputs[name]].shape
    if node.op == "reshape":
        for box in places.boxes:
            yield from reshaped(box, before, node.shape)
        return
    if node.op in patches.WINDOWED:
        for box in places.boxes:
            yield from patches.before(node.op, box, before, node.shape, node.arguments)
        return
    axes = links_of(graph, node).get(name)
    if axes is None and places.count > FEW:
        into.at_most = True
        yield IndexSet.all(before).boxes[0]
        return
    if axes is None:
        yield from _one_by_one(graph, node, name, places)
        return
    for box in places.boxes:
        yield tuple(_fed(link, box) for link in axes)


def _fed(link: Link, box: Box) -> np.ndarray:
    """Return which positions along an axis of an input feed a box of the output."""
    if link.axis is not None and link.same:
        return box[link.axis]
    rows = link.table if link.axis is None else link.table[box[link.axis]]
    fed = np.zeros(link.size + 1, bool)
    fed[rows] = True  # -1 is the last one, which is cut off
    return fed[:-1]


def _one_by_one(graph: Graph, node: Node, name: str, places: IndexSet) -> Iterator[Box]:
    """Ask the primitive itself about each place: right for all of them, and slow, so only for a few."""
    shapes = [None if one is None else one.shape for one in arrays_of(graph, node)]
    size = graph.by_name[node.inputs[name]].shape
    for at in np.argwhere(places.mask()):
        index = PRIMITIVES[node.op].field(tuple(map(int, at)), *shapes, **node.arguments)[name]
        yield IndexSet.at(size, index).boxes[0]


def _checked(node: Node, at: Sequence[int] | None) -> tuple[int | None, ...]:
    """Return a place in one example's output, None for all positions along an axis."""
    shape = example_shape(node)
    asked: tuple[Any, ...] = () if at is None else tuple(at)
    place: tuple[Any, ...] = (None,) * (len(shape) - len(asked)) + asked
    fits = len(asked) <= len(shape) and all(
        i is None or (isinstance(i, int | np.integer) and 0 <= i < n) for i, n in zip(place, shape, strict=False)
    )
    if not fits:
        valid = ", ".join(f"0..{n - 1}" for n in shape)
        raise ShapeError(
            f"{node.name} has no unit at {', '.join(map(str, asked))}: its output is {_times(shape)}; valid is {valid}"
        )
    return tuple(None if i is None else int(i) for i in place)


def _times(shape: Shape) -> str:
    return "×".join(map(str, shape)) or "one number"


def _box(node: Node, place: tuple[int | None, ...]) -> Box:
    """Return a place of one example as a box of the whole output."""
    chosen: list[int | slice] = [slice(None) if i is None else i for i in place]
    if node.batch is not None:
        chosen.insert(node.batch, slice(None))
    return IndexSet.at(node.shape, chosen).boxes[0]


def _without_batch(places: IndexSet, batch: int | None) -> IndexSet:
    if batch is None:
        return places
    shape = tuple(n for axis, n in enumerate(places.shape) if axis != batch)
    boxes = [tuple(line for axis, line in enumerate(box) if axis != batch) for box in places.boxes]
    return IndexSet(shape, boxes, places.at_most)
