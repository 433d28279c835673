"""Receptive fields as numbers: size, stride and start along each axis of the input, and the span that each unit sees.

Size, stride and start are those of a unit far from all borders (padding counts as input, so that a size may exceed the
image): unit u sees ``size`` positions from ``start + stride · u`` on (Araujo, Norris, Sim 2019, "Computing Receptive
Fields of Convolutional Neural Networks"). Branches are united; where they step differently, or a unit's place decides,
there is no such number (None). Behind a transposed convolution or an upsampling the fields of the units repeat in a
period (``Periodic``): the size is the largest of them, the stride their mean, and the start that of the first unit.

Beside it the spans on this very input, borders and all, for every unit: first and last position seen. Where a span has
holes, or spans of branches make no box together, ``exact`` is False and ``exact_fields.field`` tells the truth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from convscope.analysis.exact_fields import links_of
from convscope.analysis.index_sets import pairings
from convscope.analysis.periodic import NOTHING, AxisField, Periodic
from convscope.graph import Graph
from convscope.graph.node import INPUT, UNKNOWN, Node, Shape
from convscope.ops.axes import Link


@dataclass(frozen=True, eq=False)
class Reach:
    """How the units along one axis of a node (``along``; None: all alike) see along one axis of the input.

    ``low`` and ``high`` (units,): the first and last position that is seen. ``solid``: all between them is.
    """

    along: int | None
    length: int  # of the input's axis
    periodic: Periodic | None
    low: np.ndarray
    high: np.ndarray
    solid: bool = True

    @property
    def field(self) -> AxisField:
        """The receptive field far from all borders."""
        return AxisField(None, None, None) if self.periodic is None else self.periodic.field

    def seen(self, unit: int) -> tuple[int, int]:
        """Return the first and last position that a unit sees; the last is smaller where it sees none."""
        at = unit if self.along is not None else 0
        return int(self.low[at]), int(self.high[at])


@dataclass(frozen=True, eq=False)
class Seen:
    """How a node sees one input: along each of its axes (None for the batch's).

    ``exact``: the spans of a unit make a box, and it sees just that. ``mixed``: the axis of the node along which units
    see differently though their spans do not tell (channels of several branches): the spans are those of all together.
    """

    axes: tuple[Reach | None, ...]
    exact: bool = True
    mixed: int | None = None

    @property
    def fields(self) -> tuple[AxisField, ...]:
        """The receptive field along each axis of one example."""
        return tuple(reach.field for reach in self.axes if reach is not None)


Reaches = Mapping[str, "dict[str, Seen] | None"]  # by node: by input; None behind an unknown operation


def reaches(graph: Graph) -> Reaches:
    """Return how every node sees every input that it depends on."""
    by_node: dict[str, dict[str, Seen] | None] = {}
    for node in graph.nodes:
        by_node[node.name] = {node.name: _itself(node)} if node.op == INPUT else _through(graph, node, by_node)
    return by_node


def _itself(node: Node) -> Seen:
    axes = (
        None
        if axis == node.batch
        else Reach(axis, n, Periodic(np.zeros(1, int), np.zeros(1, int), 1), np.arange(n), np.arange(n))
        for axis, n in enumerate(node.shape)
    )
    return Seen(tuple(axes))


def _through(graph: Graph, node: Node, by_node: Mapping[str, dict[str, Seen] | None]) -> dict[str, Seen] | None:
    sources = {name: by_node[source] for name, source in node.inputs.items()}
    if node.op == UNKNOWN and sources:
        return None
    parts: dict[str, list[Seen]] = {}
    joined = node.arguments.get("axis", 1) % len(node.shape) if node.op == "concatenate" else None
    known = links_of(graph, node)
    for name, seen in sources.items():
        if seen is None:
            return None
        before = graph.by_name[node.inputs[name]].shape
        for source, ahead in seen.items():
            if node.op == "reshape":
                parts.setdefault(source, []).append(_reshaped(ahead, before, node.shape))
            elif name in known:
                parts.setdefault(source, []).append(_linked(ahead, known[name], joined))
            else:
                parts.setdefault(source, []).append(_all_alike(ahead))
    return {source: _united(ways, joined) for source, ways in parts.items()}


def _linked(seen: Seen, links: tuple[Link, ...], joined: int | None) -> Seen:
    axes = tuple(
        reach if reach is None or reach.along is None else _moved(reach, links[reach.along]) for reach in seen.axes
    )
    mixed = None if seen.mixed is None else links[seen.mixed].axis
    solid = all(reach is None or reach.solid for reach in axes)
    # A unit in a border or a hole sees nothing; the spans that do not go by its place there do not tell.
    known = {reach.along for reach in axes if reach is not None}
    told = all(link.axis in known or link.axis in (None, joined) or not link.hollow for link in links)
    told = told or all(reach is None or reach.along is not None for reach in axes)
    return Seen(axes, seen.exact and solid and told, mixed)


def _moved(reach: Reach, link: Link) -> Reach:
    if link.same:
        return reach if link.axis == reach.along else replace(reach, along=link.axis)
    periodic = None if reach.periodic is None else reach.periodic.past(link)
    if periodic is None and link.axis is None:
        periodic = _total(reach)
    return Reach(link.axis, reach.length, periodic, *_spans(reach, link.table))


def _total(reach: Reach) -> Periodic | None:
    """Return the field of all units together where it is the whole axis."""
    if reach.low.size and reach.low.min() <= 0 and reach.high.max() >= reach.length - 1:
        return Periodic(np.zeros(1, int), np.array([reach.length - 1]), 0)
    return None


def _spans(reach: Reach, table: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return the first and last position that each row of units sees together, and whether all between them is."""
    if not reach.low.size:  # an array without numbers, out of which a border may be made
        return np.full(len(table), NOTHING), np.full(len(table), -1), True
    none = table < 0
    low, high = reach.low[table], reach.high[table]  # (outputs, k)
    if none.any():
        low, high = np.where(none, NOTHING, low), np.where(none, -1, high)
    first, last = low.min(1), high.max(1)
    if not reach.solid:
        return first, last, False
    if table.shape[1] == 1:
        return first, last, True
    order = np.argsort(low, axis=1, kind="stable")
    low, high = np.take_along_axis(low, order, 1), np.take_along_axis(high, order, 1)
    far = np.maximum.accumulate(high, 1)[:, :-1]
    joined = (low[:, 1:] <= far + 1) | (low[:, 1:] == NOTHING)
    return first, last, bool(joined.all())


def _all_alike(seen: Seen) -> Seen:
    """All that is seen by any unit, for every unit: more than the truth."""
    return Seen(tuple(None if reach is None else _blurred(reach) for reach in seen.axes), exact=False)


def _blurred(reach: Reach) -> Reach:
    if reach.along is None:
        return reach
    low, high = reach.low.min(keepdims=True, initial=NOTHING), reach.high.max(keepdims=True, initial=-1)
    return Reach(None, reach.length, None, low, high, False)


def _reshaped(seen: Seen, before: Shape, after: Shape) -> Seen:
    runs = pairings(before, after)
    nowhere: tuple[list[int], list[int]] = ([], [])
    exact = seen.exact
    axes: list[Reach | None] = []
    for reach in seen.axes:
        if reach is None or reach.along is None:
            axes.append(reach)
            continue
        old, new = next((run for run in runs if reach.along in run[0]), nowhere)
        if not old:  # an axis of size 1
            axes.append(replace(reach, along=None, periodic=None if reach.periodic is None else _still(reach.periodic)))
        elif len(old) == len(new) == 1:
            axes.append(replace(reach, along=new[0]))
        elif len(new) == 1:
            sizes = tuple(before[axis] for axis in old)
            at = np.unravel_index(np.arange(after[new[0]]), sizes)[old.index(reach.along)]
            periodic = None if reach.periodic is None else replace(reach.periodic, advance=None)
            axes.append(Reach(new[0], reach.length, periodic, reach.low[at], reach.high[at], reach.solid))
        else:
            axes.append(_blurred(reach))
            exact = False
    mixed = next((new for old, new in runs if seen.mixed in old), None)
    if mixed is not None and len(mixed) > 1:
        exact = False
    return Seen(tuple(axes), exact, None if mixed is None else mixed[0])


def _still(periodic: Periodic) -> Periodic:
    """Return what the one unit of an axis of size 1 sees."""
    return Periodic(periodic.first[:1], periodic.last[:1], 0)


def _united(parts: list[Seen], joined: int | None) -> Seen:
    """Put together what several arrays see; ``joined``: the axis along which they stand beside each other."""
    united = parts[0]
    for other in parts[1:]:
        if other is united:
            continue
        pairs = [(a, b) for a, b in zip(united.axes, other.axes, strict=True) if a is not None and b is not None]
        nested = all(_around(a, b) for a, b in pairs) or all(_around(b, a) for a, b in pairs)
        axes = tuple(
            a if a is None or b is None else _joined(a, b) for a, b in zip(united.axes, other.axes, strict=True)
        )
        exact = united.exact and other.exact and nested and all(a is None or a.solid for a in axes)
        mixed = {united.mixed, other.mixed} - {None}
        if joined is not None and not all(_around(a, b) and _around(b, a) for a, b in pairs):
            mixed.add(joined)
        united = Seen(axes, exact and len(mixed) < 2, next(iter(mixed), None))
    if len(parts) > 1 and joined is not None:  # along that axis a unit's place decides
        beside = (reach is not None and reach.along == joined for reach in united.axes)
        axes = tuple(replace(a, periodic=None) if a and of else a for a, of in zip(united.axes, beside, strict=True))
        united = replace(united, axes=axes)
    return united


def _comparable(a: Reach, b: Reach) -> bool:
    return a.along == b.along or a.along is None or b.along is None


def _around(a: Reach, b: Reach) -> bool:
    """Return whether each unit of ``a`` sees all that the unit of ``b`` at its place sees."""
    if a.low is b.low and a.high is b.high and a.along == b.along:
        return True
    return _comparable(a, b) and bool(((a.low <= b.low) & (a.high >= b.high)).all())


def _joined(a: Reach, b: Reach) -> Reach:
    if a is b or (a.along == b.along and a.low is b.low and a.high is b.high and a.periodic is b.periodic):
        return a
    if not _comparable(a, b):
        a, b = _blurred(a), _blurred(b)
    low, high = np.minimum(a.low, b.low), np.maximum(a.high, b.high)
    solid = a.solid and b.solid and bool((np.maximum(a.low, b.low) <= np.minimum(a.high, b.high) + 1).all())
    along = a.along if a.along is not None else b.along
    return Reach(along, a.length, _together(a, b), low, high, solid)


def _together(a: Reach, b: Reach) -> Periodic | None:
    """Return what two branches see together: with different steps only if one sees everything."""
    for whole in (a, b):
        still = whole.periodic is not None and whole.periodic.advance == 0
        if still and whole.low.max() <= 0 and whole.high.min() >= whole.length - 1:
            return whole.periodic
    return None if a.periodic is None or b.periodic is None else a.periodic.united(b.periodic)


def fraction_seen(graph: Graph, node: Node, seen: Mapping[str, Seen]) -> float | None:
    """Return the share of all inputs' numbers that the unit in the middle of a node sees; None: ask ``field``."""
    if not all(ahead.exact and ahead.mixed is None for ahead in seen.values()):
        return None
    numbers, every = 0, 0
    for source in graph.inputs:
        every += math.prod(n for axis, n in enumerate(source.shape) if axis != source.batch)
        if source.name not in seen:
            continue
        spans = (
            reach.seen(node.shape[reach.along] // 2 if reach.along is not None else 0)
            for reach in seen[source.name].axes
            if reach
        )
        numbers += math.prod(max(high - low + 1, 0) for low, high in spans)
    return numbers / every
