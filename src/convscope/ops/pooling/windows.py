"""What all poolings share: friendly arguments → one ``Window`` an axis, and what follows from the windows alone.

A window in two dimensions is every combination of one window per axis: sums and maxima are taken along one axis after
the other, so that a window of 3×3 costs 3 + 3 passes over the array, not 9.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from convscope.errors import ShapeError
from convscope.geometry import Window
from convscope.ops.arguments import Padding, Whole, each_axis, paddings, spatial
from convscope.ops.axes import Axes, pointwise, windowed
from convscope.ops.primitive import Cost, Shape, count, traffic

Windows = tuple[Window, ...]
Slices = tuple[slice, ...]


def windows(
    operation: str,
    x: Shape,
    size: Whole,
    stride: Whole | None = None,
    padding: Padding = 0,
    dilation: Whole = 1,
    ceil_mode: bool = False,
    **_: Any,
) -> Windows:
    """Return the window of each spatial axis of x (N, C, *space); other arguments of a pooling say nothing of it.

    Raises:
        ShapeError: a window that does not fit, or padding that leaves a window without an input.

    >>> [w.outputs for w in windows("max_pool", (1, 1, 7, 9), 3, 2)]
    [3, 4]
    """
    space = spatial(operation, "x", x)
    rank = len(space)
    kernels = each_axis(operation, "size", size, rank)
    strides = kernels if stride is None else each_axis(operation, "stride", stride, rank)
    dilations = each_axis(operation, "dilation", dilation, rank)
    pads = paddings(operation, padding, space, kernels, strides, dilations)
    sliding = tuple(
        Window(n, k, s, before, after, d, ceil_mode)
        for n, k, s, (before, after), d in zip(space, kernels, strides, pads, dilations, strict=True)
    )
    for window in sliding:
        _check(operation, x, window)
    return sliding


def _check(operation: str, x: Shape, window: Window) -> None:
    if not window.outputs:
        raise ShapeError(
            f"{operation}: a window over {window.reach} does not fit into {window.size} inputs with padding "
            f"({window.before}, {window.after}); x is {x}: use a smaller size or more padding"
        )
    # Without dilation only the first and the last window can miss the input; holes can miss a short one anywhere.
    for output in range(window.outputs) if window.dilation > 1 else {0, window.outputs - 1}:
        if not window.inputs(output):
            raise ShapeError(
                f"{operation}: padding ({window.before}, {window.after}) leaves window {output} over {window.reach} "
                f"without any of the {window.size} inputs; x is {x}: use less padding"
            )


def output_shape(x: Shape, sliding: Windows) -> Shape:
    """Return (N, C, *outputs)."""
    return (*x[:2], *(window.outputs for window in sliding))


def offsets(window: Window) -> Iterator[tuple[int, slice, slice]]:
    """Yield for each kernel element k: k, the outputs it has an input for, and those inputs; both as slices.

    >>> list(offsets(Window(5, kernel=2, stride=2, before=1, after=1)))
    [(0, slice(1, 3, None), slice(1, 4, 2)), (1, slice(0, 3, None), slice(0, 5, 2))]
    """
    for k in range(window.kernel):
        shift = window.start(0) + k * window.dilation
        first = max(0, -(shift // window.stride))
        last = min(window.outputs - 1, (window.size - 1 - shift) // window.stride)
        if first <= last:
            start, stop = first * window.stride + shift, last * window.stride + shift + 1
            yield k, slice(first, last + 1), slice(start, stop, window.stride)


def steps(sliding: Windows) -> Iterator[tuple[int, Slices, Slices]]:
    """Yield for each element of the window, in row-major order: its number, the outputs (N, C, ...) and inputs."""
    sizes = tuple(window.kernel for window in sliding)
    whole = (slice(None), slice(None))
    for chosen in itertools.product(*(tuple(offsets(window)) for window in sliding)):
        element, outputs, inputs = zip(*chosen, strict=True)
        yield int(np.ravel_multi_index(element, sizes)), (*whole, *outputs), (*whole, *inputs)


def gather(x: np.ndarray, sliding: Windows, combine: np.ufunc, empty: float) -> np.ndarray:
    """Combine (``np.add``, ``np.maximum``) the inputs of every window, axis by axis; x (N, C, *space) -> (N, C, *out).

    The result is laid out in memory as x is: a batch innermost stays innermost.
    """
    for axis, window in enumerate(sliding, start=2):
        # full_like keeps the order of the axes in memory
        out = np.full_like(x, empty, shape=(*x.shape[:axis], window.outputs, *x.shape[axis + 1 :]))
        for _, outputs, inputs in offsets(window):
            target = out[along(axis, outputs)]
            combine(target, x[along(axis, inputs)], out=target)
        x = out
    return x


def scatter(grad: np.ndarray, sliding: Windows) -> np.ndarray:
    """Add each output's number to all inputs of its window: the transpose of ``gather`` with ``np.add``."""
    for axis, window in reversed(tuple(enumerate(sliding, start=2))):
        spread = np.zeros_like(grad, shape=(*grad.shape[:axis], window.size, *grad.shape[axis + 1 :]))
        for _, outputs, inputs in offsets(window):
            spread[along(axis, inputs)] += grad[along(axis, outputs)]
        grad = spread
    return grad


def along(axis: int, part: slice) -> Slices:
    """Return the index that takes a part of one axis and all of the others."""
    return (*(slice(None),) * axis, part)


def shape(windows_of: Callable[..., Windows]) -> Callable[..., Shape]:
    """Return the shape rule of a pooling; ``found(x, **arguments)`` checks its arguments and gives the windows."""

    def rule(x: Shape, **arguments: Any) -> Shape:
        return output_shape(x, windows_of(x, **arguments))

    return rule


def axes(windows_of: Callable[..., Windows]) -> Callable[..., Axes]:
    """Return the axes rule of a pooling: every input that the window covers, each channel by itself."""

    def rule(x: Shape, **arguments: Any) -> Axes:
        sliding = windows_of(x, **arguments)
        return {"x": (*pointwise(x[:2]), *(windowed(axis, window) for axis, window in enumerate(sliding, start=2)))}

    return rule


def cost(windows_of: Callable[..., Windows], each: Callable[[int], tuple[int, int]]) -> Callable[..., Cost]:
    """Return the cost rule; ``each`` tells multiplications and additions of one output from its window's size."""

    def rule(x: Shape, *, itemsize: int = 4, **arguments: Any) -> Cost:
        sliding = windows_of(x, **arguments)
        output = output_shape(x, sliding)
        multiplications, additions = each(math.prod(window.kernel for window in sliding))
        n = count(output)
        return Cost(n * multiplications, n * additions, *traffic(output, x, itemsize=itemsize))

    return rule
