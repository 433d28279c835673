"""One example's way through a network, computed once: what every number that is traced is looked up in.

Places are told as users count them: (channel, row, column), without the axis of the one example.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from convscope.errors import ConfigError, ShapeError
from convscope.graph import Graph
from convscope.graph.node import GETITEM, UNKNOWN, Shape
from convscope.graph.run import Values, run

Place = tuple[int, ...]
NUMPY, PYTORCH = "NumPy", "PyTorch"
PIXEL, WEIGHT = "pixel", "weight"  # where a way ends
# Nodes that compute nothing: a number that they put out stands in their input, at another place.
MOVES = frozenset(("reshape", "permute", "strided_slice", "expand", "detach", "concatenate", "pad", GETITEM))


@dataclass(frozen=True)
class Scaling:
    """The raw image (C, H, W), or signal (C, T), that became the network's input (raw - mean) / std: (C,) of each."""

    raw: np.ndarray
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def noun(self) -> str:
        """What one of its numbers is called."""
        return "step" if self.raw.ndim == 2 else PIXEL


@dataclass(frozen=True)
class Forward:
    """Every value of one example: ``values`` by NumPy, ``engine`` by PyTorch where it was asked, by node.

    ``scaling`` leads from the network's first input on to raw pixels, where it is known; ``classes`` name the numbers
    of the output, ``tokens`` the rows of an embedding.
    """

    graph: Graph
    values: Values
    engine: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray], repr=False)
    scaling: Scaling | None = None
    classes: tuple[str, ...] = ()
    tokens: Sequence[str] = ()

    @property
    def letters(self) -> tuple[str, ...]:
        """The tokens of a text that was given, as text; "?" for an unknown one. None of other inputs."""
        if not self.tokens:
            return ()
        numbers = [int(at) for at in self.values[self.graph.inputs[0].name].ravel()]
        return tuple(("·", "?")[at] if at < 2 else str(self.tokens[at]) for at in numbers)

    @property
    def output(self) -> str:
        """The node of the first output."""
        return next(iter(self.graph.outputs.values()))

    def full(self, node: str, at: Sequence[int]) -> Place:
        """Return the place in a node's array, with the axis of the example.

        Raises:
            ConfigError: there is no such node.
            ShapeError: there is no such place; the message says the valid range.
        """
        shape = self.graph[node].shape
        try:
            place = tuple(operator.index(i) for i in at)
        except TypeError:
            raise ShapeError(f"{node}: a place is whole numbers such as (4, 10, 12), found {at!r}") from None
        example = _example_axis(shape)
        if example is not None and len(place) == len(shape) - 1:
            place = (*place[:example], 0, *place[example:])
        if len(place) != len(shape) or not all(0 <= i < n for i, n in zip(place, shape, strict=True)):
            sizes = without_example(shape, shape)
            raise ShapeError(f"{node} has no number at {tuple(at)}; it is {sizes}: {_ranges(sizes)}")
        return place

    def numpy_value(self, node: str, at: Place) -> float:
        """Return NumPy's number at a full place."""
        return float(self.values[node][at])

    def engine_value(self, node: str, at: Place) -> tuple[float, str]:
        """Return the number that PyTorch computed there, or NumPy's where PyTorch's is not known; and whose it is."""
        if node in self.engine:
            return float(self.engine[node][at]), PYTORCH
        return self.numpy_value(node, at), NUMPY


def compute(
    graph: Graph,
    inputs: Sequence[np.ndarray],
    engine: Mapping[str, np.ndarray] | None = None,
    scaling: Scaling | None = None,
    classes: tuple[str, ...] = (),
    tokens: Sequence[str] = (),
) -> Forward:
    """Run one example (1, ...) through a graph in NumPy, and keep every value.

    What only PyTorch can compute (an unknown operation) is taken from ``engine``; without that number the run is
    refused, with a ``ConfigError`` that names the operation.
    """
    return Forward(graph, run(graph, *inputs, known=engine), engine or {}, scaling, classes, tokens)


def without_example(place: Sequence[int], shape: Shape) -> Place:
    """Return a full place, or a shape, without the axis of the one example.

    >>> without_example((0, 4, 10, 12), (1, 6, 24, 24)), without_example((2, 5), (6, 8))
    ((4, 10, 12), (2, 5))
    """
    example = _example_axis(shape)
    return tuple(int(i) for axis, i in enumerate(place) if axis != example)


def _example_axis(shape: Shape) -> int | None:
    """Return the first axis of size 1: that of the example."""
    return shape.index(1) if 1 in shape and len(shape) > 1 else None


def _ranges(shape: Shape) -> str:
    """Say where there are numbers.

    >>> _ranges((6, 24, 24))
    'channel 0..5, row 0..23, column 0..23'
    """
    names = ("channel", "row", "column") if len(shape) == 3 else tuple(f"axis {i}" for i in range(len(shape)))
    return ", ".join(f"{name} 0..{n - 1}" for name, n in zip(names, shape, strict=True))


def largest(forward: Forward, node: str) -> Place:
    """Return the full place of a node's largest number, of PyTorch's where they are known.

    Raises ``ConfigError`` for a node that holds no numbers of its own.
    """
    if forward.graph[node].op in (UNKNOWN, GETITEM) and node not in forward.engine and node not in forward.values:
        raise ConfigError(f"{node} has no numbers: say --at")
    array = forward.engine[node] if node in forward.engine else forward.values[node]
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(array)), array.shape))
