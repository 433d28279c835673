"""What every primitive tells about itself, and the table of all of them.

A primitive's room holds all that is true of it: forward, backward, output shape, cost, which axis and index feed which,
and the terms that one output number is made of. Others (graph, analysis, trace, tests) read it through ``Primitive``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from convscope.errors import ShapeError
from convscope.ops.axes import Axes, Index, Shape, positions


@dataclass(frozen=True)
class Cost:
    """What one call costs, as its definition is written out: no trick of any algorithm is counted.

    Multiplications and additions apart (a division or a function such as exp counts as one multiplication; a
    comparison as one addition; padding is multiplied too); bytes of all arrays read and written once.
    """

    multiplications: int
    additions: int
    bytes_read: int
    bytes_written: int


@dataclass(frozen=True)
class Terms:
    """One output number as a sum: ``total = bias + Σ operand · factor``, up to rounding.

    ``source`` names the array input that the operands are taken from and ``index`` (m, its axes) where they stand in
    it. Where the terms come from several places it is a tuple of one name a term, None for a value that stands in no
    input (a GRU's candidate); the index of an array with fewer axes then begins with zeros. ``factor`` (m,) is what
    each is multiplied by: a weight, the 1 of a maximum, 1 / area. ``factor_source`` and ``factor_index`` (m, its axes)
    say where in another array input the factor stands, if it does. Padding has no term.

    ``rule`` is ``"sum"`` where that is the whole truth, and the name of the function where the output is no sum of
    products (``"tanh"``): then ``total`` is the function's value, the operands are its arguments, factors are 1.
    """

    total: float
    source: str | tuple[str | None, ...]
    index: np.ndarray
    operand: np.ndarray
    factor: np.ndarray
    bias: float = 0.0
    factor_source: str | None = None
    factor_index: np.ndarray | None = None
    rule: str = "sum"

    @property
    def products(self) -> np.ndarray:
        """The products (m,) of operand and factor."""
        return self.operand * self.factor


@dataclass(frozen=True)
class Primitive:
    """One operation: array inputs in the order of ``inputs``, then keyword arguments, the same for all of them.

    - ``forward(*arrays, **arguments)`` → the output array (or a named tuple whose first field is the output)
    - ``backward(grad, *arrays, **arguments)`` → the gradient of the one input in ``differentiable``, or a named tuple
      with a field for each of them (None for one that was None, or that holds no floating-point numbers)
    - ``shape(*shapes, **arguments)`` → shape of the output; raises the same ``ShapeError`` as ``forward``
    - ``cost(*shapes, itemsize=4, **arguments)`` → ``Cost`` of ``forward``
    - ``axes(*shapes, **arguments)`` → for each array input given, how each of its axes feeds the output (``ops.axes``);
      without those of which no axis does so by itself
    - ``terms(at, *arrays, **arguments)`` → ``Terms`` of the output number ``at``
    - ``field(at, *shapes, **arguments)`` → for each array input given, the ``Index`` of what output ``at`` depends on.
      It follows from ``axes``; a room gives a rule only for the inputs that ``axes`` leaves out
    - ``narrowed(constants, *shapes, **arguments)`` → ``Axes`` of the inputs of which the values of others, by name,
      leave less than ``axes`` says: the constant mask of an attention

    An optional array that is absent is None, and so is its shape. ``variadic``: the one name in ``inputs`` stands for
    any number of arrays (see ``names``), and ``backward`` returns a tuple of as many gradients.
    """

    name: str
    inputs: tuple[str, ...]
    forward: Callable[..., Any]
    backward: Callable[..., Any]
    shape: Callable[..., Shape]
    cost: Callable[..., Cost]
    axes: Callable[..., Axes]
    terms: Callable[..., Terms]
    differentiable: tuple[str, ...] = ("x",)
    variadic: bool = False
    field: Callable[..., dict[str, Index]] = lambda *_, **__: {}
    narrowed: Callable[..., Axes] = lambda *_, **__: {}

    def __post_init__(self) -> None:
        axes, beside = self._of_given(self.axes), self.field

        def field(at: tuple[int, ...], *shapes: Shape | None, **arguments: Any) -> dict[str, Index]:
            return positions(axes(*shapes, **arguments), at) | beside(at, *shapes, **arguments)

        object.__setattr__(self, "axes", axes)
        object.__setattr__(self, "field", self._at(field))
        object.__setattr__(self, "terms", self._at(self.terms))

    def _of_given(self, rule: Callable[..., Axes]) -> Callable[..., Axes]:
        """Return the rule about the arrays that are given; what it said before is looked up."""

        def told(*shapes: Shape | None, **arguments: Any) -> Axes:
            named = zip(self.names(len(shapes)), shapes, strict=False)
            present = {name for name, shape in named if shape is not None}
            return {name: links for name, links in rule(*shapes, **arguments).items() if name in present}

        known = functools.lru_cache(1024)(told)

        @functools.wraps(rule)
        def axes(*shapes: Shape | None, **arguments: Any) -> Axes:
            try:
                return known(*shapes, **arguments)
            except TypeError:  # a list cannot be looked up
                return told(*shapes, **arguments)

        return axes

    def _at(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Return a rule about one output that refuses a place where there is none."""

        @functools.wraps(rule)
        def checked(at: tuple[int, ...], *arrays: Any, **arguments: Any) -> Any:
            output = self.shape(*(getattr(array, "shape", array) for array in arrays), **arguments)
            if len(at) != len(output) or not all(0 <= i < n for i, n in zip(at, output, strict=True)):
                raise ShapeError(f"{self.name}: there is no output {tuple(at)}; the output is {output}")
            return rule(at, *arrays, **arguments)

        return checked

    def names(self, number: int) -> tuple[str, ...]:
        """Return the names of ``number`` arrays: ``inputs``, or x0, x1, ... where any number may be given."""
        return tuple(f"{self.inputs[0]}{i}" for i in range(number)) if self.variadic else self.inputs


def table(*rooms: tuple[Primitive, ...]) -> Mapping[str, Primitive]:
    """Put the primitives of all rooms into one table by name."""
    return {primitive.name: primitive for room in rooms for primitive in room}


def count(shape: Shape) -> int:
    """Return the number of elements of a shape.

    >>> count((2, 3)), count(())
    (6, 1)
    """
    return int(np.prod(shape, dtype=np.int64))


def traffic(output: Shape, *inputs: Shape | None, itemsize: int) -> tuple[int, int]:
    """Return the bytes read and written when every array is touched once."""
    return itemsize * sum(count(shape) for shape in inputs if shape is not None), itemsize * count(output)


def point(at: tuple[int, ...]) -> Index:
    """Return the ``Index`` of one position."""
    return tuple(np.array([i]) for i in at)


def line(at: tuple[int, ...], axis: int, size: int) -> np.ndarray:
    """Return the positions (size, axes) along one axis through ``at``.

    >>> line((5, 7), -1, 3).tolist()
    [[5, 0], [5, 1], [5, 2]]
    """
    index = np.tile(np.array(at, dtype=np.int64), (size, 1))  # (size, axes)
    index[:, axis] = np.arange(size)
    return index


def covered(x: np.ndarray, index: Index) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions (m, axes) that ``index`` means, in row-major order, and the numbers (m,) of x there."""
    if not x.ndim:
        return np.zeros((1, 0), int), x.reshape(1)
    positions = np.stack(np.meshgrid(*index, indexing="ij"), axis=-1).reshape(-1, x.ndim)
    return positions, x[tuple(positions.T)]


def function_of(total: float, rule: str, arrays: Mapping[str, np.ndarray], field: Mapping[str, Index]) -> Terms:
    """Return the terms of a number that is no sum of products: the numbers of ``arrays`` that it is a function of.

    >>> function_of(6.0, "max", {"x": np.array([4.0, 5.0, 6.0])}, {"x": (np.array([0, 2]),)}).operand.tolist()
    [4.0, 6.0]
    """
    axes = max(array.ndim for array in arrays.values())
    source: list[str] = []
    index: list[np.ndarray] = []
    operand: list[np.ndarray] = []
    for name, array in arrays.items():
        places, numbers = covered(array, field[name])
        source += [name] * len(places)
        index.append(np.pad(places, ((0, 0), (axes - array.ndim, 0))))
        operand.append(numbers)
    operands = np.concatenate(operand)
    return Terms(total, tuple(source), np.concatenate(index), operands, np.ones_like(operands), rule=rule)
