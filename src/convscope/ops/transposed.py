"""Transposed correlation: every input writes the kernel, scaled, into the output; the adjoint of ``correlate``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from convscope.errors import ShapeError
from convscope.geometry import Spread, Window
from convscope.ops.arguments import Whole, check_gradient, each_axis, floats, paddings, spatial
from convscope.ops.axes import Axes, blocks, listed, same, windowed
from convscope.ops.correlation.im2col import Im2col
from convscope.ops.correlation.rules import (
    Gradients,
    bias_gradient,
    check_bias,
    check_groups,
    kernel_size,
)
from convscope.ops.layout import ordered
from convscope.ops.primitive import Cost, Primitive, Shape, Terms, count, traffic

DEFAULTS = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1, "groups": 1}
Cropping = int | Sequence[int] | Sequence[Sequence[int]]


@dataclass(frozen=True)
class Setting:
    """The checked arguments; ``windows`` are those of the correlation whose adjoint this is."""

    spreads: tuple[Spread, ...]
    groups: int

    @property
    def outputs(self) -> tuple[int, ...]:
        """The spatial sizes of the output."""
        return tuple(spread.outputs for spread in self.spreads)

    @property
    def windows(self) -> tuple[Window, ...]:
        """Over the output, one window for each input: extra outputs at the end are that much less padding."""
        return tuple(
            Window(s.outputs, s.kernel, s.stride, s.before, s.after - s.extra, s.dilation) for s in self.spreads
        )

    def inputs(self, axis: int, output: int) -> list[tuple[int, int]]:
        """Return (kernel offset, input) of each product that goes into one output along an axis."""
        s = self.spreads[axis]
        return sorted(((output + s.before - i * s.stride) // s.dilation, i) for i in s.inputs(output))


def correlate_transpose(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: Whole = 1,
    padding: Cropping = 0,
    output_padding: Whole = 0,
    dilation: Whole = 1,
    groups: int = 1,
) -> np.ndarray:
    """Return the transposed correlation ("deconvolution"): outputs ``stride`` apart for each input.

    Args:
        x: (N, C, *space) with one to three spatial axes.
        kernel: (C, O/groups, *k); that of the ``correlate`` which leads from the output to x.
        bias: (O,), or None for zero.
        stride: how far apart neighbouring inputs write, one number or one per axis.
        padding: cut off each side: a number, one per axis, or (before, after) for each axis; negative: zeros added.
        output_padding: more outputs at the far end of each axis; less than stride or dilation.
        dilation: distance of neighbouring kernel numbers in the output.
        groups: channels are split into so many groups that do not see each other.

    Returns:
        (N, O, *outputs) with (size - 1)·stride + dilation·(k - 1) + 1 - before - after + output_padding an axis, in the
        memory order of x.

    Raises:
        ShapeError: ranks, channels, groups or bias that do not fit, nothing left after cropping, a type other than
            float32 or float64.

    >>> correlate_transpose(np.array([[[1.0, 2.0]]]), np.array([[[1.0, 3.0, 1.0]]]), stride=2).tolist()
    [[[1.0, 3.0, 3.0, 6.0, 2.0]]]
    """
    x, kernel, bias = floats("correlate_transpose", x=x, kernel=kernel, bias=bias)
    checked = _strict(
        "correlate_transpose", x.shape, kernel.shape, None if bias is None else bias.shape,
        stride=stride, padding=padding, output_padding=output_padding, dilation=dilation, groups=groups,
    )  # fmt: skip
    y = Im2col(checked.windows, groups).backward_input(x, kernel)
    if bias is not None:
        y += bias.reshape(-1, *(1,) * len(checked.spreads))
    return y


def correlate_transpose_backward(
    grad: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: Whole = 1,
    padding: Cropping = 0,
    output_padding: Whole = 0,
    dilation: Whole = 1,
    groups: int = 1,
) -> Gradients:
    """Return the gradients (x (N, C, *space), kernel (C, O/groups, *k), bias (O,)) from grad (N, O, *outputs).

    That of x is the plain correlation of grad with the kernel. Arguments and errors as in ``correlate_transpose``.

    >>> x, kernel = np.array([[[1.0, 2.0]]]), np.array([[[1.0, 3.0, 1.0]]])
    >>> found = correlate_transpose_backward(np.array([[[1.0, 0.0, 0.0, 1.0, 0.0]]]), x, kernel, stride=2)
    >>> found.x.tolist(), found.kernel.tolist()
    ([[[1.0, 3.0]]], [[[1.0, 2.0, 0.0]]])
    """
    operation = "correlate_transpose_backward"
    grad, x, kernel, bias = floats(operation, grad=grad, x=x, kernel=kernel, bias=bias)
    checked = _strict(
        operation, x.shape, kernel.shape, None if bias is None else bias.shape,
        stride=stride, padding=padding, output_padding=output_padding, dilation=dilation, groups=groups,
    )  # fmt: skip
    check_gradient(operation, grad, (len(x), kernel.shape[1] * groups, *checked.outputs))
    layer, grad = Im2col(checked.windows, groups), ordered(grad, x)
    x_grad, kernel_grad = layer.forward(grad, kernel), layer.backward_kernel(x, grad)
    return Gradients(x_grad, kernel_grad, None if bias is None else bias_gradient(grad))


def _strict(operation: str, x: Shape, kernel: Shape, bias: Shape | None, **arguments: Any) -> Setting:
    settings = (operation, x, kernel, bias, *(arguments.get(name, DEFAULTS[name]) for name in DEFAULTS))
    try:
        return _known(*settings)
    except TypeError:  # a list cannot be looked up
        return _setting(*settings)


def _setting(
    operation: str,
    x: Shape,
    kernel: Shape,
    bias: Shape | None,
    stride: Whole,
    padding: Cropping,
    output_padding: Whole,
    dilation: Whole,
    groups: int,
) -> Setting:
    space = spatial(operation, "x", x)
    rank = len(space)
    size = kernel_size(operation, kernel, rank)
    strides = each_axis(operation, "stride", stride, rank)
    dilations = each_axis(operation, "dilation", dilation, rank)
    extras = each_axis(operation, "output_padding", output_padding, rank, least=0)
    if isinstance(padding, str):
        raise ShapeError(f"{operation}: padding must be whole numbers, found {padding!r}: give what is to be cut off")
    pairs = paddings(operation, padding, space, size, strides, dilations, negative=True)
    check_groups(operation, groups, {"channels of x": x[1]})
    if kernel[0] != x[1]:
        raise ShapeError(
            f"{operation}: x {x} has {x[1]} channels, but kernel {kernel} expects {kernel[0]}; a kernel is "
            "(C, O/groups, *k)"
        )
    check_bias(operation, bias, kernel[1] * groups)
    each = zip(space, size, strides, pairs, dilations, extras, strict=True)
    spreads = tuple(Spread(n, k, s, before, after, d, extra) for n, k, s, (before, after), d, extra in each)
    for axis, spread in enumerate(spreads):
        if spread.extra >= max(spread.stride, spread.dilation):
            raise ShapeError(
                f"{operation}: output_padding must be less than stride or dilation, found {spread.extra} with stride "
                f"{spread.stride} and dilation {spread.dilation}; add more by a negative padding"
            )
        if spread.outputs < 1:
            raise ShapeError(
                f"{operation}: padding {spread.before} + {spread.after} leaves nothing of spatial axis {axis}: x {x} "
                f"and kernel {kernel} make {spread.outputs + spread.before + spread.after} outputs; cut off less"
            )
    return Setting(spreads, groups)


_known = lru_cache(maxsize=1024, typed=True)(_setting)


def _shape(x: Shape, kernel: Shape, bias: Shape | None = None, **arguments: Any) -> Shape:
    checked = _strict("correlate_transpose", x, kernel, bias, **arguments)
    return (x[0], kernel[1] * checked.groups, *checked.outputs)


def _cost(x: Shape, kernel: Shape, bias: Shape | None = None, *, itemsize: int = 4, **arguments: Any) -> Cost:
    """Each input is multiplied by its O/groups · K weights, and each product is added to an output."""
    y = _shape(x, kernel, bias, **arguments)
    products = count(x) * count(kernel[1:])
    additions = products + (count(y) if bias is not None else 0)
    return Cost(products, additions, *traffic(y, x, kernel, bias, itemsize=itemsize))


def _axes(x: Shape, kernel: Shape, bias: Shape | None = None, **arguments: Any) -> Axes:
    """The windows of a correlation the other way around, and the kernel offsets by which they lie on inputs."""
    checked = _strict("correlate_transpose", x, kernel, None, **arguments)
    outputs, spreads = kernel[1] * checked.groups, tuple(enumerate(checked.spreads))
    channels = blocks(1, x[1], outputs, checked.groups)
    place = listed(1, kernel[1], ([channel % kernel[1]] for channel in range(outputs)))
    offsets = (
        listed(2 + axis, s.kernel, ([k for k, _ in checked.inputs(axis, o)] for o in range(s.outputs)))
        for axis, s in spreads
    )
    return {
        "x": (same(0, x[0]), channels, *(windowed(2 + axis, spread) for axis, spread in spreads)),
        "kernel": (channels, place, *offsets),
        "bias": (same(1, outputs),),
    }


def _terms(
    at: tuple[int, ...], x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None = None, **arguments: Any
) -> Terms:
    checked = _strict("correlate_transpose", x.shape, kernel.shape, None, **arguments)
    channels, part = _channels(at[1], kernel.shape, checked.groups)
    on = [np.array(checked.inputs(axis, output), int).reshape(-1, 2) for axis, output in enumerate(at[2:])]
    channel, *places = (g.ravel() for g in np.meshgrid(channels, *(np.arange(len(p)) for p in on), indexing="ij"))
    offsets, inputs = ([pairs[p, side] for pairs, p in zip(on, places, strict=True)] for side in (0, 1))
    index = np.stack([np.full_like(channel, at[0]), channel, *inputs], axis=1)
    factor_index = np.stack([channel, np.full_like(channel, part), *offsets], axis=1)
    operand, factor = x[tuple(index.T)], kernel[tuple(factor_index.T)]
    constant = 0.0 if bias is None else float(bias[at[1]])
    return Terms(constant + float(operand @ factor), "x", index, operand, factor, constant, "kernel", factor_index)


def _channels(output: int, kernel: Shape, groups: int) -> tuple[np.ndarray, int]:
    """Return the input channels of an output channel's group, and its place in the group."""
    group, part = divmod(output, kernel[1])
    each = kernel[0] // groups
    return np.arange(group * each, (group + 1) * each), part


INPUTS = ("x", "kernel", "bias")
PRIMITIVES = (
    Primitive(
        "correlate_transpose",
        INPUTS,
        correlate_transpose,
        correlate_transpose_backward,
        _shape,
        _cost,
        _axes,
        _terms,
        INPUTS,
    ),
)
