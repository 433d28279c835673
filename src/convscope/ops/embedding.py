"""Whole numbers to vectors: the rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from convscope.errors import ShapeError
from convscope.ops.arguments import check_gradient, floats
from convscope.ops.axes import Axes, listed, pointwise, same, whole
from convscope.ops.primitive import Cost, Primitive, Shape, Terms, traffic


def indices_within(operation: str, name: str, values: ArrayLike, size: int) -> np.ndarray:
    """Return an array of whole numbers from 0 to ``size`` - 1; refuses others, naming the first and its place."""
    array = np.asarray(values)
    if array.dtype.kind not in "iu":
        raise ShapeError(
            f"{operation}: {name} holds {array.dtype}; expected whole numbers: convert it with {name}.astype(np.int64)"
        )
    if array.size and (array.min() < 0 or array.max() >= size):
        at = tuple(np.argwhere((array < 0) | (array >= size))[0].tolist())
        raise ShapeError(f"{operation}: {name} must be from 0 to {size - 1}, found {array[at]} at {at}")
    return array


def embedding(indices: ArrayLike, weight: ArrayLike, *, padding_index: int | None = None) -> np.ndarray:
    """Return row ``indices`` of ``weight``: indices (...) of whole numbers, weight (V, D) -> (..., D).

    ``padding_index`` matters to the gradient only. Raises ``ShapeError`` for an index outside 0..V-1, naming it and
    where it stands.

    >>> embedding(np.array([2, 0]), np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])).tolist()
    [[5.0, 6.0], [1.0, 2.0]]
    """
    (weight,) = floats("embedding", weight=weight)
    _shape(np.shape(indices), weight.shape, padding_index=padding_index)
    return weight[indices_within("embedding", "indices", indices, len(weight))]


def embedding_backward(
    grad: ArrayLike, indices: ArrayLike, weight: ArrayLike, *, padding_index: int | None = None
) -> np.ndarray:
    """Return the gradient of weight (V, D) for ``grad`` (..., D); what a row used repeatedly receives is added up.

    The row ``padding_index``, which stands for no word, receives nothing.

    >>> embedding_backward(np.array([[1.0], [2.0], [4.0]]), np.array([1, 0, 1]), np.zeros((3, 1))).tolist()
    [[2.0], [5.0], [0.0]]
    """
    grad, weight = floats("embedding_backward", grad=grad, weight=weight)
    check_gradient("embedding_backward", grad, _shape(np.shape(indices), weight.shape, padding_index=padding_index))
    total = np.zeros_like(weight)
    np.add.at(total, indices_within("embedding_backward", "indices", indices, len(weight)), grad)
    if padding_index is not None:
        total[padding_index] = 0
    return total


def _shape(indices: Shape, weight: Shape, *, padding_index: int | None = None) -> Shape:
    if len(weight) != 2:
        raise ShapeError(f"embedding: weight must be (V, D), one row for each index, found {weight}")
    if padding_index is not None and not 0 <= padding_index < weight[0]:
        raise ShapeError(f"embedding: padding_index must be from 0 to {weight[0] - 1}, found {padding_index}")
    return (*indices, weight[1])


def _cost(indices: Shape, weight: Shape, *, padding_index: int | None = None, itemsize: int = 4) -> Cost:
    return Cost(0, 0, *traffic(_shape(indices, weight), indices, weight, itemsize=itemsize))


def _axes(indices: Shape, weight: Shape, **_: Any) -> Axes:
    """The index, and the column of the table: which row of it only the index's value tells."""
    return {"indices": pointwise(indices), "weight": (whole(weight[0]), same(len(indices), weight[1]))}


def _rows(constants: Mapping[str, np.ndarray], _: Shape, weight: Shape, **__: Any) -> Axes:
    """The rows of the table that constant indices along one axis take; along several no link can tell."""
    indices = constants.get("indices")
    if indices is None or indices.ndim != 1:
        return {}
    return {"weight": (listed(0, weight[0], ([int(row)] for row in indices)), same(1, weight[1]))}


def _terms(at: tuple[int, ...], indices: np.ndarray, weight: np.ndarray, **_: Any) -> Terms:
    place = (int(indices[at[:-1]]), at[-1])
    operand = np.array([weight[place]])
    return Terms(float(operand[0]), "weight", np.array([place]), operand, np.ones_like(operand))


PRIMITIVES = (
    Primitive(
        "embedding",
        ("indices", "weight"),
        embedding,
        embedding_backward,
        _shape,
        _cost,
        _axes,
        _terms,
        differentiable=("weight",),
        narrowed=_rows,
    ),
)
