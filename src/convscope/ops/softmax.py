"""Scores to probabilities along one axis, and their logarithms; stable however large the scores are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from convscope.ops.arguments import check_axis, floats
from convscope.ops.axes import Axes, positions, whole_along
from convscope.ops.elementwise import alike
from convscope.ops.primitive import Cost, Primitive, Shape, Terms, count, function_of, traffic


def softmax(x: ArrayLike, *, axis: int = 1) -> np.ndarray:
    """Return eˣ / Σ eˣ along ``axis`` of an array of any shape; by default the channels or classes of (N, K, *space).

    Raises ``ShapeError`` where x has no such axis. By hand: e^ln 3 = 3, so that 0 and ln 3 become 1/4 and 3/4.

    >>> softmax(np.array([[0.0, np.log(3.0)], [1000.0, -1000.0]])).round(12).tolist()
    [[0.25, 0.75], [1.0, 0.0]]
    """
    (x,) = floats("softmax", x=x)
    check_axis("softmax", axis, x.shape)
    return probabilities(x, axis)


def softmax_backward(grad: ArrayLike, x: ArrayLike, *, axis: int = 1) -> np.ndarray:
    """Return the gradient with respect to x: p·(``grad`` - Σ ``grad``·p) along ``axis``, p the softmax.

    By hand: p = (1/4, 3/4), grad = (1, 0): Σ = 1/4, and (1/4 · 3/4, 3/4 · -1/4).

    >>> softmax_backward(np.array([[1.0, 0.0]]), np.array([[0.0, np.log(3.0)]])).round(12).tolist()
    [[0.1875, -0.1875]]
    """
    grad, x = alike("softmax_backward", grad, x)
    p = probabilities(x, axis)
    return p * (grad - (grad * p).sum(axis, keepdims=True))


def log_softmax(x: ArrayLike, *, axis: int = 1) -> np.ndarray:
    """Return x - log Σ eˣ along ``axis``: the logarithm of the softmax, finite where that has become 0.

    Raises ``ShapeError`` where x has no such axis.

    >>> log_softmax(np.array([[1000.0, -1000.0]])).tolist()
    [[0.0, -2000.0]]
    """
    (x,) = floats("log_softmax", x=x)
    check_axis("log_softmax", axis, x.shape)
    return log_probabilities(x, axis)


def log_softmax_backward(grad: ArrayLike, x: ArrayLike, *, axis: int = 1) -> np.ndarray:
    """Return the gradient with respect to x: ``grad`` - p·Σ ``grad`` along ``axis``, p the softmax.

    >>> log_softmax_backward(np.array([[1.0, 0.0]]), np.array([[0.0, np.log(3.0)]])).round(12).tolist()
    [[0.75, -0.75]]
    """
    grad, x = alike("log_softmax_backward", grad, x)
    return grad - probabilities(x, axis) * grad.sum(axis, keepdims=True)


def probabilities(x: np.ndarray, axis: int) -> np.ndarray:
    """Return the softmax of a checked array; NaN where all scores are -∞ or one is +∞, as in PyTorch."""
    with np.errstate(invalid="ignore"):
        odds = np.exp(x - _largest(x, axis))
        return odds / odds.sum(axis, keepdims=True)


def log_probabilities(x: np.ndarray, axis: int) -> np.ndarray:
    """Return the logarithm of the softmax of a checked array."""
    with np.errstate(invalid="ignore"):
        shifted = x - _largest(x, axis)
        return shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))


def _largest(x: np.ndarray, axis: int) -> np.ndarray:
    return x.max(axis, keepdims=True, initial=-np.inf)  # an axis of length 0 has no other maximum


def _primitive(
    name: str,
    forward: Callable[..., np.ndarray],
    backward: Callable[..., np.ndarray],
    each: tuple[int, int],
    every_row: int,
) -> Primitive:
    """Put one together; ``each`` number costs so many of both, beside a row's sum and ``every_row``'s function."""

    def shape(x: Shape, *, axis: int = 1) -> Shape:
        check_axis(name, axis, x)
        return x

    def cost(x: Shape, *, axis: int = 1, itemsize: int = 4) -> Cost:
        n, rows = count(x), count(x) // max(x[axis], 1)
        multiplications, additions = n * each[0] + rows * every_row, n * each[1] + n - rows
        return Cost(multiplications, additions, *traffic(x, x, itemsize=itemsize))

    def axes(x: Shape, *, axis: int = 1) -> Axes:
        return {"x": whole_along(x, (axis,))}

    def terms(at: tuple[int, ...], x: np.ndarray, *, axis: int = 1) -> Terms:
        index = positions(axes(x.shape, axis=axis), at)
        total = float(forward(x[np.ix_(*index["x"])], axis=axis).flat[at[axis]])
        return function_of(total, name, {"x": x}, index)

    return Primitive(name, ("x",), forward, backward, shape, cost, axes, terms)


PRIMITIVES = (
    _primitive("softmax", softmax, softmax_backward, each=(2, 0), every_row=0),  # exp, division
    _primitive("log_softmax", log_softmax, log_softmax_backward, each=(1, 1), every_row=1),  # exp, subtraction; log
)
