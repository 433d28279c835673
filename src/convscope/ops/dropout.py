"""Dropout with a mask that is given: what is random stays outside."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from convscope.errors import ShapeError
from convscope.ops.arguments import floats
from convscope.ops.axes import Axes, repeated
from convscope.ops.combination import feeding
from convscope.ops.elementwise import alike
from convscope.ops.primitive import Cost, Primitive, Shape, Terms, count, traffic


def dropout(x: ArrayLike, mask: ArrayLike, *, p: float) -> np.ndarray:
    """Return x / (1 - p) where ``mask`` is True, else 0, so that the mean stays (Srivastava et al. 2014).

    x of any shape; ``mask`` of that shape or one that is repeated to it, as (N, C, 1, 1) drops whole channels; ``p``
    the probability with which the mask was drawn False. Raises ``ShapeError`` for a mask that is not boolean or does
    not fit, or p outside 0 <= p < 1.

    >>> dropout(np.array([1.0, 2.0, 3.0]), np.array([True, False, True]), p=0.5).tolist()
    [2.0, 0.0, 6.0]
    """
    (x,) = floats("dropout", x=x)
    return x * _factor(x, mask, p)


def dropout_backward(grad: ArrayLike, x: ArrayLike, mask: ArrayLike, *, p: float) -> np.ndarray:
    """Return the gradient of x: ``grad`` / (1 - p) where ``mask`` is True, else 0.

    >>> dropout_backward(np.array([1.0, 1.0]), np.zeros(2), np.array([True, False]), p=0.75).tolist()
    [4.0, 0.0]
    """
    grad, x = alike("dropout_backward", grad, x)
    return grad * _factor(x, mask, p)


def _factor(x: np.ndarray, mask: ArrayLike, p: float) -> np.ndarray:
    mask = np.asarray(mask)
    if mask.dtype != np.bool_:
        raise ShapeError(f"dropout: mask holds {mask.dtype}; expected bool, True where a number is kept")
    _shape(x.shape, mask.shape, p=p)
    return mask * x.dtype.type(1 / (1 - p))


def _shape(x: Shape, mask: Shape, *, p: float) -> Shape:
    if not 0 <= p < 1:
        raise ShapeError(f"dropout: p must be at least 0 and below 1, found {p!r}")
    if len(mask) > len(x) or any(m not in (1, n) for m, n in zip(mask[::-1], x[::-1], strict=False)):
        raise ShapeError(f"dropout: mask {mask} cannot be repeated to x {x}: its sizes must be those of x, or 1")
    return x


def _cost(x: Shape, mask: Shape, *, p: float, itemsize: int = 4) -> Cost:
    n = count(_shape(x, mask, p=p))
    return Cost(n, 0, *traffic(x, x, mask, itemsize=itemsize))


def _axes(x: Shape, mask: Shape, **_: Any) -> Axes:
    return {"x": repeated(x, x), "mask": repeated(mask, x)}


def _terms(at: tuple[int, ...], x: np.ndarray, mask: np.ndarray, *, p: float) -> Terms:
    place = feeding(at, mask.shape)
    operand, factor = np.array([x[at]]), np.array([mask[place] / (1 - p)], x.dtype)
    return Terms(float(operand[0] * factor[0]), "x", np.array([at]), operand, factor)


PRIMITIVES = (Primitive("dropout", ("x", "mask"), dropout, dropout_backward, _shape, _cost, _axes, _terms),)
