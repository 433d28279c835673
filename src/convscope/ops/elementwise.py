"""The rules of operations that turn each number into one number: same shape, one input feeds one output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from convscope.ops.arguments import check_gradient, floats
from convscope.ops.axes import Axes, pointwise
from convscope.ops.primitive import Cost, Primitive, Shape, Terms, count, traffic


def alike(operation: str, grad: ArrayLike, x: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return a backward's two arrays, of one type and one shape."""
    grad, x = floats(operation, grad=grad, x=x)
    check_gradient(operation, grad, x.shape)
    return grad, x


def shape(x: Shape, **_: Any) -> Shape:
    """Return the input's shape."""
    return x


def axes(x: Shape, **_: Any) -> Axes:
    """Position for position."""
    return {"x": pointwise(x)}


def cost(multiplications: int, additions: int) -> Callable[..., Cost]:
    """Return the cost rule of an operation that needs so many of each for one number."""

    def rule(x: Shape, *, itemsize: int = 4, **_: Any) -> Cost:
        n = count(x)
        return Cost(n * multiplications, n * additions, *traffic(x, x, itemsize=itemsize))

    return rule


def scaled(forward: Callable[..., np.ndarray], factor: Callable[..., float]) -> Callable[..., Terms]:
    """Return the terms of an operation that multiplies its input by ``factor(x, **arguments)``, a 0 or 1 for ReLU."""

    def terms(at: tuple[int, ...], x: np.ndarray, **arguments: Any) -> Terms:
        value = np.asarray(x)[at]
        total = float(forward(np.asarray([value]), **arguments)[0])
        return Terms(total, "x", np.array([at]), np.array([value]), np.array([factor(value, **arguments)], value.dtype))

    return terms


def function(name: str, forward: Callable[..., np.ndarray]) -> Callable[..., Terms]:
    """Return the terms of an operation that is no product: its value, and the number it is a function of."""

    def terms(at: tuple[int, ...], x: np.ndarray, **arguments: Any) -> Terms:
        value = np.asarray(x)[at]
        total = float(forward(np.asarray([value]), **arguments)[0])
        return Terms(total, "x", np.array([at]), np.array([value]), np.ones(1, value.dtype), rule=name)

    return terms


def primitive(
    name: str,
    forward: Callable[..., np.ndarray],
    backward: Callable[..., np.ndarray],
    each: tuple[int, int],
    terms: Callable[..., Terms],
) -> Primitive:
    """Put an elementwise operation together; ``each`` is its multiplications and additions for one number."""
    return Primitive(name, ("x",), forward, backward, shape, cost(*each), axes, terms)
