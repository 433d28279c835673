"""Adaptive and global pooling: the number of windows is given, and they share the input out.

Window i of ``out`` over n inputs begins at ⌊i·n / out⌋ and ends before ⌈(i + 1)·n / out⌉ (PyTorch's rule): 5 inputs
abcde into 3: ab, bcd, de.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from convscope.errors import ShapeError
from convscope.geometry import Window
from convscope.ops.arguments import check_gradient, each_axis, floats, spatial
from convscope.ops.axes import Axes, Link, listed, pointwise, positions, windowed
from convscope.ops.pooling.maximum import MaxPooled, largest
from convscope.ops.pooling.windows import along
from convscope.ops.primitive import Cost, Primitive, Shape, Terms, covered, traffic
from convscope.ops.unpooling import places

OutputSize = int | Sequence[int]
Rules = tuple[Callable[..., Shape], Callable[..., Cost], Callable[..., Axes], Callable[..., Terms]]
Spans = tuple[tuple[slice, ...], ...]  # for each axis, for each output: its inputs


def adaptive_max_pool(x: np.ndarray, output_size: OutputSize, *, return_indices: bool = False) -> Any:
    """Return the largest number of each of ``output_size`` windows: x (N, C, *space) -> (N, C, *output_size).

    ``return_indices`` gives ``MaxPooled(output, indices)``, the indices flat positions within the spatial axes. NaN
    wins.

    Raises:
        ShapeError: a wrong number of axes, an axis without inputs, an output size below 1.

    >>> adaptive_max_pool(np.array([[[1.0, 5, 2, 4, 3]]]), 3).tolist()
    [[[5.0, 5.0, 4.0]]]
    """
    (x,) = floats("adaptive_max_pool", x=x)
    bins = spans("adaptive_max_pool", x.shape, output_size)
    output = _reduce(x, bins, np.max)
    return MaxPooled(output, _positions(x, bins)) if return_indices else output


def adaptive_max_pool_backward(
    grad: np.ndarray, x: np.ndarray, output_size: OutputSize, *, return_indices: bool = False
) -> np.ndarray:
    """Return the gradient with respect to x: a window's gradient goes to its first maximum, or to its last NaN.

    ``return_indices`` changes nothing.

    >>> grad = np.array([[[1.0, 2.0, 4.0]]])
    >>> adaptive_max_pool_backward(grad, np.array([[[1.0, 5, 2, 4, 3]]]), 3).tolist()
    [[[0.0, 3.0, 0.0, 4.0, 0.0]]]
    """
    grad, x = floats("adaptive_max_pool_backward", grad=grad, x=x)
    bins = spans("adaptive_max_pool_backward", x.shape, output_size)
    check_gradient("adaptive_max_pool_backward", grad, _output(x.shape, bins))
    x_grad = np.zeros_like(x)
    np.add.at(x_grad, places("adaptive_max_pool_backward", _positions(x, bins), x.shape), grad)  # windows overlap
    return x_grad


def adaptive_avg_pool(x: np.ndarray, output_size: OutputSize) -> np.ndarray:
    """Return the mean of each of ``output_size`` windows: x (N, C, *space) -> (N, C, *output_size).

    Raises:
        ShapeError: a wrong number of axes, an axis without inputs, an output size below 1.

    >>> adaptive_avg_pool(np.array([[[1.0, 5, 2, 5, 3]]]), 3).tolist()
    [[[3.0, 4.0, 4.0]]]
    """
    (x,) = floats("adaptive_avg_pool", x=x)
    return _reduce(x, spans("adaptive_avg_pool", x.shape, output_size), np.mean)


def adaptive_avg_pool_backward(grad: np.ndarray, x: np.ndarray, output_size: OutputSize) -> np.ndarray:
    """Return the gradient with respect to x: a window's gradient is shared out equally among its inputs.

    >>> adaptive_avg_pool_backward(np.array([[[2.0, 3.0, 4.0]]]), np.zeros((1, 1, 5)), 3).tolist()
    [[[1.0, 2.0, 1.0, 3.0, 2.0]]]
    """
    grad, x = floats("adaptive_avg_pool_backward", grad=grad, x=x)
    bins = spans("adaptive_avg_pool_backward", x.shape, output_size)
    check_gradient("adaptive_avg_pool_backward", grad, _output(x.shape, bins))
    for axis, (outputs, size) in enumerate(zip(bins, x.shape[2:], strict=True), start=2):
        shared = np.zeros_like(grad, shape=(*grad.shape[:axis], size, *grad.shape[axis + 1 :]))
        for o, inputs in enumerate(outputs):
            shared[along(axis, inputs)] += grad[along(axis, slice(o, o + 1))] / (inputs.stop - inputs.start)
        grad = shared
    return grad


def global_max_pool(x: np.ndarray) -> np.ndarray:
    """Return the largest number of each channel: x (N, C, *space) -> (N, C, 1, ...), an axis for each of space.

    Raises:
        ShapeError: a wrong number of axes, an axis without inputs.

    >>> global_max_pool(np.array([[[1.0, 5, 2], [7, 8, 9]]])).tolist()
    [[[5.0], [9.0]]]
    """
    (x,) = floats("global_max_pool", x=x)
    return _reduce(x, spans("global_max_pool", x.shape), np.max)


def global_max_pool_backward(grad: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the gradient with respect to x: all of a channel's gradient goes to its first maximum, or last NaN.

    >>> global_max_pool_backward(np.array([[[2.0]]]), np.array([[[1.0, 5, 5]]])).tolist()
    [[[0.0, 2.0, 0.0]]]
    """
    return adaptive_max_pool_backward(grad, x, 1)


def global_avg_pool(x: np.ndarray) -> np.ndarray:
    """Return the mean of each channel: x (N, C, *space) -> (N, C, 1, ...), an axis for each of space (Lin et al. 2013).

    Raises:
        ShapeError: a wrong number of axes, an axis without inputs.

    >>> global_avg_pool(np.array([[[1.0, 5, 3], [7, 8, 9]]])).tolist()
    [[[3.0], [8.0]]]
    """
    (x,) = floats("global_avg_pool", x=x)
    return _reduce(x, spans("global_avg_pool", x.shape), np.mean)


def global_avg_pool_backward(grad: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the gradient with respect to x: a channel's gradient is shared out equally among its numbers.

    >>> global_avg_pool_backward(np.array([[[6.0]]]), np.zeros((1, 1, 3))).tolist()
    [[[2.0, 2.0, 2.0]]]
    """
    return adaptive_avg_pool_backward(grad, x, 1)


def spans(operation: str, x: Shape, output_size: OutputSize = 1, **_: Any) -> Spans:
    """Return for each spatial axis of x (N, C, *space) the inputs of each output.

    >>> spans("adaptive_avg_pool", (1, 1, 5), 3)
    ((slice(0, 2, None), slice(1, 4, None), slice(3, 5, None)),)
    """
    space = spatial(operation, "x", x)
    if 0 in space:
        raise ShapeError(f"{operation}: x must have inputs along every spatial axis, found {x}")
    outputs = each_axis(operation, "output_size", output_size, len(space))
    return tuple(
        tuple(slice(i * n // out, -(-(i + 1) * n // out)) for i in range(out))
        for n, out in zip(space, outputs, strict=True)
    )


def _output(x: Shape, bins: Spans) -> Shape:
    return (*x[:2], *(len(outputs) for outputs in bins))


def _reduce(x: np.ndarray, bins: Spans, reduce: Callable[..., Any]) -> np.ndarray:
    """Reduce each window along one axis after the other; the layout in memory stays that of x."""
    for axis, outputs in enumerate(bins, start=2):
        out = np.empty_like(x, shape=(*x.shape[:axis], len(outputs), *x.shape[axis + 1 :]))
        for o, inputs in enumerate(outputs):
            reduce(x[along(axis, inputs)], axis=axis, keepdims=True, out=out[along(axis, slice(o, o + 1))])
        x = out
    return x


def _positions(x: np.ndarray, bins: Spans) -> np.ndarray:
    """Return the flat position of each window's maximum, (N, C, *output_size)."""
    flat = np.arange(math.prod(x.shape[2:])).reshape(x.shape[2:])
    positions = np.zeros_like(x, dtype=np.int64, shape=_output(x.shape, bins))
    for at in np.ndindex(positions.shape[2:]):
        window = tuple(outputs[int(o)] for outputs, o in zip(bins, at, strict=True))
        numbers = x[:, :, *window]
        place = largest(numbers.reshape(*x.shape[:2], math.prod(numbers.shape[2:])))  # (N, C)
        positions[:, :, *at] = flat[window].ravel()[place]
    return positions


def _spanned(axis: int, size: int, outputs: Sequence[slice]) -> Link:
    """Return windows where the spans are all alike, else the spans."""
    number = len(outputs)
    if size % number == 0:
        return windowed(axis, Window(size, size // number, size // number))
    return listed(axis, size, (range(part.start, part.stop) for part in outputs), Fraction(size, number))


def _rules(name: str, *, average: bool) -> Rules:
    """Return shape, cost, axes and terms of an adaptive pooling."""

    def shape(x: Shape, **arguments: Any) -> Shape:
        return _output(x, spans(name, x, **arguments))

    def cost(x: Shape, *, itemsize: int = 4, **arguments: Any) -> Cost:
        bins = spans(name, x, **arguments)
        output = _output(x, bins)
        seen = math.prod(x[:2]) * math.prod(sum(part.stop - part.start for part in outputs) for outputs in bins)
        windows = math.prod(output)
        return Cost(windows * average, seen - windows, *traffic(output, x, itemsize=itemsize))

    def axes(x: Shape, **arguments: Any) -> Axes:
        space = (_spanned(axis, x[axis], line) for axis, line in enumerate(spans(name, x, **arguments), start=2))
        return {"x": (*pointwise(x[:2]), *space)}

    def terms(at: tuple[int, ...], x: np.ndarray, **arguments: Any) -> Terms:
        index, operand = covered(x, positions(axes(x.shape, **arguments), at)["x"])
        if not average:
            won = largest(operand)
            index, operand = index[won : won + 1], operand[won : won + 1]
        factor = np.full(len(operand), 1 / len(operand), x.dtype)
        return Terms(float((operand * factor).sum()), "x", index, operand, factor)

    return shape, cost, axes, terms


PRIMITIVES = (
    Primitive(
        "adaptive_avg_pool",
        ("x",),
        adaptive_avg_pool,
        adaptive_avg_pool_backward,
        *_rules("adaptive_avg_pool", average=True),
    ),
    Primitive(
        "adaptive_max_pool",
        ("x",),
        adaptive_max_pool,
        adaptive_max_pool_backward,
        *_rules("adaptive_max_pool", average=False),
    ),
    Primitive(
        "global_avg_pool",
        ("x",),
        global_avg_pool,
        global_avg_pool_backward,
        *_rules("global_avg_pool", average=True),
    ),
    Primitive(
        "global_max_pool",
        ("x",),
        global_max_pool,
        global_max_pool_backward,
        *_rules("global_max_pool", average=False),
    ),
)
