"""Several axes to one number that is no sum: their product, their length, the logarithm of a sum of exponentials."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from convscope.errors import ShapeError
from convscope.ops.arguments import floats
from convscope.ops.axes import positions
from convscope.ops.primitive import Cost, Primitive, Shape, Terms, count, function_of, traffic
from convscope.ops.reduction import checked, filled, gradient_and_input, reduced, reduced_axes


def reduce_product(x: ArrayLike, *, axes: Sequence[int]) -> np.ndarray:
    """Return the product of x along ``axes``, which stay as axes of size 1; 1 where there are no numbers.

    Raises ``ShapeError`` for an axis that x does not have, or named twice.

    >>> reduce_product(np.array([[2.0, 3.0], [4.0, 5.0]]), axes=(1,)).tolist()
    [[6.0], [20.0]]
    """
    (x,) = floats("reduce_product", x=x)
    return x.prod(checked("reduce_product", x.shape, axes), keepdims=True)


def reduce_product_backward(grad: ArrayLike, x: ArrayLike, *, axes: Sequence[int]) -> np.ndarray:
    """Return the gradient with respect to x: ``grad`` times the product of all others, also where a number is 0.

    >>> reduce_product_backward(np.array([1.0]), np.array([2.0, 0.0, 3.0]), axes=(0,)).tolist()
    [0.0, 6.0, 0.0]
    """
    grad, x = gradient_and_input("reduce_product_backward", grad, x, axes)
    ends = tuple(range(-len(axes), 0))
    lines = np.moveaxis(x, tuple(sorted(axes)), ends)
    flat = lines.reshape(*lines.shape[: x.ndim - len(axes)], math.prod(x.shape[axis] for axis in axes))
    before, after = np.ones_like(flat), np.ones_like(flat)
    before[..., 1:] = flat[..., :-1].cumprod(-1)
    after[..., :-1] = flat[..., :0:-1].cumprod(-1)[..., ::-1]
    others = np.moveaxis((before * after).reshape(lines.shape), ends, tuple(sorted(axes)))
    return grad * others


def reduce_norm(x: ArrayLike, *, axes: Sequence[int], order: float = 2) -> np.ndarray:
    """Return the length (Σ |x|ᵖ)^(1/p) along ``axes``, which stay as axes of size 1; ``order`` p is 2 by default.

    Raises ``ShapeError`` for an axis that x does not have, or named twice, and for an order that is 0 or infinite.

    >>> reduce_norm(np.array([[3.0, -4.0]]), axes=(1,)).tolist()
    [[5.0]]
    """
    (x,) = floats("reduce_norm", x=x)
    return _length(x, _ordered("reduce_norm", x.shape, axes, order), order)


def reduce_norm_backward(grad: ArrayLike, x: ArrayLike, *, axes: Sequence[int], order: float = 2) -> np.ndarray:
    """Return the gradient with respect to x: ``grad`` · sign(x) · (|x| / length)^(p - 1); 0 where the length is 0.

    >>> reduce_norm_backward(np.array([[10.0]]), np.array([[3.0, -4.0]]), axes=(1,)).tolist()
    [[6.0, -8.0]]
    >>> reduce_norm_backward(np.array([[10.0]]), np.array([[0.0, 0.0]]), axes=(1,)).tolist()
    [[0.0, 0.0]]
    """
    grad, x = gradient_and_input("reduce_norm_backward", grad, x, axes)
    length = _length(x, _ordered("reduce_norm_backward", x.shape, axes, order), order)
    zero: np.floating = x.dtype.type(0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if order == 2:
            return grad * np.where(length == 0, zero, x / length)
        far = np.where(x == 0, zero, np.abs(x) ** x.dtype.type(order - 1))
        scale = np.where(length == 0, zero, grad * length ** x.dtype.type(1 - order))
        return np.sign(x) * far * scale


def reduce_log_sum_exp(x: ArrayLike, *, axes: Sequence[int]) -> np.ndarray:
    """Return log Σ eˣ along ``axes``, which stay as axes of size 1, without overflow; -inf where all are -inf.

    Raises ``ShapeError`` for an axis that x does not have, named twice, or without numbers.

    >>> reduce_log_sum_exp(np.log(np.array([[1.0, 3.0]])), axes=(1,)).round(12) == np.log(4).round(12)
    array([[ True]])
    """
    (x,) = floats("reduce_log_sum_exp", x=x)
    ordered = filled("reduce_log_sum_exp", x.shape, axes)
    largest: np.ndarray = x.max(ordered, keepdims=True)
    most = np.where(np.isinf(largest), np.zeros_like(largest), largest)  # ∞ - ∞ is no number
    with np.errstate(divide="ignore", over="ignore"):
        return most + np.log(np.exp(x - most).sum(ordered, keepdims=True))


def reduce_log_sum_exp_backward(grad: ArrayLike, x: ArrayLike, *, axes: Sequence[int]) -> np.ndarray:
    """Return the gradient with respect to x: ``grad`` times the softmax along ``axes``; NaN where all are -inf.

    >>> reduce_log_sum_exp_backward(np.array([[4.0]]), np.log(np.array([[1.0, 3.0]])), axes=(1,)).round(12).tolist()
    [[1.0, 3.0]]
    """
    grad, x = gradient_and_input("reduce_log_sum_exp_backward", grad, x, axes)
    whole = reduce_log_sum_exp(x, axes=axes)
    with np.errstate(invalid="ignore"):
        return grad * np.exp(x - whole)


def _ordered(operation: str, x: Shape, axes: Sequence[int], order: float = 2) -> tuple[int, ...]:
    if not order or not math.isfinite(order):
        raise ShapeError(
            f"{operation}: order must be a finite number other than 0, found {order}; the limit for ever larger orders "
            "is reduce_max of np.abs(x)"
        )
    return checked(operation, x, axes)


def _length(x: np.ndarray, axes: tuple[int, ...], order: float) -> np.ndarray:
    with np.errstate(divide="ignore", over="ignore"):
        if order == 2:
            return np.sqrt(np.square(x).sum(axes, keepdims=True))
        total = (np.abs(x) ** x.dtype.type(order)).sum(axes, keepdims=True)
        return total ** x.dtype.type(1 / order)


def _primitive(
    name: str,
    forward: Callable[..., np.ndarray],
    backward: Callable[..., np.ndarray],
    check: Callable[..., tuple[int, ...]],
    each: tuple[int, int, int],
    between: tuple[int, int],
) -> Primitive:
    """Put one together; ``each``: multiplications and additions a number, multiplications a result.

    ``between``: multiplications and additions that join a result's numbers, for all but the first of them.
    """

    def shape(x: Shape, *, axes: Sequence[int], **arguments: Any) -> Shape:
        return reduced(x, check(name, x, axes, **arguments))

    def cost(x: Shape, *, axes: Sequence[int], itemsize: int = 4, **arguments: Any) -> Cost:
        output = shape(x, axes=axes, **arguments)
        n, results = count(x), count(output)
        joined = max(n - results, 0)
        multiplications = n * each[0] + results * each[2] + joined * between[0]
        additions = n * each[1] + joined * between[1]
        return Cost(multiplications, additions, *traffic(output, x, itemsize=itemsize))

    def terms(at: tuple[int, ...], x: np.ndarray, *, axes: Sequence[int], **arguments: Any) -> Terms:
        index = positions(reduced_axes(x.shape, axes=axes), at)
        total = forward(x[np.ix_(*index["x"])], axes=axes, **arguments)
        return function_of(float(total.item()), name, {"x": x}, index)

    return Primitive(name, ("x",), forward, backward, shape, cost, reduced_axes, terms)


PRIMITIVES = (
    _primitive("reduce_product", reduce_product, reduce_product_backward, checked, (0, 0, 0), (1, 0)),
    _primitive("reduce_norm", reduce_norm, reduce_norm_backward, _ordered, (1, 0, 1), (0, 1)),  # powers; the root
    _primitive("reduce_log_sum_exp", reduce_log_sum_exp, reduce_log_sum_exp_backward, filled, (1, 1, 1), (0, 1)),
)
