"""Whether features move with the image: measured, by moving the image and the features and comparing numbers.

Translation: the input is moved by t positions along an axis, and its features are compared with the features of the
unmoved one moved by u. The smallest t for which some u agrees, away from the borders, is exact; t / u is the stride.
Turns and mirrors are compared everywhere: they map borders to borders. What has no positions (class scores) is
compared as it is: then invariance is measured.

The function may be any that maps arrays (N, C, *space) to features (N, D, *space'); a random input is best, since a
smooth image hides small differences. It is run in float64 where it is a graph.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from convscope.errors import ConfigError, ShapeError
from convscope.graph import Graph
from convscope.graph.subgraph import subgraph

Function = Callable[[np.ndarray], np.ndarray]
TOLERANCE = 1e-9  # of the features' standard deviation, in float64, which leaves about 1e-14
LEAST = 2  # positions that must agree: one may do so by chance


@dataclass(frozen=True)
class Translation:
    """How the features follow a shift of the input along one spatial axis; errors in their standard deviations.

    ``shift`` is the smallest move of the input that moves the features exactly, by ``steps``, ``margin`` positions away
    from both ends and beyond; all None where none was found. ``errors`` gives for each move from 1 the largest error
    under the best whole move of the features: the
    last is that of ``shift``, those before it lie between two steps.
    """

    axis: int
    shift: int | None
    steps: int | None
    margin: int | None
    errors: tuple[float, ...]

    @property
    def stride(self) -> Fraction | None:
        """How many input positions one step of the features is; None where they do not agree."""
        return None if self.shift is None or not self.steps else Fraction(self.shift, self.steps)

    def __str__(self) -> str:
        if not self.errors:
            return f"axis {self.axis}: too short to be moved"
        if self.shift is None:
            return (
                f"axis {self.axis}: no move of the input by 1 to {len(self.errors)} moves the features exactly; "
                f"the errors are {min(self.errors):.2g} to {max(self.errors):.2g} standard deviations "
                "(if all units see a border, a larger input may show it)"
            )
        between = (
            f"; in between they differ by up to {max(self.errors[:-1]):.2g} standard deviations"
            if self.shift > 1
            else ""
        )
        return (
            f"axis {self.axis}: moving the input by {self.shift} moves the features by {self.steps} (stride "
            f"{self.stride}), exactly from {self.margin} off the border on{between}"
        )


@dataclass(frozen=True)
class Symmetry:
    """How the features follow a turn or mirror of the input: largest and mean error, in their standard deviations."""

    element: str
    largest: float
    mean: float
    tolerance: float = TOLERANCE

    @property
    def exact(self) -> bool:
        """Whether the features are turned or mirrored likewise, up to rounding."""
        return self.largest <= self.tolerance

    def __str__(self) -> str:
        return f"{self.element}: " + (
            "exact"
            if self.exact
            else f"they differ by up to {self.largest:.2g} standard deviations, {self.mean:.2g} on average"
        )


@dataclass(frozen=True)
class Equivariance:
    """What was measured: one translation per axis, one symmetry per group element.

    ``node`` is what was measured of a graph. ``invariance``: the features have no positions, and were compared unmoved.
    """

    node: str | None
    translations: tuple[Translation, ...]
    symmetries: tuple[Symmetry, ...]
    invariance: bool

    def __str__(self) -> str:
        subject = self.node or "the function"
        if not self.invariance:
            return "\n  ".join([f"how {subject} follows its input", *map(str, (*self.translations, *self.symmetries))])
        moves = (
            f"axis {move.axis}: moved by 1 to {len(move.errors)}, they differ by {min(move.errors):.2g} to "
            f"{max(move.errors):.2g} standard deviations"
            for move in self.translations
        )
        return "\n  ".join([f"{subject} has no positions: compared unmoved", *moves, *map(str, self.symmetries)])


def equivariance(
    network: Graph | Function,
    x: np.ndarray | None = None,
    *,
    node: str | None = None,
    furthest: int = 32,
    seed: int = 0,
) -> Equivariance:
    """Measure how the features of a network follow moves, quarter turns and mirrors of its input.

    Args:
        network: a graph, of which ``node`` is taken (by default the last one with positions), or a function.
        x: inputs (N, C, *space); for a graph by default two random ones drawn from ``seed``.
        furthest: the largest move that is tried; never more than half of the axis.

    Raises:
        ShapeError: an input without spatial axes, or features that do not vary at all.
        ConfigError: no such node; a graph of several inputs or of token numbers; a function without ``x``.

    >>> from convscope.ops import max_pool
    >>> images = np.random.default_rng(0).normal(size=(2, 3, 12, 12))
    >>> [str(move.stride) for move in equivariance(lambda x: max_pool(x, (3, 2)), images).translations]
    ['3', '2']
    """
    if isinstance(network, Graph):
        node = network[node or last_map(network)].name
        function, x = _function(network, node), _input(network, x, seed)
    elif x is None or node is not None:
        raise ConfigError("equivariance: a function is measured on an input of yours, and has no nodes")
    else:
        function = network
    if x.ndim < 3:
        raise ShapeError(f"equivariance: the input must be (N, C, *space), found {x.shape}")
    features = np.asarray(function(x))
    std = float(features.std())
    if not std > 0:
        raise ShapeError("equivariance: the features are the same everywhere, so that nothing can be measured")
    placed = features.ndim == x.ndim and max(features.shape[2:]) > 1
    moves = _moves_with if placed else _moves_not
    translations = (moves(function, x, features, axis, furthest, std) for axis in range(2, x.ndim))
    return Equivariance(node, tuple(translations), _symmetries(function, x, features, placed, std), not placed)


def last_map(graph: Graph) -> str:
    """Return the last node with as many axes as the input and more than one position, or else the first output."""
    first = graph.inputs[0]
    for node in reversed(subgraph(graph, next(iter(graph.outputs.values()))).nodes):
        if node.op != "input" and len(node.shape) == len(first.shape) and max(node.shape[2:], default=1) > 1:
            return node.name
    return next(iter(graph.outputs.values()))


def _function(graph: Graph, node: str) -> Function:
    wanted = subgraph(graph, node)
    return lambda x: wanted.run(x)[node]


def _input(graph: Graph, x: np.ndarray | None, seed: int) -> np.ndarray:
    """Return inputs in float64: those given, or random ones."""
    first, *others = graph.inputs
    if others or "float" not in first.dtype:
        raise ConfigError(
            f"equivariance: only one input of images can be moved; {graph.model} takes "
            + ", ".join(f"{one.name} ({one.dtype})" for one in graph.inputs)
        )
    if x is None:
        return np.random.default_rng(seed).normal(size=first.shape_for(2 if graph.batched else 1))
    return np.asarray(x, np.float64)


def _moves_with(
    function: Function, x: np.ndarray, features: np.ndarray, axis: int, furthest: int, std: float
) -> Translation:
    """Move the input until the features move exactly."""
    n, m = x.shape[axis], features.shape[axis]
    best: list[np.ndarray] = []
    for shift in range(1, min(furthest, n // 2) + 1):
        moved = np.asarray(function(np.roll(x, shift, axis)))
        about = round(shift * m / n)
        tried = range(max(0, about - 2), min(m - LEAST, about + 2) + 1)
        profiles = {steps: _profile(features, moved, axis, steps) / std for steps in tried}
        if not profiles:
            break
        steps = min(profiles, key=lambda steps: float(profiles[steps][-1]))
        best.append(profiles[steps])
        exact = np.flatnonzero(profiles[steps] <= tolerance(features))
        if len(exact) and steps:
            return Translation(axis - 2, shift, steps, int(exact[0]), _errors(best, int(exact[0])))
    return Translation(axis - 2, None, None, None, _errors(best, None))


def _profile(features: np.ndarray, moved: np.ndarray, axis: int, steps: int) -> np.ndarray:
    """Return the largest difference from features moved by ``steps``: first everywhere, then each time one position
    further from both ends of the axis, down to the ``LEAST`` in the middle."""
    m = features.shape[axis]
    before, after = np.moveaxis(features, axis, 0)[: m - steps], np.moveaxis(moved, axis, 0)[steps:]
    differences = np.abs(after - before).reshape(m - steps, -1).max(1)
    return np.array([differences[i : m - steps - i].max() for i in range((m - steps - LEAST) // 2 + 1)])


def _errors(profiles: list[np.ndarray], margin: int | None) -> tuple[float, ...]:
    """Return the error of each move ``margin`` away from the ends; without one, half way to the middle."""
    return tuple(float(one[len(one) // 2 if margin is None else min(margin, len(one) - 1)]) for one in profiles)


def _moves_not(
    function: Function, x: np.ndarray, features: np.ndarray, axis: int, furthest: int, std: float
) -> Translation:
    """Move the input and compare the features as they are."""
    shifts = range(1, min(furthest, max(1, x.shape[axis] // 4)) + 1)
    errors = (np.abs(np.asarray(function(np.roll(x, shift, axis))) - features).max() / std for shift in shifts)
    return Translation(axis - 2, None, None, None, tuple(map(float, errors)))


def tolerance(features: np.ndarray) -> float:
    """Return below which error, in standard deviations, numbers of this type count as equal."""
    return TOLERANCE if features.dtype == np.float64 else 1e-4


def _symmetries(
    function: Function, x: np.ndarray, features: np.ndarray, placed: bool, std: float
) -> tuple[Symmetry, ...]:
    """Turn and mirror the last two axes; quarter turns only where both, and those of the features, are equally long."""
    square = all(one.shape[-1] == one.shape[-2] for one in ((x, features) if placed else (x,)))
    symmetries: list[Symmetry] = []
    for mirrored in (False, True):
        for quarters in (0, 1, 2, 3) if x.ndim > 3 else (0,):
            if (quarters % 2 and not square) or not (mirrored or quarters):
                continue
            expected = _acted(features, mirrored, quarters) if placed else features
            error = np.abs(np.asarray(function(_acted(x, mirrored, quarters))) - expected) / std
            element = " and ".join(["mirrored"] * mirrored + [f"turned by {90 * quarters}°"] * (quarters > 0))
            symmetries.append(Symmetry(element, float(error.max()), float(error.mean()), tolerance(features)))
    return tuple(symmetries)


def _acted(x: np.ndarray, mirrored: bool, quarters: int) -> np.ndarray:
    """Return x mirrored along its last axis, if so, then turned by quarters."""
    x = np.flip(x, -1) if mirrored else x
    return np.ascontiguousarray(np.rot90(x, quarters, (-2, -1)) if quarters else x)
