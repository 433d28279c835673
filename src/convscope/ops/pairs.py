"""Two arrays to one, number by number, neither sum nor product: the larger, the smaller, a power, a remainder."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from convscope.ops.arguments import check_gradient, floats
from convscope.ops.combination import Gradients, broadcast, feeding, pairwise, unbroadcast
from convscope.ops.primitive import Terms, function_of, point


def maximum(x: ArrayLike, y: ArrayLike) -> np.ndarray:
    """Return the larger of x and y; NaN wins. Axes of length 1 or absent in front are repeated.

    Raises ``ShapeError`` where the shapes do not go together.

    >>> maximum(np.array([1.0, 5.0]), np.array([3.0])).tolist()
    [3.0, 5.0]
    """
    x, y = _given("maximum", x, y)
    return np.maximum(x, y)


def maximum_backward(grad: ArrayLike, x: ArrayLike, y: ArrayLike) -> Gradients:
    """Return the gradients of x and y: ``grad`` for the larger, half of it for each of equals.

    >>> maximum_backward(np.array([6.0, 6.0]), np.array([1.0, 3.0]), np.array([3.0])).x.tolist()
    [0.0, 3.0]
    """
    return _to_winners("maximum_backward", grad, x, y, np.less)


def minimum(x: ArrayLike, y: ArrayLike) -> np.ndarray:
    """Return the smaller of x and y; NaN wins. Axes of length 1 or absent in front are repeated.

    Raises ``ShapeError`` where the shapes do not go together.

    >>> minimum(np.array([1.0, 5.0]), np.array([3.0])).tolist()
    [1.0, 3.0]
    """
    x, y = _given("minimum", x, y)
    return np.minimum(x, y)


def minimum_backward(grad: ArrayLike, x: ArrayLike, y: ArrayLike) -> Gradients:
    """Return the gradients of x and y: ``grad`` for the smaller, half of it for each of equals.

    >>> minimum_backward(np.array([6.0, 6.0]), np.array([1.0, 3.0]), np.array([3.0])).x.tolist()
    [6.0, 3.0]
    """
    return _to_winners("minimum_backward", grad, x, y, np.greater)


def elementwise_power(x: ArrayLike, y: ArrayLike) -> np.ndarray:
    """Return x to the power y, both arrays; NaN where there is none. Axes of length 1 or absent in front are repeated.

    Raises ``ShapeError`` where the shapes do not go together.

    >>> elementwise_power(np.array([2.0]), np.array([0.0, 3.0])).tolist()
    [1.0, 8.0]
    """
    x, y = _given("elementwise_power", x, y)
    with np.errstate(all="ignore"):
        return np.power(x, y)


def elementwise_power_backward(grad: ArrayLike, x: ArrayLike, y: ArrayLike) -> Gradients:
    """Return the gradients: y·x^(y - 1)·``grad``, 0 where y is 0; and x^y·ln x·``grad``, 0 where x is 0 and y is not
    negative.

    >>> elementwise_power_backward(np.array([1.0]), np.array([3.0]), np.array([2.0])).x.tolist()
    [6.0]
    """
    grad, x, y = _given_back("elementwise_power_backward", grad, x, y)
    zero = grad.dtype.type(0)
    with np.errstate(all="ignore"):
        of_x = np.where(y == 0, zero, grad * (y * np.power(x, y - 1)))
        of_y = np.where((x == 0) & (y >= 0), zero, grad * (np.power(x, y) * np.log(x)))
    return Gradients(unbroadcast(of_x, x.shape), unbroadcast(of_y, y.shape))


def remainder(x: ArrayLike, y: ArrayLike) -> np.ndarray:
    """Return x - y · ⌊x / y⌋, what is left of x, with the sign of y; NaN where y is 0 or x infinite.

    Axes of length 1 or absent in front are repeated. Raises ``ShapeError`` where the shapes do not go together.

    >>> remainder(np.array([7.0, -1.0]), np.array([3.0])).tolist()
    [1.0, 2.0]
    """
    x, y = _given("remainder", x, y)
    with np.errstate(all="ignore"):
        return np.remainder(x, y)


def remainder_backward(grad: ArrayLike, x: ArrayLike, y: ArrayLike) -> Gradients:
    """Return the gradients: ``grad``, and -⌊x / y⌋ · ``grad``.

    >>> remainder_backward(np.array([1.0]), np.array([7.0]), np.array([3.0])).y.tolist()
    [-2.0]
    """
    grad, x, y = _given_back("remainder_backward", grad, x, y)
    with np.errstate(all="ignore"):
        of_y = -grad * np.floor_divide(x, y)
    return Gradients(unbroadcast(grad, x.shape), unbroadcast(of_y, y.shape))


def _given(operation: str, x: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    x, y = floats(operation, x=x, y=y)
    broadcast(operation.removesuffix("_backward"), x.shape, y.shape)
    return x, y


def _given_back(
    operation: str, grad: ArrayLike, x: ArrayLike, y: ArrayLike
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, y = _given(operation, x, y)
    grad, _ = floats(operation, grad=grad, x=x)
    check_gradient(operation, grad, np.broadcast_shapes(x.shape, y.shape))
    return grad, x, y


def _to_winners(operation: str, grad: ArrayLike, x: ArrayLike, y: ArrayLike, loses: np.ufunc) -> Gradients:
    """Return ``grad`` for what does not lose against the other, half of it where both are equal."""
    grad, x, y = _given_back(operation, grad, x, y)
    zero, each = grad.dtype.type(0), np.where(x == y, grad / 2, grad)
    return Gradients(
        unbroadcast(np.where(loses(x, y), zero, each), x.shape),
        unbroadcast(np.where(loses(y, x), zero, each), y.shape),
    )


def _taken(loses: np.ufunc) -> Callable[..., Terms]:
    def terms(at: tuple[int, ...], x: np.ndarray, y: np.ndarray) -> Terms:
        """Return one term, the number that was taken · 1."""
        at_x, at_y = feeding(at, x.shape), feeding(at, y.shape)
        first = not loses(x[at_x], y[at_y]) and not np.isnan(y[at_y])
        name, place, number = ("x", at_x, x[at_x]) if first else ("y", at_y, y[at_y])
        operand = np.array([number])
        return Terms(float(number), name, np.array([place], int), operand, np.ones_like(operand))

    return terms


def _both(forward: Callable[..., np.ndarray]) -> Callable[..., Terms]:
    def terms(at: tuple[int, ...], x: np.ndarray, y: np.ndarray) -> Terms:
        """Return the two numbers that a function is of."""
        at_x, at_y = feeding(at, x.shape), feeding(at, y.shape)
        total = float(forward(x[at_x], y[at_y]).item())
        return function_of(total, forward.__name__, {"x": x, "y": y}, {"x": point(at_x), "y": point(at_y)})

    return terms


PRIMITIVES = (
    pairwise("maximum", maximum, maximum_backward, (0, 1), _taken(np.less)),
    pairwise("minimum", minimum, minimum_backward, (0, 1), _taken(np.greater)),
    pairwise("elementwise_power", elementwise_power, elementwise_power_backward, (1, 0), _both(elementwise_power)),
    pairwise("remainder", remainder, remainder_backward, (2, 1), _both(remainder)),
)
