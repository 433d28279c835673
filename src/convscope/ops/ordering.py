"""Where numbers stand among others: the place of the largest, the order of all; whole numbers without a gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from convscope.errors import ShapeError
from convscope.ops.arguments import check_axis, check_gradient, floats
from convscope.ops.axes import Axes, positions, whole_along
from convscope.ops.primitive import Cost, Primitive, Shape, Terms, count, function_of, traffic


def argmax(x: ArrayLike, *, axis: int) -> np.ndarray:
    """Return the place of the largest number along ``axis``, which stays as an axis of size 1: the first of equals.

    NaN counts as the largest. Raises ``ShapeError`` where x has no such axis, or no numbers along it.

    >>> argmax(np.array([[1.0, 5.0, 5.0]]), axis=1).tolist()
    [[1]]
    """
    (x,) = floats("argmax", x=x)
    _one(x.shape, axis=axis)
    return x.argmax(axis, keepdims=True)


def argmax_backward(grad: ArrayLike, x: ArrayLike, *, axis: int) -> tuple[()]:
    """Return no gradient: a place does not change by a little.

    >>> argmax_backward(np.array([[1.0]]), np.array([[1.0, 5.0]]), axis=1)
    ()
    """
    check_gradient("argmax_backward", np.asarray(grad), _one(np.shape(x), axis=axis))
    return ()


def argsort(x: ArrayLike, *, axis: int, descending: bool = False) -> np.ndarray:
    """Return the places of the numbers along ``axis`` in their order; equals stay in theirs, NaN counts as the largest.

    Raises ``ShapeError`` where x has no such axis.

    >>> argsort(np.array([3.0, 1.0, 2.0]), axis=0).tolist()
    [1, 2, 0]
    >>> argsort(np.array([3.0, 1.0, 3.0]), axis=0, descending=True).tolist()
    [0, 2, 1]
    """
    (x,) = floats("argsort", x=x)
    _all(x.shape, axis=axis)
    if not descending:
        return x.argsort(axis, kind="stable")
    return x.shape[axis] - 1 - np.flip(np.flip(x, axis).argsort(axis, kind="stable"), axis)


def argsort_backward(grad: ArrayLike, x: ArrayLike, *, axis: int, descending: bool = False) -> tuple[()]:
    """Return no gradient: an order does not change by a little.

    >>> argsort_backward(np.array([1.0, 2.0]), np.array([1.0, 5.0]), axis=0)
    ()
    """
    check_gradient("argsort_backward", np.asarray(grad), _all(np.shape(x), axis=axis))
    return ()


def _one(x: Shape, *, axis: int) -> Shape:
    check_axis("argmax", axis, x)
    if not x[axis]:
        raise ShapeError(f"argmax: x {x} has no numbers along axis {axis}")
    return tuple(1 if i == axis % len(x) else n for i, n in enumerate(x))


def _all(x: Shape, *, axis: int, descending: bool = False) -> Shape:
    check_axis("argsort", axis, x)
    return x


def _primitive(
    name: str,
    forward: Callable[..., np.ndarray],
    backward: Callable[..., tuple[()]],
    shape: Callable[..., Shape],
    comparisons: Callable[[int], int],
) -> Primitive:
    """Put one together; ``comparisons`` of how many numbers: how often two of them are compared."""

    def cost(x: Shape, *, axis: int, itemsize: int = 4, **arguments: Any) -> Cost:
        output, n = shape(x, axis=axis, **arguments), max(x[axis], 1)
        return Cost(0, count(x) // n * comparisons(n), *traffic(output, x, itemsize=itemsize))

    def axes(x: Shape, *, axis: int, **_: Any) -> Axes:
        return {"x": whole_along(x, (axis,))}

    def terms(at: tuple[int, ...], x: np.ndarray, *, axis: int, **arguments: Any) -> Terms:
        index = positions(axes(x.shape, axis=axis), at)
        total = forward(x[np.ix_(*index["x"])], axis=axis, **arguments)
        return function_of(float(total.flat[at[axis]]), name, {"x": x}, index)

    return Primitive(name, ("x",), forward, backward, shape, cost, axes, terms, differentiable=())


PRIMITIVES = (
    # Each number is compared with the largest before it, or with every one before it.
    _primitive("argmax", argmax, argmax_backward, _one, lambda n: n - 1),
    _primitive("argsort", argsort, argsort_backward, _all, lambda n: n * (n - 1) // 2),
)
