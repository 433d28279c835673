"""The fully connected layer: each output is a weighted sum of all numbers in the last axis."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from convscope.errors import ShapeError
from convscope.ops.arguments import check_gradient, floats, matching, shapes
from convscope.ops.axes import Axes, same, whole, whole_along
from convscope.ops.primitive import Cost, Primitive, Shape, Terms, count, line, traffic

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray | None]


class Gradients(NamedTuple):
    """The gradients of the three inputs; ``bias`` is None where there was none."""

    x: np.ndarray
    weight: np.ndarray
    bias: np.ndarray | None


def shape(x: Shape, weight: Shape, bias: Shape | None = None, **_: Any) -> Shape:
    """Return (..., O)."""
    if len(weight) != 2 or not x or x[-1] != weight[1]:
        wanted = f"(O, {x[-1]})" if x else "(O, I) and x (..., I)"
        raise ShapeError(f"linear: weight must be {wanted} for x {x}, found {weight}")
    matching("linear", "bias", bias, weight[:1], "(O,)")
    return (*x[:-1], weight[0])


def linear(x: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None) -> np.ndarray:
    """Return x · weightᵀ + bias: x (..., I), weight (O, I), bias (O,) or none -> (..., O).

    A 1×1 convolution is this, at each pixel. Raises ``ShapeError`` where the last axis of x is not I. By hand:
    2·1 + 3·(-1) + 10 = 9.

    >>> linear(np.array([2.0, 3.0]), np.array([[1.0, -1.0]]), np.array([10.0])).tolist()
    [9.0]
    """
    arrays: Arrays = floats("linear", x=x, weight=weight, bias=bias)
    x, weight, bias = arrays
    shape(*shapes(x, weight, bias))
    y = _rows(x) @ weight.T  # one product: a stack of small ones is begun anew for each
    y = y.reshape(*x.shape[:-1], len(weight))  # (..., O)
    return y if bias is None else y + bias


def _rows(x: np.ndarray) -> np.ndarray:
    """Return x (..., I) as a matrix, a single vector as it is."""
    return x if x.ndim < 2 else x.reshape(count(x.shape[:-1]), x.shape[-1])


def linear_backward(grad: ArrayLike, x: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None) -> Gradients:
    """Return the gradients of x (..., I), weight (O, I) and bias (O,) for ``grad`` (..., O).

    >>> linear_backward(np.array([5.0]), np.array([2.0, 3.0]), np.array([[1.0, -1.0]])).weight.tolist()
    [[10.0, 15.0]]
    """
    arrays: tuple[np.ndarray, *Arrays] = floats("linear_backward", grad=grad, x=x, weight=weight, bias=bias)
    grad, x, weight, bias = arrays
    check_gradient("linear_backward", grad, shape(*shapes(x, weight, bias)))
    rows = count(x.shape[:-1])
    flat = grad.reshape(rows, weight.shape[0])  # (rows, O)
    return Gradients(
        (flat @ weight).reshape(x.shape),
        flat.T @ x.reshape(rows, weight.shape[1]),
        None if bias is None else flat.sum(axis=0),
    )


def _cost(x: Shape, weight: Shape, bias: Shape | None = None, *, itemsize: int = 4) -> Cost:
    output = shape(x, weight, bias)
    n, inputs = count(output), weight[1]
    additions = n * (max(inputs - 1, 0) + (bias is not None))
    return Cost(n * inputs, additions, *traffic(output, x, weight, bias, itemsize=itemsize))


def _axes(x: Shape, weight: Shape, bias: Shape | None = None) -> Axes:
    """All of the last axis, with the weights of the output."""
    row = same(len(x) - 1, weight[0])
    return {"x": whole_along(x, (-1,)), "weight": (row, whole(weight[1])), "bias": (row,)}


def _terms(at: tuple[int, ...], x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None) -> Terms:
    inputs = weight.shape[1]
    operand, factor = x[at[:-1]], weight[at[-1]]  # (I,), (I,)
    added = 0.0 if bias is None else float(bias[at[-1]])
    return Terms(
        float(operand @ factor) + added,
        "x",
        line(at, -1, inputs),
        operand,
        factor,
        added,
        "weight",
        line((at[-1], 0), 1, inputs),
    )


PRIMITIVES = (
    Primitive(
        "linear",
        ("x", "weight", "bias"),
        linear,
        linear_backward,
        shape,
        _cost,
        _axes,
        _terms,
        differentiable=("x", "weight", "bias"),
    ),
)
