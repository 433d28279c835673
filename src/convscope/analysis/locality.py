"""How far a network's outputs see, along each spatial axis, and on which grid an image may be cut for it.

A network is local where each output depends on a stretch of the input around it, along every spatial axis by itself,
and on nothing that counts places. Then a part that begins on the network's grid, the common multiple of its strides,
moves every node's positions by a whole number. ``parts.difference`` proves that such a part gives the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from convscope.analysis.exact_fields import links_of_all
from convscope.analysis.index_sets import pairings
from convscope.errors import ConfigError
from convscope.graph import Graph
from convscope.graph.node import INPUT, UNKNOWN, Node
from convscope.ops.axes import Axes, Link, pointwise, same

Span = tuple[int, int]  # positions along an axis, from the first to before the last
Table = np.ndarray | None  # (positions, k): which positions feed each; -1 none, ``ZERO`` a padded zero. None: its own
ZERO = -2
CASTS = ("bfloat16", "half", "float", "double", "to", "type")
# They only move positions: how much of that a network does may depend on the size of the image (pad to a multiple).
MOVES = ("pad", "strided_slice")


class NotLocal(Exception):  # noqa: N818 - it is an answer, not a fault
    """A network's outputs cannot be shown to depend on what is around them only: the node that shows it, and why."""

    def __init__(self, node: str, why: str):
        super().__init__(f"{node} {why}")
        self.node, self.why = node, why


@dataclass(frozen=True)
class Track:
    """Which axis of a node follows an axis of the image, with how many positions for each of the image's."""

    axis: int
    rate: Fraction


@dataclass(frozen=True, eq=False)
class Source:
    """What feeds a step: an earlier step, and by which table along each spatial axis of the image."""

    step: int
    tables: tuple[Table, ...]


@dataclass(frozen=True, eq=False)
class Step:
    """A node that computes, with what feeds it; nodes that only move positions are part of the tables."""

    node: Node
    tracks: tuple[Track, ...]
    sources: tuple[Source, ...] = ()

    def length(self, axis: int) -> int:
        """How many positions there are along an axis of the image."""
        return self.node.shape[self.tracks[axis].axis]


@dataclass(frozen=True, eq=False)
class Locality:
    """How a local network's outputs depend on its input: its steps, and along each spatial axis the grid.

    ``output`` is the source of the network's output. A part that begins on a multiple of ``grid`` moves every step by a
    whole number of positions; ``strides`` names the node that made it as large.
    """

    graph: Graph
    steps: tuple[Step, ...]
    output: Source
    grid: tuple[int, ...]
    strides: tuple[str, ...]

    def needed(self, axis: int, wanted: Span) -> dict[int, Span]:
        """Return which positions of every step some outputs along an axis depend on; the input is step 0."""
        needed: dict[int, Span] = {}
        _need(needed, self.output, axis, wanted)
        for at in range(len(self.steps) - 1, 0, -1):
            for source in self.steps[at].sources if at in needed else ():
                _need(needed, source, axis, needed[at])
        return needed

    def halo(self, axis: int) -> tuple[int, int]:
        """Return how many inputs before and after a stretch of outputs they depend on, far from all borders."""
        grid, length = self.grid[axis], self.steps[0].length(axis)
        middle = length // 2 // grid * grid
        first, end = self.needed(axis, (middle, min(middle + grid, length)))[0]
        return middle - first, end - (middle + grid)


def locality(graph: Graph) -> Locality:
    """Follow the image's axes (N, C, *space) through a network of one input and one output of the same space.

    Raises:
        NotLocal: an operation that mixes places, counts them, or sees a whole axis; the first one is named.
        ConfigError: several inputs or outputs, or an output of another size.
    """
    following = _Following(graph)
    for read in graph.reads:
        raise NotLocal(read.path or graph.model, f"reads numbers out of PyTorch ({read.call}), and may act on them")
    for node in graph.nodes:
        following.add(node)
    return following.result()


def _need(needed: dict[int, Span], source: Source, axis: int, span: Span) -> None:
    """Widen what is needed of a source by what feeds a span."""
    table = source.tables[axis]
    if table is not None:
        rows = table[slice(*span)]
        fed = rows[rows >= 0]
        if not fed.size:
            return
        span = int(fed.min()), int(fed.max()) + 1
    before = needed.get(source.step, span)
    needed[source.step] = min(before[0], span[0]), max(before[1], span[1])


@dataclass(frozen=True, eq=False)
class _Followed:
    """A node's output as positions of a step."""

    source: Source
    tracks: tuple[Track, ...]


@dataclass
class _Following:
    """A graph as far as it was followed."""

    graph: Graph
    steps: list[Step] = field(default_factory=list[Step])
    followed: dict[str, _Followed] = field(default_factory=dict[str, _Followed])
    varying: dict[str, set[int]] = field(default_factory=dict[str, set[int]])  # axes along which a constant differs
    grid: list[int] = field(default_factory=list[int])
    strides: list[str] = field(default_factory=list[str])

    def add(self, node: Node) -> None:
        if node.op == INPUT:
            self._add_input(node)
            return
        if node.op == UNKNOWN and not _casts(self.graph, node):
            raise NotLocal(node.name, f"is an operation of which nothing is known ({node.arguments['operation']})")
        fed = {name: self.followed[source] for name, source in node.inputs.items() if source in self.followed}
        links = _links(self.graph, node, fed)
        if not fed:
            self.varying[node.name] = {axis for name in links for axis in self._differing(node, name, links[name])}
            return
        tracks = self._tracks(node, links, fed)
        self._refuse_places(node, links, fed, tracks)
        sources = tuple(_through(node, links[name], one) for name, one in fed.items())
        if node.op in MOVES:
            self.followed[node.name] = _Followed(sources[0], tracks)
            return
        self._add_step(Step(node, tracks, sources))

    def result(self) -> Locality:
        first, output = self.steps[0].node, self.graph[next(iter(self.graph.outputs.values()))]
        space = first.shape[2:]
        if len(self.graph.outputs) != 1 or output.shape[2:] != space or len(output.shape) != len(first.shape):
            raise ConfigError(
                f"{self.graph.model}: expected one output (N, K, *{space}) of the size of its input, found "
                + ", ".join(f"{name} {self.graph[node].shape}" for name, node in self.graph.outputs.items())
            )
        if output.name not in self.followed:
            raise NotLocal(output.name, "does not depend on the image")
        followed = self.followed[output.name]
        if followed.tracks != self.steps[0].tracks:
            raise NotLocal(output.name, "has its places in another order than the image")
        return Locality(self.graph, tuple(self.steps), followed.source, tuple(self.grid), tuple(self.strides))

    def _add_input(self, node: Node) -> None:
        if self.steps:
            raise ConfigError(f"{self.graph.model}: expected one input, found {len(self.graph.inputs)}")
        rank = len(node.shape) - 2
        self.grid, self.strides = [1] * rank, [node.name] * rank
        self._add_step(Step(node, tuple(Track(axis, Fraction(1)) for axis in range(2, 2 + rank))))

    def _add_step(self, step: Step) -> None:
        own = Source(len(self.steps), (None,) * len(step.tracks))
        self.followed[step.node.name] = _Followed(own, step.tracks)
        self.steps.append(step)

    def _tracks(self, node: Node, links: Axes, fed: Mapping[str, _Followed]) -> tuple[Track, ...]:
        """Return where the image's axes are in a node's output, and take its strides into the grid."""
        agreed: tuple[Track, ...] | None = None
        for name, one in fed.items():
            if name not in links:
                raise NotLocal(node.name, "puts places together that lie apart")
            tracks = tuple(
                self._moved(node, axis, links[name][one.tracks[axis].axis], one) for axis in range(len(self.grid))
            )
            if agreed is not None and tracks != agreed:
                raise NotLocal(node.name, "joins maps that step differently")
            agreed = tracks
        assert agreed is not None
        return agreed

    def _moved(self, node: Node, axis: int, link: Link, one: _Followed) -> Track:
        pooled = link.size > 1 and len(link.table) == 1 and (link.table[0] >= 0).sum() == link.size
        if link.axis is None or not link.advance or pooled:
            raise NotLocal(node.name, f"sees all of axis {axis + 2} at once")
        if link.nominal is None or (len(link.nominal) > 1 and 2 * link.advance > link.size):  # by chance, if at all
            raise NotLocal(node.name, f"has no regular step along axis {axis + 2}")
        rate = one.tracks[axis].rate
        grid = math.lcm(self.grid[axis], (link.advance / rate).numerator)
        if grid > self.grid[axis]:
            self.grid[axis], self.strides[axis] = grid, node.name
        return Track(link.axis, rate * len(link.nominal) / link.advance)

    def _refuse_places(self, node: Node, links: Axes, fed: Mapping[str, _Followed], tracks: tuple[Track, ...]) -> None:
        """Raise where numbers of the network's own, not of the image, differ from place to place."""
        for axis, track in enumerate(tracks):
            for name in links.keys() - fed.keys():
                if track.axis in self._differing(node, name, links[name], moving=True):
                    raise NotLocal(node.name, f"has numbers of its own for each place along axis {axis + 2}")

    def _differing(self, node: Node, name: str, links: tuple[Link, ...], moving: bool = False) -> Iterator[int]:
        """Yield the axes of a node's output along which an array that does not depend on the image differs.

        ``moving``: only where its numbers go along with the place, as those of a kernel do not.
        """
        varying = self.varying.get(node.inputs.get(name, ""))
        for axis, link in enumerate(links):
            differs = link.size > 1 and (not link.same or varying is None or axis in varying)
            if link.axis is not None and differs and not (moving and link.nominal is None):
                yield link.axis


def _links(graph: Graph, node: Node, fed: Mapping[str, _Followed]) -> Axes:
    """Return how the axes of all arrays feed a node; of a reshape those of the image, where they stay apart."""
    if node.op == UNKNOWN:  # a cast
        return {name: pointwise(node.shape) for name in node.inputs}
    if node.op != "reshape" or not fed:
        return links_of_all(graph, node)
    before = graph[node.inputs["x"]].shape
    alone = {old[0]: new[0] for old, new in pairings(before, node.shape) if len(old) == len(new) == 1}
    (one,) = fed.values()
    if any(track.axis not in alone for track in one.tracks):
        raise NotLocal(node.name, "lays axes of the image together")
    return {"x": tuple(same(alone.get(axis, 0), n) for axis, n in enumerate(before))}


def _casts(graph: Graph, node: Node) -> bool:
    """Return whether an operation only changes the type of numbers, as reduced precision does."""
    shapes = [graph[source].shape for source in node.inputs.values()]
    return node.arguments["operation"] in CASTS and shapes == [node.shape]


def _through(node: Node, links: tuple[Link, ...], one: _Followed) -> Source:
    """Return what feeds a node, moves before it included."""
    tables = (
        _composed(_table(node, links[track.axis]), before)
        for track, before in zip(one.tracks, one.source.tables, strict=True)
    )
    return Source(one.source.step, tuple(tables))


def _table(node: Node, link: Link) -> Table:
    if link.same:
        return None
    return np.where(link.table < 0, ZERO, link.table) if node.op == "pad" else link.table


def _composed(table: Table, before: Table) -> Table:
    """Return the table of what feeds what feeds; ``before`` only moves positions: it has one column."""
    if table is None or before is None:
        return before if table is None else table
    return np.where(table < 0, table, before[np.maximum(table, 0), 0])
