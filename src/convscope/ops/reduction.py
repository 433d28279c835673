"""Several axes to one number: the sum, the mean or the maximum along them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from convscope.errors import ShapeError
from convscope.ops.arguments import check_gradient, floats
from convscope.ops.axes import Axes, positions, whole_along
from convscope.ops.pooling.maximum import largest
from convscope.ops.primitive import Cost, Primitive, Shape, Terms, count, covered, traffic


def reduce_sum(x: ArrayLike, *, axes: Sequence[int]) -> np.ndarray:
    """Return the sum of x along ``axes``, which stay as axes of size 1.

    Raises ``ShapeError`` for an axis that x does not have, or named twice.

    >>> reduce_sum(np.array([[1.0, 2.0], [3.0, 4.0]]), axes=(1,)).tolist()
    [[3.0], [7.0]]
    """
    (x,) = floats("reduce_sum", x=x)
    return x.sum(checked("reduce_sum", x.shape, axes), keepdims=True)


def reduce_sum_backward(grad: ArrayLike, x: ArrayLike, *, axes: Sequence[int]) -> np.ndarray:
    """Return the gradient with respect to x: each number receives its sum's.

    >>> reduce_sum_backward(np.array([[5.0]]), np.zeros((1, 2)), axes=(1,)).tolist()
    [[5.0, 5.0]]
    """
    grad, x = gradient_and_input("reduce_sum_backward", grad, x, axes)
    return np.broadcast_to(grad, x.shape).copy()


def reduce_mean(x: ArrayLike, *, axes: Sequence[int]) -> np.ndarray:
    """Return the mean of x along ``axes``, which stay as axes of size 1.

    Raises ``ShapeError`` for an axis that x does not have, named twice, or without numbers.

    >>> reduce_mean(np.array([[1.0, 2.0], [3.0, 4.0]]), axes=(0, 1)).tolist()
    [[2.5]]
    """
    (x,) = floats("reduce_mean", x=x)
    return x.mean(filled("reduce_mean", x.shape, axes), keepdims=True)


def reduce_mean_backward(grad: ArrayLike, x: ArrayLike, *, axes: Sequence[int]) -> np.ndarray:
    """Return the gradient with respect to x: a mean's is shared out equally among its numbers.

    >>> reduce_mean_backward(np.array([[5.0]]), np.zeros((1, 2)), axes=(1,)).tolist()
    [[2.5, 2.5]]
    """
    grad, x = gradient_and_input("reduce_mean_backward", grad, x, axes)
    number = math.prod(x.shape[axis] for axis in filled("reduce_mean_backward", x.shape, axes))
    return np.broadcast_to(grad / grad.dtype.type(number), x.shape).copy()


def reduce_max(x: ArrayLike, *, axes: Sequence[int]) -> np.ndarray:
    """Return the largest number of x along ``axes``, which stay as axes of size 1; NaN wins.

    Raises ``ShapeError`` for an axis that x does not have, named twice, or without numbers.

    >>> reduce_max(np.array([[1.0, 2.0], [4.0, 3.0]]), axes=(1,)).tolist()
    [[2.0], [4.0]]
    """
    (x,) = floats("reduce_max", x=x)
    return x.max(filled("reduce_max", x.shape, axes), keepdims=True)


def reduce_max_backward(grad: ArrayLike, x: ArrayLike, *, axes: Sequence[int]) -> np.ndarray:
    """Return the gradient with respect to x: equal maxima share it, as PyTorch's ``amax`` has it; NaN beside a NaN.

    >>> reduce_max_backward(np.array([[6.0]]), np.array([[1.0, 2.0, 2.0]]), axes=(1,)).tolist()
    [[0.0, 3.0, 3.0]]
    """
    grad, x = gradient_and_input("reduce_max_backward", grad, x, axes)
    ordered = filled("reduce_max_backward", x.shape, axes)
    won = x == x.max(ordered, keepdims=True)
    with np.errstate(invalid="ignore"):
        return grad * won / won.sum(ordered, keepdims=True, dtype=x.dtype)


def checked(operation: str, x: Shape, axes: Sequence[int]) -> tuple[int, ...]:
    """Return the axes in order; ``ShapeError`` for one that x does not have, or named twice."""
    if len(set(axes)) != len(axes) or not all(0 <= axis < len(x) for axis in axes):
        raise ShapeError(
            f"{operation}: axes must be some of the {len(x)} axes of x {x}, each once, found {tuple(axes)}"
        )
    return tuple(sorted(axes))


def filled(operation: str, x: Shape, axes: Sequence[int]) -> tuple[int, ...]:
    """Return the axes in order; ``ShapeError`` also where there are no numbers along them."""
    ordered = checked(operation, x, axes)
    if any(not x[axis] for axis in ordered):
        raise ShapeError(f"{operation}: x {x} has no numbers along axes {ordered}")
    return ordered


def gradient_and_input(
    operation: str, grad: ArrayLike, x: ArrayLike, axes: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return a backward's two arrays, checked."""
    grad, x = floats(operation, grad=grad, x=x)
    check_gradient(operation, grad, reduced(x.shape, checked(operation, x.shape, axes)))
    return grad, x


def reduced(x: Shape, axes: Sequence[int]) -> Shape:
    """Return the shape of x with its reduced axes of size 1."""
    return tuple(1 if axis in axes else n for axis, n in enumerate(x))


def reduced_axes(x: Shape, *, axes: Sequence[int], **_: Any) -> Axes:
    """Return all along the axes that are reduced."""
    return {"x": whole_along(x, axes)}


def _primitive(
    name: str,
    forward: Callable[..., np.ndarray],
    backward: Callable[..., np.ndarray],
    check: Callable[[str, Shape, Sequence[int]], tuple[int, ...]],
    factor: Callable[[int], float] | None,
) -> Primitive:
    """Put a reduction together; ``factor`` of how many: what each number is multiplied by, None where one is chosen."""

    def shape(x: Shape, *, axes: Sequence[int]) -> Shape:
        return reduced(x, check(name, x, axes))

    def cost(x: Shape, *, axes: Sequence[int], itemsize: int = 4) -> Cost:
        output = shape(x, axes=axes)
        divisions = count(output) if factor is not None and factor(2) != 1 else 0
        return Cost(divisions, max(count(x) - count(output), 0), *traffic(output, x, itemsize=itemsize))

    def terms(at: tuple[int, ...], x: np.ndarray, *, axes: Sequence[int]) -> Terms:
        index, operand = covered(x, positions(reduced_axes(x.shape, axes=axes), at)["x"])
        if factor is None:
            won = largest(operand)
            index, operand = index[won : won + 1], operand[won : won + 1]
        factors = np.full(len(operand), 1 if factor is None else factor(len(operand)), x.dtype)
        return Terms(float((operand * factors).sum()), "x", index, operand, factors)

    return Primitive(name, ("x",), forward, backward, shape, cost, reduced_axes, terms)


PRIMITIVES = (
    _primitive("reduce_sum", reduce_sum, reduce_sum_backward, checked, lambda number: 1.0),
    _primitive("reduce_mean", reduce_mean, reduce_mean_backward, filled, lambda number: 1 / number),
    _primitive("reduce_max", reduce_max, reduce_max_backward, filled, None),
)
