"""The product of matrices, one pair after the other."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from threadpoolctl import ThreadpoolController  # pyright: ignore[reportMissingTypeStubs]

from convscope.errors import ShapeError
from convscope.ops.arguments import check_gradient, floats
from convscope.ops.axes import Axes, repeated, same, whole
from convscope.ops.combination import feeding, unbroadcast
from convscope.ops.primitive import Cost, Primitive, Shape, Terms, count, line, traffic


class Gradients(NamedTuple):
    """The gradients of the two inputs, each in its own shape."""

    x: np.ndarray
    y: np.ndarray


def matmul(x: ArrayLike, y: ArrayLike) -> np.ndarray:
    """Return x · y: x (..., L, D), y (..., D, M) -> (..., L, M); axes in front are repeated (NumPy's broadcasting).

    Raises ``ShapeError`` where the shapes do not go together. By hand: 2·1 + 3·4 = 14.

    >>> matmul(np.array([[2.0, 3.0]]), np.array([[1.0], [4.0]])).tolist()
    [[14.0]]
    """
    x, y = floats("matmul", x=x, y=y)
    _shape(x.shape, y.shape)
    return stacked(x, y)


def matmul_backward(grad: ArrayLike, x: ArrayLike, y: ArrayLike) -> Gradients:
    """Return the gradients of x and y, summed where an input was repeated.

    >>> matmul_backward(np.array([[10.0]]), np.array([[2.0, 3.0]]), np.array([[1.0], [4.0]])).x.tolist()
    [[10.0, 40.0]]
    """
    grad, x, y = floats("matmul_backward", grad=grad, x=x, y=y)
    check_gradient("matmul_backward", grad, _shape(x.shape, y.shape))
    return Gradients(
        unbroadcast(grad @ np.swapaxes(y, -1, -2), x.shape), unbroadcast(np.swapaxes(x, -1, -2) @ grad, y.shape)
    )


LARGE = 1_000_000  # products, from which on it pays to say how many threads compute them


def stacked(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return x · y; a large stack of matrices by one thread, as several would wait for each other after each matrix."""
    output = _shape(x.shape, y.shape)
    if count(output[:-2]) < 2 or count(output) * x.shape[-1] < LARGE:
        return x @ y
    with _threads().limit(limits=1, user_api="blas"):  # pyright: ignore[reportUnknownMemberType]
        return x @ y


@functools.cache
def _threads() -> ThreadpoolController:
    return ThreadpoolController()


def _shape(x: Shape, y: Shape) -> Shape:
    try:
        if min(len(x), len(y)) < 2 or x[-1] != y[-2]:
            raise ValueError
        return (*np.broadcast_shapes(x[:-2], y[:-2]), x[-2], y[-1])
    except ValueError:
        raise ShapeError(f"matmul: x {x} and y {y} do not go together: (..., L, D) and (..., D, M)") from None


def _cost(x: Shape, y: Shape, *, itemsize: int = 4) -> Cost:
    output = _shape(x, y)
    n = count(output)
    return Cost(n * x[-1], n * max(x[-1] - 1, 0), *traffic(output, x, y, itemsize=itemsize))


def _axes(x: Shape, y: Shape) -> Axes:
    """A row of one, a column of the other."""
    *front, rows, columns = _shape(x, y)
    n = len(front)
    return {
        "x": (*repeated(x[:-2], tuple(front)), same(n, rows), whole(x[-1])),
        "y": (*repeated(y[:-2], tuple(front)), whole(y[-2]), same(n + 1, columns)),
    }


def _terms(at: tuple[int, ...], x: np.ndarray, y: np.ndarray) -> Terms:
    """Return a term for each number of the row of x, times that of the column of y."""
    row = (*feeding((*at[:-1], 0), x.shape)[:-2], at[-2], 0)
    column = (*feeding((*at[:-2], 0, 0), y.shape)[:-2], 0, at[-1])
    places, others = line(row, -1, x.shape[-1]), line(column, -2, x.shape[-1])
    operand, factor = x[tuple(places.T)], y[tuple(others.T)]
    return Terms(float(operand @ factor), "x", places, operand, factor, 0.0, "y", others)


PRIMITIVES = (
    Primitive("matmul", ("x", "y"), matmul, matmul_backward, _shape, _cost, _axes, _terms, differentiable=("x", "y")),
)
