"""Numbers from places that whole numbers name along one axis, and numbers to such places."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from convscope.errors import ShapeError
from convscope.ops.arguments import check_axis, check_gradient, floats
from convscope.ops.axes import Axes, Link, pointwise, positions, same, shifted, whole
from convscope.ops.embedding import indices_within
from convscope.ops.primitive import Cost, Primitive, Shape, Terms, count, covered, traffic


class Gradients(NamedTuple):
    """The gradients of what was there and of what was written."""

    x: np.ndarray
    source: np.ndarray


def gather(x: ArrayLike, indices: ArrayLike, *, axis: int) -> np.ndarray:
    """Return for each place of ``indices`` the number of x at the same place, but along ``axis`` where the index says.

    ``indices`` has as many axes as x, and is no longer along the others. Raises ``ShapeError`` where they do not fit,
    and for an index outside of the axis, naming it and where it stands.

    >>> gather(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1, 1, 0], [0, 1, 1]]), axis=1).tolist()
    [[2.0, 2.0, 1.0], [3.0, 4.0, 4.0]]
    """
    x, places = _gathered("gather", x, indices, axis)
    return x[places]


def gather_backward(grad: ArrayLike, x: ArrayLike, indices: ArrayLike, *, axis: int) -> np.ndarray:
    """Return the gradient with respect to x: the sum over all places that took a number.

    >>> gather_backward(np.array([1.0, 2.0, 4.0]), np.zeros(2), np.array([1, 1, 0]), axis=0).tolist()
    [4.0, 3.0]
    """
    x, places = _gathered("gather_backward", x, indices, axis)
    grad, _ = floats("gather_backward", grad=grad, x=x)
    check_gradient("gather_backward", grad, np.shape(indices))
    total = np.zeros_like(x)
    np.add.at(total, places, grad)
    return total


def scatter(x: ArrayLike, indices: ArrayLike, source: ArrayLike, *, axis: int, add: bool = False) -> np.ndarray:
    """Return x with each number of ``source`` at its own place, but along ``axis`` where ``indices`` say.

    Of several at one place the last stays; with ``add`` all are added to what is there. ``source`` is shaped as
    ``indices``. Raises ``ShapeError`` where they do not fit, and for an index outside of the axis.

    >>> scatter(np.zeros(3), np.array([2, 0, 2]), np.array([1.0, 2.0, 3.0]), axis=0).tolist()
    [2.0, 0.0, 3.0]
    >>> scatter(np.zeros(3), np.array([2, 0, 2]), np.array([1.0, 2.0, 3.0]), axis=0, add=True).tolist()
    [2.0, 0.0, 4.0]
    """
    x, source, places = _scattered("scatter", x, indices, source, axis)
    written = x.copy()
    if add:
        np.add.at(written, places, source)
    else:
        written[places] = source
    return written


def scatter_backward(
    grad: ArrayLike, x: ArrayLike, indices: ArrayLike, source: ArrayLike, *, axis: int, add: bool = False
) -> Gradients:
    """Return the gradients: of x ``grad`` where nothing was written over it, of ``source`` that of its place.

    What was written over by a later number receives the same, as in PyTorch.

    >>> scatter_backward(np.array([5.0, 6.0]), np.zeros(2), np.array([1]), np.zeros(1), axis=0)
    Gradients(x=array([5., 0.]), source=array([6.]))
    """
    x, source, places = _scattered("scatter_backward", x, indices, source, axis)
    grad, _ = floats("scatter_backward", grad=grad, x=x)
    check_gradient("scatter_backward", grad, x.shape)
    of_x = grad.copy()
    if not add:
        of_x[places] = 0
    return Gradients(of_x, grad[places])


def _gathered(operation: str, x: ArrayLike, indices: ArrayLike, axis: int) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    (x,) = floats(operation, x=x)
    _taken(x.shape, np.shape(indices), axis=axis)
    return x, _places(operation, x.shape, indices, axis)


def _scattered(
    operation: str, x: ArrayLike, indices: ArrayLike, source: ArrayLike, axis: int
) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, ...]]:
    x, source = floats(operation, x=x, source=source)
    _written(x.shape, np.shape(indices), source.shape, axis=axis)
    return x, source, _places(operation, x.shape, indices, axis)


def _places(operation: str, x: Shape, indices: ArrayLike, axis: int) -> tuple[np.ndarray, ...]:
    """Return where each number stands in x, an array for each axis."""
    along_axis = indices_within(operation, "indices", indices, x[axis])
    places: list[np.ndarray] = list(np.indices(along_axis.shape, sparse=True))
    places[axis] = along_axis
    return tuple(places)


def _check(operation: str, x: Shape, indices: Shape, axis: int) -> None:
    check_axis(operation, axis, x)
    others = (m > n for i, (n, m) in enumerate(zip(x, indices, strict=False)) if i != axis % len(x))
    if len(x) != len(indices) or any(others):
        raise ShapeError(
            f"{operation}: indices {indices} must have as many axes as x {x}, and be no longer but along axis {axis}"
        )


def _taken(x: Shape, indices: Shape, *, axis: int) -> Shape:
    _check("gather", x, indices, axis)
    return indices


def _written(x: Shape, indices: Shape, source: Shape, *, axis: int, add: bool = False) -> Shape:
    _check("scatter", x, indices, axis)
    if source != indices:
        raise ShapeError(f"scatter: source {source} must be shaped as indices {indices}")
    return x


def _gather_cost(x: Shape, indices: Shape, *, axis: int, itemsize: int = 4) -> Cost:
    return Cost(0, 0, *traffic(_taken(x, indices, axis=axis), x, indices, itemsize=itemsize))


def _gather_axes(x: Shape, indices: Shape, *, axis: int) -> Axes:
    """The index, and all of x along the axis: which of it only the index's value tells."""
    return {"x": _within(x, indices, axis), "indices": pointwise(indices)}


def _within(shape: Shape, output: Shape, axis: int) -> tuple[Link, ...]:
    """All of one axis; along the others position for position, as far as both reach."""
    others = [same(at, n) if output[at] == n else shifted(at, output[at], n, 0) for at, n in enumerate(shape)]
    others[axis] = whole(shape[axis])
    return tuple(others)


def _gather_terms(at: tuple[int, ...], x: np.ndarray, indices: np.ndarray, *, axis: int) -> Terms:
    place = list(at)
    place[axis] = int(indices[at])
    operand = np.array([x[tuple(place)]])
    return Terms(float(operand[0]), "x", np.array([place]), operand, np.ones_like(operand))


def _scatter_cost(x: Shape, indices: Shape, source: Shape, *, axis: int, add: bool = False, itemsize: int = 4) -> Cost:
    output = _written(x, indices, source, axis=axis)
    return Cost(0, count(source) * add, *traffic(output, x, indices, source, itemsize=itemsize))


def _scatter_axes(x: Shape, indices: Shape, source: Shape, *, axis: int, **_: Any) -> Axes:
    """What was there, and all that may be written to it: only the indices' values tell."""
    written = _within(indices, x, axis)
    return {"x": pointwise(x), "indices": written, "source": written}


def _scatter_terms(
    at: tuple[int, ...], x: np.ndarray, indices: np.ndarray, source: np.ndarray, *, axis: int, add: bool = False
) -> Terms:
    """Return what was there · 1, and what was added to it; or only what was written over it last."""
    written = positions(_scatter_axes(x.shape, indices.shape, source.shape, axis=axis), at)["indices"]
    lines, targets = covered(indices, written)
    lines = lines[targets == at[axis]]
    names, places = ["x"] + ["source"] * len(lines), [at, *map(tuple, lines)]
    if not add and len(lines):
        names, places = names[-1:], places[-1:]
    numbers = [(x if name == "x" else source)[place] for name, place in zip(names, places, strict=True)]
    operand = np.array(numbers, x.dtype)
    return Terms(float(operand.sum()), tuple(names), np.array(places), operand, np.ones_like(operand))


PRIMITIVES = (
    Primitive("gather", ("x", "indices"), gather, gather_backward, _taken, _gather_cost, _gather_axes, _gather_terms),
    Primitive(
        "scatter",
        ("x", "indices", "source"),
        scatter,
        scatter_backward,
        _written,
        _scatter_cost,
        _scatter_axes,
        _scatter_terms,
        differentiable=("x", "source"),
    ),
)
