"""Padding: what stands beyond the border.

``abcd`` with a padding of 2: zeros ``00abcd00``, reflect ``cbabcdcb``, replicate ``aaabcddd``, circular ``cdabcdab``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from convscope.errors import ShapeError
from convscope.ops.arguments import Padding, Pairs, check_gradient, choice, floats, paddings, spatial
from convscope.ops.axes import Axes, Link, pointwise, positions, shifted
from convscope.ops.primitive import Cost, Primitive, Shape, Terms, traffic

MODES = ("zeros", "reflect", "replicate", "circular")


def pad(x: np.ndarray, padding: Padding, *, mode: str = "zeros") -> np.ndarray:
    """Return x (N, C, *space) with ``padding`` more positions on each side: (N, C, *space').

    Args:
        x: (N, C, *space).
        padding: a number, one per axis, or (before, after) for each axis.
        mode: "zeros", "reflect" (without the border itself), "replicate" or "circular".

    Raises:
        ShapeError: reflect needs less padding than the axis is long, circular no more than that.

    >>> pad(np.array([[[1.0, 2.0, 3.0]]]), 2, mode="reflect").tolist()
    [[[3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0]]]
    """
    (x,) = floats("pad", x=x)
    y = padded(x, _strict("pad", x.shape, padding, mode), mode)
    return x.copy() if y is x else y


def pad_backward(grad: np.ndarray, x: np.ndarray, padding: Padding, *, mode: str = "zeros") -> np.ndarray:
    """Return the gradient (N, C, *space) of x: each input collects from all its copies.

    >>> pad_backward(np.ones((1, 1, 5)), np.ones((1, 1, 3)), 1, mode="replicate").tolist()
    [[[2.0, 1.0, 2.0]]]
    """
    grad, x = floats("pad_backward", grad=grad, x=x)
    pairs = _strict("pad_backward", x.shape, padding, mode)
    check_gradient("pad_backward", grad, _sizes(x.shape, pairs))
    total = padded_backward(grad, pairs, mode)
    return grad.copy() if total is grad else total


def padded(x: np.ndarray, pairs: Pairs, mode: str) -> np.ndarray:
    """Return ``pad`` of checked arguments in the memory order of x; x itself where nothing is to be padded."""
    if not any(map(any, pairs)):
        return x
    order = np.argsort([-stride for stride in x.strides], kind="stable")
    y = np.zeros(np.array(_sizes(x.shape, pairs))[order], x.dtype).transpose(np.argsort(order))
    y[_inside(x.shape[2:], pairs)] = x
    for axis, n, (before, after) in zip(range(2, x.ndim), x.shape[2:], pairs, strict=True):
        lines = np.moveaxis(y, axis, 0)
        for position, source in _borders(n, before, after, mode):
            lines[position] = lines[before + source]
    return y


def padded_backward(grad: np.ndarray, pairs: Pairs, mode: str) -> np.ndarray:
    """Return the gradient of ``padded``, the last axis first."""
    if not any(map(any, pairs)):
        return grad
    space = [n - before - after for n, (before, after) in zip(grad.shape[2:], pairs, strict=True)]
    total = grad.copy(order="K")
    for axis, n, (before, after) in reversed(list(zip(range(2, grad.ndim), space, pairs, strict=True))):
        lines = np.moveaxis(total, axis, 0)
        for position, source in _borders(n, before, after, mode):
            lines[before + source] += lines[position]
    return total[_inside(space, pairs)]


def origin(position: int, size: int, mode: str) -> int | None:
    """Return the input that stands at a position along an axis, or None for a zero; positions 0..size-1 are the inputs.

    >>> [origin(-1, 4, mode) for mode in MODES]
    [None, 1, 0, 3]
    """
    if 0 <= position < size:
        return position
    if mode == "zeros":
        return None
    if mode == "reflect":
        return -position if position < 0 else 2 * (size - 1) - position
    return min(max(position, 0), size - 1) if mode == "replicate" else position % size


def check_mode(operation: str, space: Sequence[int], pairs: Pairs, mode: str, name: str = "mode") -> None:
    """Raise where the mode is unknown, or reaches further than the axis goes."""
    choice(operation, name, mode, MODES)
    for n, pair in zip(space, pairs, strict=True):
        reach = {"zeros": max(pair), "replicate": max(pair) if n else 0, "reflect": max(n - 1, 0), "circular": n}[mode]
        if max(pair) > reach:
            raise ShapeError(
                f"{operation}: {mode} padding may be at most {reach} along an axis of {n}, found {pair}; pad less, or "
                "with zeros"
            )


def _borders(size: int, before: int, after: int, mode: str) -> list[tuple[int, int]]:
    """Return (position in the padded axis, input) for each position of the border that is no zero."""
    positions = [*range(-before, 0), *range(size, size + after)]
    sources = [(p + before, origin(p, size, mode)) for p in positions]
    return [(position, source) for position, source in sources if source is not None]


def _inside(space: Sequence[int], pairs: Pairs) -> tuple[Any, ...]:
    return (..., *(slice(before, before + n) for n, (before, _) in zip(space, pairs, strict=True)))


def _strict(operation: str, x: Shape, padding: Padding, mode: str) -> Pairs:
    space = spatial(operation, "x", x)
    if isinstance(padding, str):
        raise ShapeError(f"{operation}: padding must be numbers, found {padding!r}: without a kernel it has no meaning")
    ones = (1,) * len(space)
    pairs = paddings(operation, padding, space, ones, ones, ones)
    check_mode(operation, space, pairs, mode)
    return pairs


def _shape(x: Shape, *, padding: Padding, mode: str = "zeros") -> Shape:
    return _sizes(x, _strict("pad", x, padding, mode))


def _sizes(x: Shape, pairs: Pairs) -> Shape:
    return (*x[:2], *(n + before + after for n, (before, after) in zip(x[2:], pairs, strict=True)))


def _cost(x: Shape, *, itemsize: int = 4, **arguments: Any) -> Cost:
    return Cost(0, 0, *traffic(_shape(x, **arguments), x, itemsize=itemsize))


def _axes(x: Shape, *, padding: Padding, mode: str = "zeros") -> Axes:
    """What is there, and what the border copies."""
    pairs = _strict("pad", x, padding, mode)
    sizes = _sizes(x, pairs)
    space = (_padded_axis(axis, x[axis], sizes[axis], before, mode) for axis, (before, _) in enumerate(pairs, start=2))
    return {"x": (*pointwise(x[:2]), *space)}


def _padded_axis(axis: int, size: int, outputs: int, before: int, mode: str) -> Link:
    if mode == "zeros":
        return shifted(axis, outputs, size, -before)
    sources = [origin(o - before, size, mode) for o in range(outputs)]
    return Link(axis, size, np.array(sources, int).reshape(-1, 1), (np.array([-before]),))


def _terms(at: tuple[int, ...], x: np.ndarray, **arguments: Any) -> Terms:
    index = np.stack([axis.ravel() for axis in np.meshgrid(*positions(_axes(x.shape, **arguments), at)["x"])], axis=1)
    operand = x[tuple(index.T)]
    return Terms(float(operand.sum()), "x", index, operand, np.ones_like(operand))


PRIMITIVES = (Primitive("pad", ("x",), pad, pad_backward, _shape, _cost, _axes, _terms),)
