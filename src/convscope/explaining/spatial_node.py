"""The layer that class activation maps are taken of: the last one with places, and where in the input they lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convscope.analysis.receptive_fields import Reach, Seen, reaches
from convscope.errors import ConfigError
from convscope.explaining.explained import Explained
from convscope.graph import Graph
from convscope.graph.node import INPUT, Node
from convscope.graph.record import Recording
from convscope.graph.record.watch import Place, place_of
from convscope.text import listed


@dataclass(frozen=True)
class SpatialNode:
    """A node (1, K, *places) of a graph: its ``place`` in the forward, and its units' ``centres`` along each axis.

    ``centres`` are in positions of the input, ``strides`` and ``fields`` (the size of the receptive field) along each
    axis; None where there is no such number. ``alone``: no other way leads from the input to the answer.
    """

    name: str
    place: Place
    centres: tuple[np.ndarray, ...]
    strides: tuple[float | None, ...]
    fields: tuple[int | None, ...]
    alone: bool

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of it."""
        if self.alone:
            return ()
        return (f"other ways lead from the input to the answer past {self.name}: the map knows nothing of them",)


def spatial_node(explained: Explained) -> SpatialNode:
    """Return the node that is asked for, or the last one that has more than one place.

    Raises ``ConfigError``, with the nearest names, for a node that is not there or has no places, and where the network
    has none that has, or cannot be recorded.
    """
    recording = explained.recording
    if recording is None:
        raise ConfigError("class activation maps need the network as a graph, and it cannot be recorded (see inspect)")
    graph = recording.graph
    seen, reached = reaches(graph), _from_input(graph)
    space = explained.x.shape[1:] if explained.tokens else explained.x.shape[2:]
    axes = (1,) if explained.tokens else tuple(range(2, explained.x.ndim))
    fitting = {
        node.name: ways
        for node in graph.nodes
        if node.op != INPUT and node.name in reached and (ways := _ways(graph, node, seen[node.name], axes)) is not None
    }
    if explained.node is not None:
        node = graph[explained.node]
        if node.name not in fitting:
            known = listed(list(fitting)[::-1]) if fitting else "none"
            raise ConfigError(f"{node.name} {node.shape} has no places along the input's axes; these have: {known}")
        place = place_of(recording, node.name)
        if place is None:
            raise ConfigError(f"{node.name} is no result of a call of PyTorch's own; take a layer beside it")
    else:
        node, place = _last(recording, fitting)
    reach = fitting[node.name]
    centres = tuple(_centres(way, node.shape[2 + i], space[i]) for i, way in enumerate(reach))
    fields = [None if way is None else way.field for way in reach]
    return SpatialNode(
        node.name, place, centres,
        tuple(None if field is None or field.stride is None else float(field.stride) for field in fields),
        tuple(None if field is None else field.size for field in fields),
        next(iter(graph.outputs.values())) not in _from_input(graph, past=node.name),
    )  # fmt: skip


def _ways(
    graph: Graph, node: Node, seen: dict[str, Seen] | None, axes: tuple[int, ...]
) -> tuple[Reach | None, ...] | None:
    """Return how a node's places see the input along each of its axes; None for a node that has no such places.

    Its axes are those of the input, behind the channels. Where it is not known which places see which, or all see
    alike, as those of attention do, an image's layer is taken for such a one, and a sequence's is not: its last axis is
    as often one of channels.
    """
    space = node.shape[2:]
    batch = node.batch == 0 if graph.batched else node.shape[:1] == (1,)
    if not batch or len(space) != len(axes) or max(space, default=1) == 1:
        return None
    if seen is None:
        return (None,) * len(axes) if len(axes) > 1 else None
    ahead = seen.get(graph.inputs[0].name)
    if ahead is None:
        return None
    ways = [_way(ahead.axes[axis], 2 + i) for i, axis in enumerate(axes)]
    known = all(way is not None for way, length in zip(ways, space, strict=True) if length > 1)
    return tuple(ways) if known or len(axes) > 1 else None


def _way(reach: Reach | None, along: int) -> Reach | None:
    return reach if reach is not None and reach.along == along else None


def _last(recording: Recording, fitting: dict[str, tuple[Reach | None, ...]]) -> tuple[Node, Place]:
    graph = recording.graph
    used = _leads_to(graph)
    outputs = set(graph.outputs.values())
    for name in reversed(fitting):
        place = place_of(recording, name) if name in used and name not in outputs else None
        if place is not None:
            return graph[name], place
    raise ConfigError(
        f"{graph.model} has no layer with places: class activation maps are of the last layer in which more than one "
        "place of the input can be told apart; take ig or occlusion"
    )


def _leads_to(graph: Graph) -> set[str]:
    """Return the nodes that the first output depends on."""
    used = {next(iter(graph.outputs.values()))}
    for node in reversed(graph.nodes):
        if node.name in used:
            used.update(node.inputs.values())
    return used


def _from_input(graph: Graph, past: str = "") -> set[str]:
    """Return the nodes to which numbers of the input, or embeddings of its tokens, lead, ways past a node alone."""
    reached = {each.name for each in graph.inputs if "float" in each.dtype}
    for node in graph.nodes:
        follows = node.op == "embedding" or not reached.isdisjoint(node.inputs.values())
        if follows and node.name != past and "float" in node.dtype:  # what is compared or counted has no gradient
            reached.add(node.name)
    return reached


def _centres(way: Reach | None, count: int, length: int) -> np.ndarray:
    """Return where the centres of units lie along an axis of the input, borders left out of account.

    Behind an upsampling the fields of neighbours differ and come again period by period: their mean is taken, and the
    units stand at even distances. Of units whose receptive fields are in no order, they are spread evenly.
    """
    periodic = None if way is None else way.periodic
    if periodic is None or not periodic.advance or way is None or way.field.size is None:
        return (np.arange(count) + 0.5) * length / count - 0.5
    middles = (periodic.first + periodic.last) / 2
    step = periodic.advance / len(middles)
    return (middles - step * np.arange(len(middles))).mean() + step * np.arange(count)
