"""Average pooling: each window's mean."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from convscope.errors import ShapeError
from convscope.ops.arguments import Padding, Whole, check_gradient, floats
from convscope.ops.pooling import windows as rules
from convscope.ops.pooling.windows import (
    Windows,
    gather,
    output_shape,
    windows,
)
from convscope.ops.primitive import Primitive, Shape, Terms, covered


def avg_pool(
    x: np.ndarray,
    size: Whole,
    *,
    stride: Whole | None = None,
    padding: Padding = 0,
    dilation: Whole = 1,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> np.ndarray:
    """Return the mean of each window: x (N, C, *space) -> (N, C, *space').

    ``stride`` None means ``size``: windows side by side. ``padding`` (a number, one per axis, pairs, "same",
    "same_lower") adds zeros: counted in the mean, unless ``count_include_pad`` is False. ``dilation`` spreads the
    window. What ``ceil_mode`` lets hang over the padded end is never counted. ``divisor_override`` divides every sum by
    that number instead.

    Raises:
        ShapeError: a window that does not fit, a window without an input, a divisor 0.

    >>> avg_pool(np.arange(9.0).reshape(1, 1, 3, 3), 2, stride=1)[0, 0].tolist()
    [[2.0, 3.0], [5.0, 6.0]]
    """
    (x,) = floats("avg_pool", x=x)
    sliding = _checked(
        "avg_pool", x.shape, size, stride, padding, dilation, ceil_mode, divisor_override=divisor_override
    )
    divisor = divisors(sliding, count_include_pad, divisor_override)
    output = gather(x, sliding, np.add, 0)
    return np.divide(output, divisor.astype(x.dtype), out=output)


def avg_pool_backward(
    grad: np.ndarray,
    x: np.ndarray,
    size: Whole,
    *,
    stride: Whole | None = None,
    padding: Padding = 0,
    dilation: Whole = 1,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> np.ndarray:
    """Return the gradient with respect to x: a window's gradient, divided as its sum was, goes to all its inputs.

    >>> avg_pool_backward(np.array([[[6.0]]]), np.array([[[2.0, 7.0, 7.0]]]), 3).tolist()
    [[[2.0, 2.0, 2.0]]]
    """
    grad, x = floats("avg_pool_backward", grad=grad, x=x)
    sliding = _checked(
        "avg_pool_backward", x.shape, size, stride, padding, dilation, ceil_mode, divisor_override=divisor_override
    )
    check_gradient("avg_pool_backward", grad, output_shape(x.shape, sliding))
    divisor = divisors(sliding, count_include_pad, divisor_override)
    return rules.scatter(grad / divisor.astype(grad.dtype), sliding)


def _checked(operation: str, x: Shape, *window: Any, divisor_override: int | None = None, **arguments: Any) -> Windows:
    if divisor_override == 0:
        raise ShapeError(f"{operation}: divisor_override must not be 0; leave it out to divide by the window's size")
    return windows(operation, x, *window, **arguments)


def divisors(sliding: Windows, count_include_pad: bool = True, divisor_override: int | None = None) -> np.ndarray:
    """Return what each window's sum is divided by, (*space').

    >>> from convscope.geometry import Window
    >>> hanging = (Window(4, kernel=3, stride=2, before=1, after=1, ceil=True),)  # 0abcd0: windows 0ab, bcd, d0
    >>> divisors(hanging).tolist(), divisors(hanging, count_include_pad=False).tolist()
    ([3, 3, 2], [2, 3, 1])
    """
    if divisor_override is not None:
        return np.full(tuple(window.outputs for window in sliding), divisor_override)
    counts: list[np.ndarray] = []
    for window in sliding:
        first = np.arange(window.outputs) * window.stride - window.before
        positions = first[:, None] + window.dilation * np.arange(window.kernel)  # (outputs, kernel)
        begin, end = (-window.before, window.size + window.after) if count_include_pad else (0, window.size)
        counts.append(((positions >= begin) & (positions < end)).sum(1))
    return np.prod(np.broadcast_arrays(*np.ix_(*counts)), axis=0)


def _terms(
    at: tuple[int, ...],
    x: np.ndarray,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
    **arguments: Any,
) -> Terms:
    sliding = windows("avg_pool", x.shape, **arguments)
    index, operand = covered(x, PRIMITIVE.field(at, x.shape, **arguments)["x"])
    factor = np.full(len(operand), 1 / divisors(sliding, count_include_pad, divisor_override)[at[2:]], x.dtype)
    return Terms(float((operand * factor).sum()), "x", index, operand, factor)


_windows = partial(_checked, "avg_pool")
PRIMITIVE = Primitive(
    "avg_pool",
    ("x",),
    avg_pool,
    avg_pool_backward,
    rules.shape(_windows),
    rules.cost(_windows, lambda size: (1, size - 1)),
    rules.axes(_windows),
    _terms,
)
