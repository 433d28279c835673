"""The value of a node's units while a network runs in PyTorch, and where in the input they see."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from convscope.analysis.exact_fields import field
from convscope.analysis.receptive_fields import reaches
from convscope.errors import ConfigError, ShapeError
from convscope.explaining.batches import at_once
from convscope.explaining.explained import Explained
from convscope.explaining.failures import check_finite, failed
from convscope.explaining.score import answering
from convscope.graph import Graph, Node
from convscope.graph.record.watch import Place, Watch, place_of

Span = tuple[int, int]  # first and last position along an axis


class _EnoughError(BaseException):
    """Ends a forward whose remainder is not needed; no ``except Exception`` of a network catches it."""


@dataclass(frozen=True, eq=False)
class Units:
    """A node (1, K, *places) of a network that takes one input (N, C, *space), and where its forward makes it."""

    model: nn.Module
    graph: Graph
    node: Node
    place: Place

    @property
    def channels(self) -> int:
        """How many channels the node has."""
        return self.node.shape[1]

    @property
    def places(self) -> tuple[int, ...]:
        """The node's shape without batch and channels."""
        return self.node.shape[2:]

    def values(self, x: Tensor) -> Tensor:
        """Return what the node is for inputs (N, C, *space): (N, K, *places), with gradients where they are on.

        The network runs as far as the node: of a mask's network what follows may take most of the time.
        """
        kept: list[Tensor] = []

        def keep(tensor: Tensor) -> None:
            kept.append(tensor.clone())  # a rectifier would write to it
            raise _EnoughError

        try:
            with Watch(self.place, keep):
                self.model(x)
        except _EnoughError:
            pass
        return kept[-1]

    def checked(self, channel: int) -> int:
        """Return a channel that the node has; ``ShapeError`` for another one."""
        if not 0 <= channel < self.channels:
            raise ShapeError(f"{self.node.name} has the channels 0..{self.channels - 1}, found {channel}")
        return channel


@contextmanager
def units_of(explained: Explained, node: str | None = None) -> Iterator[Units]:
    """Give a node's units, by default those of the output, with the network in evaluation mode until this is left.

    Raises ``ConfigError`` for a network that cannot be recorded or takes tokens, for no such node (with the nearest
    names), and for one that no call of PyTorch's own makes.
    """
    recording = explained.recording
    if recording is None or len(recording.graph.inputs) != 1 or explained.tokens:
        raise ConfigError(
            "units of a layer are looked at in networks that can be recorded (see inspect), with one input "
            "(N, C, *space) of floating-point numbers"
        )
    graph = recording.graph
    name = next(iter(graph.outputs.values())) if node is None else graph[node].name
    place = place_of(recording, name)
    if place is None or len(graph[name].shape) < 2 or graph[name].batch != 0:
        raise ConfigError(f"{name} {graph[name].shape} has no channels that can be looked at; take a layer beside it")
    with answering(explained.model), torch.inference_mode(False):
        yield Units(explained.model, graph, graph[name], place)


def in_batches(explained: Explained, compute: Callable[[Tensor], Tensor]) -> np.ndarray:
    """Return (N, ...) of what ``compute`` makes of the inputs, batch by batch; errors say why where it fails."""
    made: list[Tensor] = []
    for x in explained.x.split(at_once(explained.x)):
        part = explained.of(x)
        try:
            made.append(compute(x))
        except RuntimeError as error:
            raise failed(part, error) from error
        check_finite(part, made[-1])
    return torch.cat(made).detach().cpu().numpy()


@dataclass(frozen=True, eq=False)
class SeenArea:
    """What a unit sees of an input (C, *space).

    ``mask`` (*space) bool are the positions that it sees, exactly. ``box`` are the first and last of them along each
    axis, ``span`` the same where the input would have no borders, so that it may begin below 0: what of it lies outside
    is padding. ``at_most``: it may see less, as the exact set would take too long to find.
    """

    mask: np.ndarray
    box: tuple[Span, ...]
    span: tuple[Span, ...]
    at_most: bool = False

    @property
    def outside(self) -> float:
        """The share of the receptive field that hangs over the borders, 0 to 1.

        >>> SeenArea(np.ones(4, bool), ((0, 3),), ((-4, 3),)).outside
        0.5
        """
        inside = np.prod([last - first + 1 for first, last in self.box])
        return 1 - float(inside / np.prod([last - first + 1 for first, last in self.span]))


def seen_area(graph: Graph, node: Node, at: Sequence[int]) -> SeenArea:
    """Return what the unit ``at`` (channel, *place) of a node sees.

    Raises ``ShapeError`` for no such unit, with the valid range, and ``ConfigError`` behind an unknown operation.
    """
    seen = field(graph, node.name, at)
    if seen.unknown:
        raise ConfigError(f"what {node.name} sees is unknown: {', '.join(seen.unknown)} cannot be seen through")
    mask: np.ndarray = np.asarray(seen.places.mask().any(0))
    if not mask.any():
        raise ShapeError(f"{node.name} at {', '.join(map(str, at))} sees nothing of the input")
    box = tuple(_ends(seen.places.along(1 + axis)) for axis in range(mask.ndim))
    return SeenArea(mask, box, _spans(graph, node, at, box), seen.at_most)


def _ends(positions: np.ndarray) -> Span:
    return int(positions[0]), int(positions[-1])


def _spans(graph: Graph, node: Node, at: Sequence[int], box: tuple[Span, ...]) -> tuple[Span, ...]:
    """Return the spans without borders, where size, stride and start are one number each; else the box."""
    ahead = reaches(graph)[node.name]
    axes = () if ahead is None else ahead[graph.inputs[0].name].axes[2:]
    spans: list[Span] = []
    for reach, (first, last) in zip(axes, box, strict=True):
        rule = None if reach is None or reach.along is None else reach.field
        if reach is None or rule is None or rule.start is None or rule.stride is None or rule.size is None:
            spans.append((first, last))
            continue
        start = rule.start + int(rule.stride * (0, *at)[reach.along or 0])
        spans.append((min(first, start), max(last, start + rule.size - 1)))
    return tuple(spans)
