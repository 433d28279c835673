"""Attention: each query's weighted mean of the values, weighted by how well their keys match it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from convscope.errors import ShapeError
from convscope.ops.arguments import check_gradient, floats, shapes
from convscope.ops.axes import Axes, listed, pointwise, repeated, same, whole
from convscope.ops.combination import unbroadcast
from convscope.ops.matmul import stacked
from convscope.ops.primitive import Cost, Primitive, Shape, Terms, count, line, traffic
from convscope.ops.softmax import probabilities


class Gradients(NamedTuple):
    """The gradients of queries, keys and values, and of a mask of numbers; None for a boolean mask, or none."""

    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    mask: np.ndarray | None


def attention(
    q: ArrayLike, k: ArrayLike, v: ArrayLike, mask: ArrayLike | None = None, *, scale: float | None = None
) -> np.ndarray:
    """Return softmax(q kᵀ · scale + mask) v (Vaswani et al. 2017, eq. 1).

    q (..., L, D), k (..., S, D), v (..., S, V) -> (..., L, V), the axes in front equal. ``mask`` is repeated to
    (..., L, S): boolean, True where a query may attend, or numbers to add. ``scale`` is 1/√D by default. A query that
    may attend to nothing yields 0. Raises ``ShapeError`` where the arrays do not fit. By hand: scores 0 and ln 3 give
    weights ¼ and ¾.

    >>> k, v = np.array([[0.0], [np.log(3.0)]]), np.array([[4.0], [8.0]])
    >>> attention(np.array([[1.0]]), k, v).round(12).tolist()
    [[7.0]]
    """
    q, k, v, mask = _given("attention", q, k, v, mask)
    return stacked(_weights(q, k, mask, scale), v)


def attention_backward(
    grad: ArrayLike,
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    mask: ArrayLike | None = None,
    *,
    scale: float | None = None,
) -> Gradients:
    """Return the gradients of q, k, v and of a mask of numbers for ``grad`` (..., L, V).

    A query that may attend to nothing gives none.

    >>> k, v = np.array([[0.0], [np.log(3.0)]]), np.array([[4.0], [8.0]])
    >>> attention_backward(np.array([[1.0]]), np.array([[1.0]]), k, v).v.round(12).tolist()
    [[0.25], [0.75]]
    """
    q, k, v, mask = _given("attention_backward", q, k, v, mask)
    grad, _ = floats("attention_backward", grad=grad, q=q)
    check_gradient("attention_backward", grad, _shape(*shapes(q, k, v, mask)))
    weights = _weights(q, k, mask, scale)  # (..., L, S)
    of_weights = grad @ _turned(v)
    of_scores = weights * (of_weights - (of_weights * weights).sum(-1, keepdims=True))
    of_mask = None if mask is None or mask.dtype == np.bool_ else unbroadcast(of_scores, mask.shape).copy()
    of_products = of_scores * _scale(q.shape, scale)
    return Gradients(of_products @ k, _turned(of_products) @ q, _turned(weights) @ grad, of_mask)


def _given(
    name: str, q: ArrayLike, k: ArrayLike, v: ArrayLike, mask: ArrayLike | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
    boolean = mask is not None and np.asarray(mask).dtype == np.bool_
    query, key, value, added = floats(name, q=q, k=k, v=v, mask=None if boolean else mask)
    chosen = np.asarray(mask) if boolean else added
    _shape(*shapes(query, key, value, chosen))
    return query, key, value, chosen


def _turned(x: np.ndarray) -> np.ndarray:
    return np.swapaxes(x, -1, -2)


def _scale(q: Shape, scale: float | None) -> float:
    return 1 / math.sqrt(max(q[-1], 1)) if scale is None else scale


def _weights(q: np.ndarray, k: np.ndarray, mask: np.ndarray | None, scale: float | None) -> np.ndarray:
    """Return the softmax of the scores (..., L, S); 0 where a query may attend to nothing, as in PyTorch."""
    scores = stacked(q, _turned(k)) * _scale(q.shape, scale)
    if mask is not None:
        scores = scores + (np.where(mask, 0, -np.inf).astype(q.dtype) if mask.dtype == np.bool_ else mask)
    weights = probabilities(scores, -1)
    return np.where((scores == -np.inf).all(-1, keepdims=True), weights.dtype.type(0), weights)


def _shape(q: Shape, k: Shape, v: Shape, mask: Shape | None = None, *, scale: float | None = None) -> Shape:
    if min(len(q), len(k), len(v)) < 2 or not q[:-2] == k[:-2] == v[:-2] or q[-1] != k[-1] or k[-2] != v[-2]:
        raise ShapeError(
            f"attention: q (..., L, D), k (..., S, D) and v (..., S, V) do not fit: found {q}, {k} and {v}"
        )
    scores = (*q[:-1], k[-2])
    if mask is not None and not _repeats(mask, scores):
        raise ShapeError(f"attention: mask {mask} cannot be repeated to (..., L, S) = {scores}")
    return (*q[:-1], v[-1])


def _repeats(shape: Shape, whole: Shape) -> bool:
    pairs = zip(shape[::-1], whole[::-1], strict=False)
    return len(shape) <= len(whole) and all(n in (1, m) for n, m in pairs)


def _cost(
    q: Shape,
    k: Shape,
    v: Shape,
    mask: Shape | None = None,
    *,
    scale: float | None = None,
    itemsize: int = 4,
) -> Cost:
    output = _shape(q, k, v, mask)
    keys, scores = k[-2], count(q[:-1]) * k[-2]
    multiplications = scores * (q[-1] + 1 + 2) + count(output) * keys  # products, scale, exp and division; weights
    additions = scores * max(q[-1] - 1, 0) + scores * (mask is not None)
    additions += count(q[:-1]) * max(keys - 1, 0) + count(output) * max(keys - 1, 0)  # the softmax; the weighted sum
    return Cost(multiplications, additions, *traffic(output, q, k, v, mask, itemsize=itemsize))


def _axes(q: Shape, k: Shape, v: Shape, mask: Shape | None = None, **_: Any) -> Axes:
    """A query's row, all keys, and a column of all values."""
    front, rows = pointwise(q[:-2]), len(q) - 2
    axes = {
        "q": (*front, same(rows, q[-2]), whole(q[-1])),
        "k": (*front, whole(k[-2]), whole(k[-1])),
        "v": (*front, whole(v[-2]), same(rows + 1, v[-1])),
    }
    return axes if mask is None else axes | {"mask": (*repeated(mask[:-1], q[:-1]), whole(mask[-1]))}


def _attended(constants: Mapping[str, np.ndarray], *shapes: Shape, **_: Any) -> Axes:
    """Keys and values that a constant mask (..., queries, keys) opens to each query, of any example and head."""
    mask = constants.get("mask")
    if mask is None:
        return {}
    opened = mask if mask.dtype == bool else mask > np.finfo(mask.dtype).min  # the lowest number serves for -inf
    rows = np.asarray(opened.reshape(-1, *mask.shape[-2:]).any(0))
    keys = listed(len(shapes[0]) - 2, mask.shape[-1], (np.flatnonzero(row).tolist() for row in rows))
    axes = _axes(*shapes)
    return {name: (*axes[name][:-2], keys, axes[name][-1]) for name in ("k", "v")}


def _terms(
    at: tuple[int, ...],
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    mask: np.ndarray | None = None,
    *,
    scale: float | None = None,
) -> Terms:
    """Return a term for each key: its value, times the query's weight of it."""
    query, front = at[:-1], at[:-2]
    if mask is not None:
        mask = np.broadcast_to(mask, (*q.shape[:-1], k.shape[-2]))[query][None]  # (1, S)
    factor = _weights(q[query][None], k[front], mask, scale)[0]  # (S,)
    operand = v[(*front, slice(None), at[-1])]  # (S,)
    return Terms(float(factor @ operand), "v", line((*front, 0, at[-1]), -2, len(operand)), operand, factor)


PRIMITIVES = (
    Primitive(
        "attention",
        ("q", "k", "v", "mask"),
        attention,
        attention_backward,
        _shape,
        _cost,
        _axes,
        _terms,
        differentiable=("q", "k", "v", "mask"),
        narrowed=_attended,
    ),
)
