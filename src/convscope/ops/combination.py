"""Several arrays to one: sums, differences, products, quotients, and arrays set beside each other."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from convscope.errors import ShapeError
from convscope.ops.arguments import check_axis, check_gradient, floats
from convscope.ops.axes import Axes, repeated, same, shifted
from convscope.ops.primitive import Cost, Primitive, Shape, Terms, count, traffic


class Gradients(NamedTuple):
    """The gradients of the two inputs, each in its own shape."""

    x: np.ndarray
    y: np.ndarray


def add(x: ArrayLike, y: ArrayLike) -> np.ndarray:
    """Return x + y; axes of length 1 or absent in front are repeated (NumPy's broadcasting).

    Raises ``ShapeError`` where the shapes do not go together.

    >>> add(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 20.0])).tolist()
    [[11.0, 22.0], [13.0, 24.0]]
    """
    x, y = floats("add", x=x, y=y)
    broadcast("add", x.shape, y.shape)
    return x + y


def add_backward(grad: ArrayLike, x: ArrayLike, y: ArrayLike) -> Gradients:
    """Return the gradients of x and y: ``grad``, summed where an input was repeated.

    >>> add_backward(np.array([[1.0, 2.0], [3.0, 4.0]]), np.zeros((2, 2)), np.zeros(2)).y.tolist()
    [4.0, 6.0]
    """
    grad, x, y = floats("add_backward", grad=grad, x=x, y=y)
    check_gradient("add_backward", grad, broadcast("add", x.shape, y.shape))
    return Gradients(unbroadcast(grad, x.shape), unbroadcast(grad, y.shape))


def subtract(x: ArrayLike, y: ArrayLike) -> np.ndarray:
    """Return x - y; axes of length 1 or absent in front are repeated (NumPy's broadcasting).

    Raises ``ShapeError`` where the shapes do not go together.

    >>> subtract(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 1.0])).tolist()
    [[0.0, 1.0], [2.0, 3.0]]
    """
    x, y = floats("subtract", x=x, y=y)
    broadcast("subtract", x.shape, y.shape)
    return x - y


def subtract_backward(grad: ArrayLike, x: ArrayLike, y: ArrayLike) -> Gradients:
    """Return the gradients of x and y: ``grad`` and -``grad``, summed where an input was repeated.

    >>> subtract_backward(np.array([[1.0, 2.0], [3.0, 4.0]]), np.zeros((2, 2)), np.zeros(2)).y.tolist()
    [-4.0, -6.0]
    """
    grad, x, y = floats("subtract_backward", grad=grad, x=x, y=y)
    check_gradient("subtract_backward", grad, broadcast("subtract", x.shape, y.shape))
    return Gradients(unbroadcast(grad, x.shape), -unbroadcast(grad, y.shape))


def multiply(x: ArrayLike, y: ArrayLike) -> np.ndarray:
    """Return x · y, number by number; axes of length 1 or absent in front are repeated (NumPy's broadcasting).

    Raises ``ShapeError`` where the shapes do not go together.

    >>> multiply(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 20.0])).tolist()
    [[10.0, 40.0], [30.0, 80.0]]
    """
    x, y = floats("multiply", x=x, y=y)
    broadcast("multiply", x.shape, y.shape)
    return x * y


def multiply_backward(grad: ArrayLike, x: ArrayLike, y: ArrayLike) -> Gradients:
    """Return the gradients of x and y: ``grad`` times the other, summed where an input was repeated.

    By hand: y₀ meets 1 and 3, so that its gradient is 1 · 1 + 3 · 3 = 10.

    >>> values = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> multiply_backward(values, values, np.array([10.0, 20.0])).y.tolist()
    [10.0, 20.0]
    """
    grad, x, y = floats("multiply_backward", grad=grad, x=x, y=y)
    check_gradient("multiply_backward", grad, broadcast("multiply", x.shape, y.shape))
    return Gradients(unbroadcast(grad * y, x.shape), unbroadcast(grad * x, y.shape))


def divide(x: ArrayLike, y: ArrayLike) -> np.ndarray:
    """Return x / y, number by number; axes of length 1 or absent in front are repeated (NumPy's broadcasting).

    Division by 0 is infinite, 0 / 0 is NaN. Raises ``ShapeError`` where the shapes do not go together.

    >>> divide(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 4.0])).tolist()
    [[1.0, 0.5], [3.0, 1.0]]
    """
    x, y = floats("divide", x=x, y=y)
    broadcast("divide", x.shape, y.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        return x / y


def divide_backward(grad: ArrayLike, x: ArrayLike, y: ArrayLike) -> Gradients:
    """Return the gradients of x and y: ``grad`` / y and -``grad``·x / y², summed where an input was repeated.

    >>> divide_backward(np.array([1.0, 1.0]), np.array([3.0, 5.0]), np.array([2.0])).y.tolist()
    [-2.0]
    """
    grad, x, y = floats("divide_backward", grad=grad, x=x, y=y)
    check_gradient("divide_backward", grad, broadcast("divide", x.shape, y.shape))
    with np.errstate(divide="ignore", invalid="ignore"):
        return Gradients(unbroadcast(grad / y, x.shape), unbroadcast(-grad * (x / y) / y, y.shape))


def concatenate(*arrays: ArrayLike, axis: int = 1) -> np.ndarray:
    """Return the arrays beside each other along ``axis``, by default the channels of (N, C, *space).

    Arrays of any one type pass. Raises ``ShapeError`` where there are none, or where they differ in another axis or in
    type.

    >>> concatenate(np.array([[1.0, 2.0]]), np.array([[3.0]])).tolist()
    [[1.0, 2.0, 3.0]]
    """
    converted = [np.asarray(array) for array in arrays]
    if len(types := {array.dtype.name for array in converted}) > 1:
        raise ShapeError(f"concatenate: all arrays must be of one type, found {', '.join(sorted(types))}")
    _joined(*(array.shape for array in converted), axis=axis)
    return np.concatenate(converted, axis)


def concatenate_backward(grad: ArrayLike, *arrays: ArrayLike, axis: int = 1) -> tuple[np.ndarray, ...]:
    """Return the gradient of each array: its own stretch of ``grad`` along ``axis``, as a view.

    >>> [g.tolist() for g in concatenate_backward(np.array([[5.0, 6.0, 7.0]]), np.ones((1, 2)), np.ones((1, 1)))]
    [[[5.0, 6.0]], [[7.0]]]
    """
    (grad,) = floats("concatenate_backward", grad=grad)
    shapes = [np.shape(array) for array in arrays]
    check_gradient("concatenate_backward", grad, _joined(*shapes, axis=axis))
    ends = np.cumsum([shape[axis] for shape in shapes])
    return tuple(np.split(grad, ends[:-1], axis))


def unbroadcast(grad: np.ndarray, shape: Shape) -> np.ndarray:
    """Return ``grad`` summed over the axes along which an array of ``shape`` was repeated.

    >>> unbroadcast(np.ones((2, 3)), (3,)).tolist()
    [2.0, 2.0, 2.0]
    """
    extra = grad.ndim - len(shape)
    axes = (*range(extra), *(extra + i for i, n in enumerate(shape) if n == 1 and grad.shape[extra + i] != 1))
    return grad.sum(axes).reshape(shape) if axes else grad


def broadcast(operation: str, x: Shape, y: Shape) -> Shape:
    """Return the shape of x and y together; ``ShapeError`` where they do not go together."""
    try:
        return np.broadcast_shapes(x, y)
    except ValueError:
        raise ShapeError(
            f"{operation}: x {x} and y {y} do not go together: from the last axis on, sizes must be equal or 1"
        ) from None


def _joined(*shapes: Shape, axis: int = 1) -> Shape:
    if not shapes:
        raise ShapeError("concatenate: no arrays were given; give at least one")
    first = shapes[0]
    check_axis("concatenate", axis, first, "x0")
    axis %= len(first)
    for i, shape in enumerate(shapes):
        if (*shape[:axis], *shape[axis + 1 :]) != (*first[:axis], *first[axis + 1 :]) or len(shape) != len(first):
            raise ShapeError(f"concatenate: x{i} {shape} and x0 {first} may differ in axis {axis} only")
    return (*first[:axis], sum(shape[axis] for shape in shapes), *first[axis + 1 :])


def feeding(at: tuple[int, ...], shape: Shape) -> tuple[int, ...]:
    """Return the position in an array of ``shape`` that is repeated to ``at``."""
    return tuple(0 if n == 1 else i for i, n in zip(at[len(at) - len(shape) :], shape, strict=True))


def _pair_axes(x: Shape, y: Shape) -> Axes:
    output = np.broadcast_shapes(x, y)
    return {"x": repeated(x, output), "y": repeated(y, output)}


def _add_terms(at: tuple[int, ...], x: np.ndarray, y: np.ndarray) -> Terms:
    """Return two terms, x · 1 and y · 1."""
    places = [feeding(at, x.shape), feeding(at, y.shape)]
    operand = np.array([x[places[0]], y[places[1]]])
    index = np.array([(0,) * (len(at) - len(place)) + place for place in places])  # (2, axes)
    return Terms(float(operand.sum()), ("x", "y"), index, operand, np.ones_like(operand))


def _subtract_terms(at: tuple[int, ...], x: np.ndarray, y: np.ndarray) -> Terms:
    """Return two terms, x · 1 and y · -1."""
    sums = _add_terms(at, x, y)
    factor = np.array([1, -1], x.dtype)
    return replace(sums, total=float((sums.operand * factor).sum()), factor=factor)


def _divide_terms(at: tuple[int, ...], x: np.ndarray, y: np.ndarray) -> Terms:
    """Return one term, x · 1/y."""
    at_x, at_y = feeding(at, x.shape), feeding(at, y.shape)
    operand, factor = np.array([x[at_x]]), np.array([1 / y[at_y]])
    return Terms(float(operand[0] * factor[0]), "x", np.array([at_x], int), operand, factor)


def _multiply_terms(at: tuple[int, ...], x: np.ndarray, y: np.ndarray) -> Terms:
    at_x, at_y = feeding(at, x.shape), feeding(at, y.shape)
    operand, factor = np.array([x[at_x]]), np.array([y[at_y]])
    return Terms(float(x[at_x] * y[at_y]), "x", np.array([at_x]), operand, factor, 0.0, "y", np.array([at_y]))


def _part(at: tuple[int, ...], shapes: tuple[Shape, ...], axis: int) -> tuple[int, tuple[int, ...]]:
    """Return which array output ``at`` comes from, and its position there."""
    ends = np.cumsum([shape[axis] for shape in shapes])
    which = int(np.searchsorted(ends, at[axis], side="right"))
    place = list(at)
    place[axis] -= int(ends[which]) - shapes[which][axis]
    return which, tuple(place)


def _concatenate_axes(*shapes: Shape, axis: int = 1) -> Axes:
    """Each array along its own stretch of the axis."""
    output = _joined(*shapes, axis=axis)
    axis %= len(output)
    begins = itertools.accumulate((shape[axis] for shape in shapes), initial=0)
    return {
        f"x{i}": tuple(
            shifted(axis, output[axis], n, -begin) if along == axis else same(along, n) for along, n in enumerate(shape)
        )
        for i, (shape, begin) in enumerate(zip(shapes, begins, strict=False))
    }


def _concatenate_terms(at: tuple[int, ...], *arrays: np.ndarray, axis: int = 1) -> Terms:
    which, place = _part(at, tuple(array.shape for array in arrays), axis)
    operand = np.array([arrays[which][place]])
    return Terms(float(operand[0]), f"x{which}", np.array([place]), operand, np.ones_like(operand))


def _concatenate_cost(*shapes: Shape, axis: int = 1, itemsize: int = 4) -> Cost:
    return Cost(0, 0, *traffic(_joined(*shapes, axis=axis), *shapes, itemsize=itemsize))


def pairwise(
    name: str,
    forward: Callable[..., np.ndarray],
    backward: Callable[..., Gradients],
    each: tuple[int, int],
    terms: Callable[..., Terms],
) -> Primitive:
    """Put an operation on two arrays together; ``each`` is its multiplications and additions for one number."""

    def shape(x: Shape, y: Shape) -> Shape:
        return broadcast(name, x, y)

    def cost(x: Shape, y: Shape, *, itemsize: int = 4) -> Cost:
        output = shape(x, y)
        n = count(output)
        return Cost(n * each[0], n * each[1], *traffic(output, x, y, itemsize=itemsize))

    return Primitive(name, ("x", "y"), forward, backward, shape, cost, _pair_axes, terms, differentiable=("x", "y"))


PRIMITIVES = (
    pairwise("add", add, add_backward, (0, 1), _add_terms),
    pairwise("subtract", subtract, subtract_backward, (0, 1), _subtract_terms),
    pairwise("multiply", multiply, multiply_backward, (1, 0), _multiply_terms),
    pairwise("divide", divide, divide_backward, (1, 0), _divide_terms),
    Primitive(
        "concatenate",
        ("x",),
        concatenate,
        concatenate_backward,
        _joined,
        _concatenate_cost,
        _concatenate_axes,
        _concatenate_terms,
        variadic=True,
    ),
)
