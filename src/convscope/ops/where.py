"""Comparing numbers, and taking one array or the other where that holds: masks, and what is done by them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from convscope.errors import ConfigError, ShapeError, nearest
from convscope.ops.arguments import check_gradient
from convscope.ops.axes import Axes, positions, repeated
from convscope.ops.combination import feeding, unbroadcast
from convscope.ops.primitive import Cost, Primitive, Shape, Terms, count, function_of, traffic

RELATIONS = {
    "equal": np.equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "less": np.less,
    "less_equal": np.less_equal,
    "not_equal": np.not_equal,
}


class Gradients(NamedTuple):
    """The gradients of the two arrays that are chosen from, each in its own shape."""

    x: np.ndarray
    y: np.ndarray


def compare(x: ArrayLike, y: ArrayLike, *, relation: str) -> np.ndarray:
    """Return whether a relation holds, number by number: "less", "greater_equal", and so on.

    Of NaN only "not_equal" holds. Arrays of any one type; axes of length 1 or absent in front are repeated. Raises
    ``ShapeError`` where shapes or types do not go together, ``ConfigError`` for another relation.

    >>> compare(np.array([1.0, 2.0, 3.0]), np.array(2.0), relation="less").tolist()
    [True, False, False]
    """
    x, y = _alike("compare", x, y)
    _compared(x.shape, y.shape, relation=relation)
    return np.asarray(RELATIONS[relation](x, y))


def compare_backward(grad: ArrayLike, x: ArrayLike, y: ArrayLike, *, relation: str) -> tuple[()]:
    """Return no gradient: whether a relation holds does not change by a little.

    >>> compare_backward(np.array([1.0]), np.array([1.0]), np.array([2.0]), relation="less")
    ()
    """
    x, y = _alike("compare_backward", x, y)
    check_gradient("compare_backward", np.asarray(grad), _compared(x.shape, y.shape, relation=relation))
    return ()


def where(condition: ArrayLike, x: ArrayLike, y: ArrayLike) -> np.ndarray:
    """Return x where ``condition`` (True and False) holds, else y; axes of length 1 or absent in front are repeated.

    x and y are of any one type. Raises ``ShapeError`` where shapes or types do not go together.

    >>> where(np.array([True, False]), np.array([1.0, 2.0]), np.array(-5.0)).tolist()
    [1.0, -5.0]
    """
    condition, (x, y) = _truths("where", condition), _alike("where", x, y)
    _chosen(condition.shape, x.shape, y.shape)
    return np.where(condition, x, y)


def where_backward(grad: ArrayLike, condition: ArrayLike, x: ArrayLike, y: ArrayLike) -> Gradients:
    """Return the gradients of x and y: ``grad`` where each was taken, else 0, summed where an input was repeated.

    >>> where_backward(np.array([3.0, 4.0]), np.array([True, False]), np.zeros(2), np.zeros(())).x.tolist()
    [3.0, 0.0]
    """
    condition, (x, y), grad = _truths("where_backward", condition), _alike("where_backward", x, y), np.asarray(grad)
    check_gradient("where_backward", grad, _chosen(condition.shape, x.shape, y.shape))
    zero = grad.dtype.type(0)
    return Gradients(
        unbroadcast(np.where(condition, grad, zero), x.shape), unbroadcast(np.where(condition, zero, grad), y.shape)
    )


def _truths(operation: str, condition: ArrayLike) -> np.ndarray:
    truths = np.asarray(condition)
    if truths.dtype != bool:
        raise ShapeError(
            f"{operation}: condition holds {truths.dtype}; expected True and False: compare it, condition != 0"
        )
    return truths


def _alike(operation: str, x: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(x), np.asarray(y)
    if x.dtype != y.dtype:
        raise ShapeError(f"{operation}: x and y must be of one type, found {x.dtype} and {y.dtype}")
    return x, y


def _compared(x: Shape, y: Shape, *, relation: str) -> Shape:
    if relation not in RELATIONS:
        raise ConfigError(f"compare: there is no relation {relation!r}{nearest(relation, RELATIONS)}")
    return _together("compare", x=x, y=y)


def _chosen(condition: Shape, x: Shape, y: Shape) -> Shape:
    return _together("where", condition=condition, x=x, y=y)


def _together(operation: str, **shapes: Shape) -> Shape:
    try:
        return np.broadcast_shapes(*shapes.values())
    except ValueError:
        *first, last = (f"{name} {shape}" for name, shape in shapes.items())
        raise ShapeError(
            f"{operation}: {', '.join(first)} and {last} do not go together: from the last axis on, sizes must be "
            "equal or 1"
        ) from None


def _compare_cost(x: Shape, y: Shape, *, relation: str, itemsize: int = 4) -> Cost:
    output = _compared(x, y, relation=relation)
    return Cost(0, count(output), *traffic(output, x, y, itemsize=itemsize))


def _compare_axes(x: Shape, y: Shape, **_: Any) -> Axes:
    output = np.broadcast_shapes(x, y)
    return {"x": repeated(x, output), "y": repeated(y, output)}


def _compare_terms(at: tuple[int, ...], x: np.ndarray, y: np.ndarray, *, relation: str) -> Terms:
    """Return the two numbers that are compared; the total is 1 where the relation holds."""
    places = positions(_compare_axes(x.shape, y.shape), at)
    total = float(RELATIONS[relation](x[feeding(at, x.shape)], y[feeding(at, y.shape)]))
    return function_of(total, relation, {"x": x, "y": y}, places)


def _where_cost(condition: Shape, x: Shape, y: Shape, *, itemsize: int = 4) -> Cost:
    return Cost(0, 0, *traffic(_chosen(condition, x, y), condition, x, y, itemsize=itemsize))


def _where_axes(condition: Shape, x: Shape, y: Shape) -> Axes:
    """Return the condition, and both that it chooses from."""
    output = np.broadcast_shapes(condition, x, y)
    return {"condition": repeated(condition, output), "x": repeated(x, output), "y": repeated(y, output)}


def _where_terms(at: tuple[int, ...], condition: np.ndarray, x: np.ndarray, y: np.ndarray) -> Terms:
    """Return one term, the number that was taken · 1."""
    name, taken = ("x", x) if condition[feeding(at, condition.shape)] else ("y", y)
    place = feeding(at, taken.shape)
    operand = np.array([taken[place]])
    return Terms(float(operand[0]), name, np.array([place], int), operand, np.ones_like(operand))


PRIMITIVES = (
    Primitive(
        "compare",
        ("x", "y"),
        compare,
        compare_backward,
        _compared,
        _compare_cost,
        _compare_axes,
        _compare_terms,
        differentiable=(),
    ),
    Primitive(
        "where",
        ("condition", "x", "y"),
        where,
        where_backward,
        _chosen,
        _where_cost,
        _where_axes,
        _where_terms,
        differentiable=("x", "y"),
    ),
)
