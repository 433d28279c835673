"""What is true of a correlation whatever the algorithm: arguments, shape, cost, which index feeds which, the terms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from convscope.errors import ShapeError
from convscope.geometry import Window
from convscope.ops.arguments import Padding, Pairs, Whole, each_axis, paddings, spatial
from convscope.ops.axes import Axes, Link, blocks, listed, same, whole, windowed
from convscope.ops.padding import check_mode, origin, padded
from convscope.ops.primitive import Cost, Shape, Terms, count, traffic


class Gradients(NamedTuple):
    """The gradients of the three inputs; ``bias`` is None where there was none."""

    x: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray | None


@dataclass(frozen=True)
class Setting:
    """The checked arguments: one window per axis, ``groups``, and what stands in the padding."""

    windows: tuple[Window, ...]
    groups: int
    padding_mode: str

    @property
    def pairs(self) -> Pairs:
        """The padding (before, after) of each axis."""
        return tuple((window.before, window.after) for window in self.windows)

    @property
    def outputs(self) -> tuple[int, ...]:
        """The spatial sizes of the output."""
        return tuple(window.outputs for window in self.windows)

    @property
    def unpadded(self) -> tuple[Window, ...]:
        """The same windows over the input that has its padding already."""
        padded_sizes = ((w, w.size + w.before + w.after) for w in self.windows)
        return tuple(Window(size, w.kernel, w.stride, 0, 0, w.dilation) for w, size in padded_sizes)

    def inputs(self, axis: int, output: int) -> list[int | None]:
        """Return the input under each kernel offset of one output along an axis; None for a zero of the padding."""
        window = self.windows[axis]
        return [origin(position, window.size, self.padding_mode) for position in window.positions(output)]

    def link(self, axis: int) -> Link:
        """Return which inputs feed which outputs along an axis."""
        window = self.windows[axis]
        if self.padding_mode == "zeros":
            return windowed(2 + axis, window)
        rows = ({i for i in self.inputs(axis, o) if i is not None} for o in range(window.outputs))
        table = listed(2 + axis, window.size, rows).table
        return Link(2 + axis, window.size, table, (np.array(window.positions(0)),), window.stride)

    def offsets(self, axis: int) -> Link:
        """Return which kernel offsets along an axis lie on an input of which outputs."""
        window = self.windows[axis]
        under = (self.inputs(axis, o) for o in range(window.outputs))
        return listed(2 + axis, window.kernel, ([k for k, i in enumerate(line) if i is not None] for line in under))


def setting(
    operation: str,
    x: Shape,
    kernel: Shape,
    bias: Shape | None,
    *,
    stride: Whole = 1,
    padding: Padding = 0,
    dilation: Whole = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> Setting:
    """Check shapes and arguments once; the next call with the same ones costs a look-up."""
    arguments = (operation, x, kernel, bias, stride, padding, dilation, groups, padding_mode)
    try:
        return _known(*arguments)
    except TypeError:  # a list cannot be looked up
        return _setting(*arguments)


def _setting(
    operation: str,
    x: Shape,
    kernel: Shape,
    bias: Shape | None,
    stride: Whole,
    padding: Padding,
    dilation: Whole,
    groups: int,
    padding_mode: str,
) -> Setting:
    space = spatial(operation, "x", x)
    size = kernel_size(operation, kernel, len(space))
    strides = each_axis(operation, "stride", stride, len(space))
    dilations = each_axis(operation, "dilation", dilation, len(space))
    pairs = paddings(operation, padding, space, size, strides, dilations)
    check_mode(operation, space, pairs, padding_mode, "padding_mode")
    check_groups(operation, groups, {"channels of x": x[1], "kernels": kernel[0]})
    if kernel[1] * groups != x[1]:
        raise ShapeError(
            f"{operation}: x {x} has {x[1]} channels, but kernel {kernel} expects {kernel[1] * groups}"
            + (f" ({groups} groups of {kernel[1]})" if groups > 1 else "")
            + "; a kernel is (O, C/groups, *k)"
        )
    check_bias(operation, bias, kernel[0])
    each = zip(space, size, strides, pairs, dilations, strict=True)
    windows = tuple(Window(n, k, s, before, after, d) for n, k, s, (before, after), d in each)
    for axis, window in enumerate(windows):
        if not window.outputs:
            padded = window.size + window.before + window.after
            raise ShapeError(
                f"{operation}: the kernel reaches over {window.reach} positions of spatial axis {axis}, but with "
                f"padding only {padded} are there (x {x}, kernel {kernel}, dilation {window.dilation}, padding "
                f"{window.before} + {window.after}); pad more or take a smaller kernel"
            )
    return Setting(windows, groups, padding_mode)


_known = lru_cache(maxsize=1024, typed=True)(_setting)


def kernel_size(operation: str, kernel: Shape, rank: int) -> tuple[int, ...]:
    """Return the sizes (*k) of a kernel with two axes before them."""
    if len(kernel) != rank + 2:
        raise ShapeError(
            f"{operation}: kernel must have {rank + 2} axes, as x has, found {len(kernel)}: {kernel}"
            + ("; add axes with [None, None]" if len(kernel) == rank else "")
            + ("; or is x one image without its batch axis? then take x[None]" if len(kernel) == rank + 3 else "")
        )
    if count(kernel) == 0:
        raise ShapeError(f"{operation}: kernel {kernel} is empty; every axis needs at least 1")
    return tuple(kernel[2:])


def check_groups(operation: str, groups: Any, divided: dict[str, int]) -> None:
    """Raise unless ``groups`` is a whole number from 1 that divides all the counts."""
    if not isinstance(groups, int | np.integer) or groups < 1:
        raise ShapeError(f"{operation}: groups must be a whole number of at least 1, found {groups!r}")
    for name, n in divided.items():
        if n % groups:
            raise ShapeError(f"{operation}: groups must divide the {n} {name}, found {groups}")


def check_bias(operation: str, bias: Shape | None, outputs: int) -> None:
    """Raise unless the bias is one number for each output channel."""
    if bias is not None and bias != (outputs,):
        raise ShapeError(f"{operation}: bias must be ({outputs},), one number for each output channel, found {bias}")


def around(x: np.ndarray, checked: Setting) -> tuple[np.ndarray, tuple[Window, ...]]:
    """Return x and its windows; where the padding is no zeros, x with it and windows without."""
    if checked.padding_mode == "zeros" or not any(map(any, checked.pairs)):
        return x, checked.windows
    return padded(x, checked.pairs, checked.padding_mode), checked.unpadded


def bias_gradient(grad: np.ndarray) -> np.ndarray:
    """Return the sum (O,) of grad (N, O, *space) over all but the channels."""
    return grad.sum((0, *range(2, grad.ndim)))


def shape(
    x: Shape, kernel: Shape, bias: Shape | None = None, *, operation: str = "correlate", **arguments: Any
) -> Shape:
    """Return (N, O, *outputs): ⌊(size + padding - dilation·(k - 1) - 1) / stride⌋ + 1 an axis."""
    return (x[0], kernel[0], *setting(operation, x, kernel, bias, **_without_algorithm(arguments)).outputs)


def cost(x: Shape, kernel: Shape, bias: Shape | None = None, *, itemsize: int = 4, **arguments: Any) -> Cost:
    """Return the cost: C/groups · K products for each output number, padding included."""
    y = shape(x, kernel, bias, **arguments)
    each = count(kernel[1:])
    additions = each - 1 + (bias is not None)
    return Cost(count(y) * each, count(y) * additions, *traffic(y, x, kernel, bias, itemsize=itemsize))


def axes(x: Shape, kernel: Shape, bias: Shape | None = None, *, operation: str = "correlate", **arguments: Any) -> Axes:
    """Windows and the channels of a group; the kernel offsets that lie on inputs, and the channel's bias."""
    checked = setting(operation, x, kernel, None, **_without_algorithm(arguments))
    channel, rank = same(1, kernel[0]), len(checked.windows)
    return {
        "x": (same(0, x[0]), blocks(1, x[1], kernel[0], checked.groups), *map(checked.link, range(rank))),
        "kernel": (channel, whole(kernel[1]), *map(checked.offsets, range(rank))),
        "bias": (channel,),
    }


def terms(
    at: tuple[int, ...], x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None = None, **arguments: Any
) -> Terms:
    """Return the products of one output number: channel by channel, in the order of the kernel."""
    checked = setting("correlate", x.shape, kernel.shape, None, **_without_algorithm(arguments))
    image, channel = at[:2]
    under = [checked.inputs(axis, output) for axis, output in enumerate(at[2:])]
    on = [np.array([(k, i) for k, i in enumerate(line) if i is not None], int).reshape(-1, 2) for line in under]
    channels = _channels(channel, kernel.shape, checked.groups)
    grid = np.meshgrid(channels, *(np.arange(len(pairs)) for pairs in on), indexing="ij")
    source, *places = (axis.ravel() for axis in grid)
    part = source - channels[0]
    offsets, inputs = ([pairs[p, side] for pairs, p in zip(on, places, strict=True)] for side in (0, 1))
    index = np.stack([np.full_like(part, image), source, *inputs], axis=1)
    factor_index = np.stack([np.full_like(part, channel), part, *offsets], axis=1)
    operand, factor = x[tuple(index.T)], kernel[tuple(factor_index.T)]
    constant = 0.0 if bias is None else float(bias[channel])
    total = constant + float(operand @ factor)
    return Terms(total, "x", index, operand, factor, constant, "kernel", factor_index)


def flipped(kernel: np.ndarray) -> np.ndarray:
    """Return a view of the kernel (O, C/groups, *k), reversed along each spatial axis."""
    kernel = np.asarray(kernel)
    return np.flip(kernel, tuple(range(2, kernel.ndim)))


def flipped_axes(x: Shape, kernel: Shape, bias: Shape | None = None, **arguments: Any) -> Axes:
    """Return ``axes`` with the kernel read backwards."""
    unflipped = axes(x, kernel, bias, operation="convolve", **arguments)
    first, channels, *offsets = unflipped["kernel"]
    backwards = (
        replace(link, table=np.where(link.table < 0, -1, link.size - 1 - link.table)[:, ::-1]) for link in offsets
    )
    return {**unflipped, "kernel": (first, channels, *backwards)}


def flipped_terms(
    at: Shape, x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None = None, **arguments: Any
) -> Terms:
    """Return ``terms`` with the kernel read backwards."""
    unflipped = terms(at, x, flipped(kernel), bias, **arguments)
    index = np.array(unflipped.factor_index)
    index[:, 2:] = np.array(kernel.shape[2:]) - 1 - index[:, 2:]
    return replace(unflipped, factor_index=index)


def _channels(output: int, kernel: Shape, groups: int) -> np.ndarray:
    """Return the input channels of an output channel's group."""
    group = output // (kernel[0] // groups)
    return np.arange(group * kernel[1], (group + 1) * kernel[1])


def _without_algorithm(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments without the choice of algorithm, of which none of these rules depends."""
    return {name: value for name, value in arguments.items() if name != "algorithm"}
