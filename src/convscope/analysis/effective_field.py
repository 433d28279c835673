"""The effective receptive field: how much each input really moves a unit, against all inputs that could.

The energy of an input position is the mean, over inputs, of the squared gradient of a unit at one place with respect to
it, summed over the input's channels and the unit's (Luo, Li, Urtasun and Zemel 2016, "Understanding the Effective
Receptive Field in Deep Convolutional Neural Networks"). With random weights it is a bell around the field's centre.

All channels of the unit are told by one backward pass: it begins with a random sign for each, and the products of
different channels cancel in the mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from convscope.analysis.exact_fields import field
from convscope.errors import ConfigError, ShapeError
from convscope.graph import Graph, Node
from convscope.graph.subgraph import subgraph


@dataclass(frozen=True, eq=False)
class EffectiveField:
    """What moves the unit ``at`` (*space) of a node; a node without positions has all of its units measured at once.

    ``energy`` (*space of the input) sums to 1. ``spans`` are the first and last position that the unit can see along
    each axis: its receptive field, as far as the input goes.
    """

    node: str
    at: tuple[int, ...]
    energy: np.ndarray
    spans: tuple[tuple[int, int], ...]
    samples: int

    @property
    def sizes(self) -> tuple[int, ...]:
        """The size of the receptive field along each axis, as far as the input goes."""
        return tuple(last - first + 1 for first, last in self.spans)

    @property
    def centre(self) -> float:
        """The share of the energy in the central half, along each axis, of the receptive field.

        Energy spread evenly would have ½ of it there for each axis, so ¼ in an image; a bell has nearly all.
        """
        inner = self.energy
        for axis, (first, last) in enumerate(self.spans):
            quarter = (last - first + 1) // 4
            inner = inner.take(range(first + quarter, last + 1 - quarter), axis)
        return float(inner.sum())

    def run(self, axis: int, share: float = 0.9) -> tuple[int, int]:
        """Return the shortest run (first, last) along an axis that holds so much of it; of equals the fullest."""
        along = self.along(axis)
        total: np.ndarray = np.concatenate([[0.0], along.cumsum()])
        wanted: np.ndarray = total[:-1] + share * total[-1] - 1e-12
        ends = np.searchsorted(total, wanted).tolist()
        runs = [(start, end) for start, end in enumerate(ends) if end < len(total)]
        first, end = min(runs, key=lambda run: (run[1] - run[0], total[run[0]] - total[run[1]]))
        return first, end - 1

    def along(self, axis: int) -> np.ndarray:
        """Return the energy along one axis, summed over the others."""
        return self.energy.sum(tuple(other for other in range(self.energy.ndim) if other != axis))

    def __str__(self) -> str:
        runs = (self.run(axis) for axis in range(self.energy.ndim))
        widths, sizes = "×".join(str(last - first + 1) for first, last in runs), "×".join(map(str, self.sizes))
        place = f" at {', '.join(map(str, self.at))}" if self.at else ""
        return (
            f"{self.node}{place}: 90% of the energy along each axis lies within {widths} of the {sizes} positions of "
            f"the receptive field; its central half holds {self.centre:.0%}"
        )


def effective_field(
    graph: Graph,
    node: str,
    at: Sequence[int] | None = None,
    *,
    inputs: np.ndarray | None = None,
    samples: int = 8,
    seed: int = 0,
) -> EffectiveField:
    """Measure the effective receptive field of a node's unit.

    Args:
        graph: a network with weights, of one input (N, C, *space).
        node: the node's name.
        at: the unit's place (*space), by default the one in the middle.
        inputs: what to measure on (N, C, *space); by default ``samples`` random ones, normal, drawn from ``seed``.
        samples: how many random inputs.
        seed: also of the random signs.

    Raises:
        ConfigError: no such node, with the nearest names; an input of token numbers, or several inputs.
        ShapeError: no such place, with the valid range; or no input moves the unit.
    """
    target, first = graph[node], _images(graph)
    place = _place(target, at, len(first.shape))
    random = np.random.default_rng(seed)
    examples = random.normal(size=(samples, *first.shape[1:])) if inputs is None else np.asarray(inputs)
    if not len(examples):
        raise ConfigError("effective_field: at least one input is needed, found none")
    wanted, where = subgraph(graph, node), (slice(None),) * (len(target.shape) - len(place)) + place
    energy = np.zeros(first.shape[2:])
    for example in examples.astype(first.dtype, copy=False):
        values = wanted.run(example[None])
        begin = np.zeros_like(values[node])
        begin[where] = random.choice([-1.0, 1.0], begin[where].shape)
        gradient = wanted.backward(values, begin).inputs[first.name]
        if gradient is not None:
            energy += np.square(gradient[0], dtype=np.float64).sum(0)
    if not energy.sum() > 0:
        raise ShapeError(f"effective_field: no input moves {node} at {', '.join(map(str, place))}: all gradients are 0")
    return EffectiveField(node, place, energy / energy.sum(), _spans(graph, node, place), len(examples))


def _images(graph: Graph) -> Node:
    """Return the one input, which must be of images."""
    first, *others = graph.inputs
    if others or "float" not in first.dtype or len(first.shape) < 3:
        raise ConfigError(
            f"effective_field: the network must have one input (N, C, *space) of floating-point numbers; {graph.model} "
            "takes " + ", ".join(f"{one.name} {one.shape} of {one.dtype}" for one in graph.inputs)
        )
    return first


def _place(node: Node, at: Sequence[int] | None, rank: int) -> tuple[int, ...]:
    space = node.shape[2:] if len(node.shape) == rank else ()
    if at is None:
        return tuple(n // 2 for n in space)
    if len(at) != len(space) or not all(0 <= i < n for i, n in zip(at, space, strict=True)):
        valid = ", ".join(f"0..{n - 1}" for n in space) or "none: it has no positions"
        raise ShapeError(f"{node.name} has no place {', '.join(map(str, at))}; valid is {valid}")
    return tuple(map(int, at))


def _spans(graph: Graph, node: str, place: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """Return the first and last position that the unit sees along each spatial axis of the input."""
    mask = np.asarray(field(graph, node, place).places.mask().any(0))
    spans: list[tuple[int, int]] = []
    for axis in range(mask.ndim):
        seen = np.flatnonzero(np.moveaxis(mask, axis, 0).reshape(mask.shape[axis], -1).any(1))
        spans.append((int(seen[0]), int(seen[-1])))
    return tuple(spans)
