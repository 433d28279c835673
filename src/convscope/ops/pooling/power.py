"""Lp pooling: each window's p-norm, between the sum (p = 1) and the maximum (p → ∞)."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from convscope.errors import ShapeError
from convscope.ops.arguments import Padding, Whole, check_gradient, floats
from convscope.ops.pooling import windows as rules
from convscope.ops.pooling.average import divisors
from convscope.ops.pooling.windows import (
    Windows,
    gather,
    output_shape,
    windows,
)
from convscope.ops.primitive import Primitive, Shape, Terms, covered


def lp_pool(
    x: np.ndarray,
    size: Whole,
    *,
    p: float = 2,
    stride: Whole | None = None,
    padding: Padding = 0,
    dilation: Whole = 1,
    ceil_mode: bool = False,
) -> np.ndarray:
    """Return (Σ xᵖ)^(1/p) over each window: x (N, C, *space) -> (N, C, *space').

    ``p`` 2 is the Euclidean norm, 1 the sum. Signs are kept, as PyTorch has it: with an odd p the sum may be negative
    and its root NaN; pool ``np.abs(x)`` for the norm. ``stride`` None means ``size``. ``padding`` (a number, one an
    axis, pairs, "same", "same_lower") adds zeros, ``dilation`` spreads the window. The sum of a last window that
    ``ceil_mode`` lets hang over the end is scaled up to the full window, as PyTorch does.

    Raises:
        ShapeError: p not above 0, a window that does not fit, a window without an input.

    >>> lp_pool(np.array([[[3.0, 4.0, -6.0, 8.0]]]), 2).tolist()
    [[[5.0, 10.0]]]
    """
    (x,) = floats("lp_pool", x=x)
    sliding = _checked("lp_pool", x.shape, size, stride, padding, dilation, ceil_mode, p=p)
    with np.errstate(invalid="ignore", divide="ignore"):
        return _sums(x, p, sliding) ** (1 / p)


def lp_pool_backward(
    grad: np.ndarray,
    x: np.ndarray,
    size: Whole,
    *,
    p: float = 2,
    stride: Whole | None = None,
    padding: Padding = 0,
    dilation: Whole = 1,
    ceil_mode: bool = False,
) -> np.ndarray:
    """Return the gradient with respect to x: that of its windows times (x / output)^(p - 1); 0 where the sum is 0.

    >>> lp_pool_backward(np.array([[[10.0]]]), np.array([[[3.0, 4.0]]]), 2).tolist()
    [[[6.0, 8.0]]]
    """
    grad, x = floats("lp_pool_backward", grad=grad, x=x)
    sliding = _checked("lp_pool_backward", x.shape, size, stride, padding, dilation, ceil_mode, p=p)
    check_gradient("lp_pool_backward", grad, output_shape(x.shape, sliding))
    with np.errstate(invalid="ignore", divide="ignore"):
        sums = _sums(x, p, sliding)
        slope = np.where(sums == 0, 0, sums ** (1 / p - 1)) * _scale(sliding, x.dtype)
        return rules.scatter(grad * slope, sliding) * x ** (p - 1)


def _checked(operation: str, x: Shape, *window: Any, p: float = 2, **arguments: Any) -> Windows:
    if not 0 < p < math.inf:
        raise ShapeError(
            f"{operation}: p must be a number above 0, found {p}; the limit for ever larger p is max_pool of np.abs(x)"
        )
    return windows(operation, x, *window, **arguments)


def _sums(x: np.ndarray, p: float, sliding: Windows) -> np.ndarray:
    return gather(x**p, sliding, np.add, 0) * _scale(sliding, x.dtype)


def _scale(sliding: Windows, dtype: Any) -> np.ndarray:
    """Return full size over counted size of each window: 1, more where ``ceil_mode`` lets it hang over the end."""
    return (math.prod(window.kernel for window in sliding) / divisors(sliding)).astype(dtype)


def _terms(at: tuple[int, ...], x: np.ndarray, p: float = 2, **arguments: Any) -> Terms:
    sliding = windows("lp_pool", x.shape, **arguments)
    index, operand = covered(x, PRIMITIVE.field(at, x.shape, **arguments)["x"])
    with np.errstate(invalid="ignore", divide="ignore"):
        total = ((operand**p).sum() * _scale(sliding, x.dtype)[at[2:]]) ** (1 / p)
    return Terms(float(total), "x", index, operand, np.ones(len(operand), x.dtype), rule="lp_pool")


_windows = partial(_checked, "lp_pool")
PRIMITIVE = Primitive(
    "lp_pool",
    ("x",),
    lp_pool,
    lp_pool_backward,
    rules.shape(_windows),
    rules.cost(_windows, lambda size: (size + 1, size - 1)),
    rules.axes(_windows),
    _terms,
)
