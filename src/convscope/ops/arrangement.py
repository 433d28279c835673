"""The same numbers, arranged anew: other axes, another order, a part of them, or repeated. Nothing is computed.

Arrays of any type pass: whole numbers are arranged as well, except where it is about a gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from convscope.errors import ShapeError
from convscope.ops import elementwise
from convscope.ops.arguments import check_gradient, floats
from convscope.ops.axes import Axes, mixed, repeated, same, shifted
from convscope.ops.combination import unbroadcast
from convscope.ops.primitive import Cost, Index, Primitive, Shape, Terms, count, covered, traffic


def reshape(x: ArrayLike, *, shape: Sequence[int]) -> np.ndarray:
    """Return the numbers of x in row-major order, as an array of ``shape``.

    Raises ``ShapeError`` where the two do not hold equally many numbers.

    >>> reshape(np.array([[1, 2, 3], [4, 5, 6]]), shape=(3, 2)).tolist()
    [[1, 2], [3, 4], [5, 6]]
    """
    x = np.asarray(x)
    return x.reshape(_reshaped(x.shape, shape=shape)).copy()


def reshape_backward(grad: ArrayLike, x: ArrayLike, *, shape: Sequence[int]) -> np.ndarray:
    """Return the gradient with respect to x: ``grad`` in the shape of x.

    >>> reshape_backward(np.array([5.0, 6.0]), np.zeros((2, 1)), shape=(2,)).tolist()
    [[5.0], [6.0]]
    """
    x, grad = np.asarray(x), np.asarray(grad)
    check_gradient("reshape_backward", grad, _reshaped(x.shape, shape=shape))
    return grad.reshape(x.shape)


def permute(x: ArrayLike, *, axes: Sequence[int]) -> np.ndarray:
    """Return x with its axes in another order: axis i of the result is axis ``axes[i]`` of x.

    Raises ``ShapeError`` where ``axes`` does not name each axis of x once.

    >>> permute(np.array([[1, 2, 3], [4, 5, 6]]), axes=(1, 0)).tolist()
    [[1, 4], [2, 5], [3, 6]]
    """
    x = np.asarray(x)
    _permuted(x.shape, axes=axes)
    return x.transpose(axes).copy()


def permute_backward(grad: ArrayLike, x: ArrayLike, *, axes: Sequence[int]) -> np.ndarray:
    """Return the gradient with respect to x: ``grad`` with its axes where they were.

    >>> permute_backward(np.array([[5.0, 6.0]]), np.zeros((2, 1)), axes=(1, 0)).tolist()
    [[5.0], [6.0]]
    """
    x, grad = np.asarray(x), np.asarray(grad)
    check_gradient("permute_backward", grad, _permuted(x.shape, axes=axes))
    return grad.transpose(np.argsort(axes))


def strided_slice(x: ArrayLike, *, start: Sequence[int], size: Sequence[int], step: Sequence[int]) -> np.ndarray:
    """Return ``size`` numbers along each axis of x: from position ``start`` on, ``step`` apart; -1 runs backwards.

    Raises ``ShapeError`` where a position lies outside of x.

    >>> strided_slice(np.array([[1, 2, 3, 4, 5]]), start=(0, 4), size=(1, 3), step=(1, -2)).tolist()
    [[5, 3, 1]]
    """
    x = np.asarray(x)
    _sliced(x.shape, start=start, size=size, step=step)
    return x[_slices(start, size, step)].copy()


def strided_slice_backward(
    grad: ArrayLike, x: ArrayLike, *, start: Sequence[int], size: Sequence[int], step: Sequence[int]
) -> np.ndarray:
    """Return the gradient with respect to x: ``grad`` where a number was taken, else 0.

    >>> strided_slice_backward(np.array([5.0, 6.0]), np.zeros(4), start=(3,), size=(2,), step=(-2,)).tolist()
    [0.0, 6.0, 0.0, 5.0]
    """
    x, grad = np.asarray(x), np.asarray(grad)
    check_gradient("strided_slice_backward", grad, _sliced(x.shape, start=start, size=size, step=step))
    total = np.zeros(x.shape, grad.dtype)
    total[_slices(start, size, step)] = grad
    return total


def expand(x: ArrayLike, *, shape: Sequence[int]) -> np.ndarray:
    """Return x repeated to ``shape``: along axes of size 1, and along new axes in front (NumPy's broadcasting).

    Raises ``ShapeError`` where another axis would have to change.

    >>> expand(np.array([[1], [2]]), shape=(2, 3)).tolist()
    [[1, 1, 1], [2, 2, 2]]
    """
    x = np.asarray(x)
    return np.broadcast_to(x, _expanded(x.shape, shape=shape)).copy()


def expand_backward(grad: ArrayLike, x: ArrayLike, *, shape: Sequence[int]) -> np.ndarray:
    """Return the gradient with respect to x: the sum over all copies.

    >>> expand_backward(np.array([[1.0, 2.0, 4.0]]), np.zeros((1, 1)), shape=(1, 3)).tolist()
    [[7.0]]
    """
    x, grad = np.asarray(x), np.asarray(grad)
    check_gradient("expand_backward", grad, _expanded(x.shape, shape=shape))
    return unbroadcast(grad, x.shape)


def detach(x: ArrayLike) -> np.ndarray:
    """Return a copy of x that counts as a constant: no gradient passes.

    >>> detach(np.array([1.0, 2.0])).tolist()
    [1.0, 2.0]
    """
    (x,) = floats("detach", x=x)
    return x.copy()


def detach_backward(grad: ArrayLike, x: ArrayLike) -> tuple[()]:
    """Return no gradient.

    >>> detach_backward(np.array([5.0]), np.array([1.0]))
    ()
    """
    grad, x = floats("detach_backward", grad=grad, x=x)
    check_gradient("detach_backward", grad, x.shape)
    return ()


def _slices(start: Sequence[int], size: Sequence[int], step: Sequence[int]) -> tuple[slice, ...]:
    ends = (first + n * by for first, n, by in zip(start, size, step, strict=True))
    return tuple(
        slice(first, None if end < 0 else end, by) if n else slice(0, 0)
        for first, n, end, by in zip(start, size, ends, step, strict=True)
    )


def _reshaped(x: Shape, *, shape: Sequence[int]) -> Shape:
    output = tuple(shape)
    if min(output, default=1) < 0 or count(output) != count(x):
        raise ShapeError(f"reshape: x {x} holds {count(x)} numbers, which do not fill {output}")
    return output


def _permuted(x: Shape, *, axes: Sequence[int]) -> Shape:
    if sorted(axes) != list(range(len(x))):
        raise ShapeError(f"permute: axes must name each of the {len(x)} axes of x {x} once, found {tuple(axes)}")
    return tuple(x[axis] for axis in axes)


def _sliced(x: Shape, *, start: Sequence[int], size: Sequence[int], step: Sequence[int]) -> Shape:
    if not len(start) == len(size) == len(step) == len(x):
        raise ShapeError(f"strided_slice: start, size and step must be one number for each axis of x {x}")
    for axis, (n, first, number, by) in enumerate(zip(x, start, size, step, strict=True)):
        last = first + (number - 1) * by
        if number < 0 or not by or (number and not (0 <= first < n and 0 <= last < n)):
            raise ShapeError(
                f"strided_slice: {number} positions from {first} in steps of {by} do not lie in axis {axis} of x {x}"
            )
    return tuple(size)


def _expanded(x: Shape, *, shape: Sequence[int]) -> Shape:
    output = tuple(shape)
    kept = zip(x[::-1], output[::-1], strict=False)
    if len(x) > len(output) or not all(n in (1, m) for n, m in kept):
        raise ShapeError(
            f"expand: x {x} cannot be repeated to {output}: only axes of size 1 are, and new ones in front"
        )
    return output


def _permuted_axes(x: Shape, *, axes: Sequence[int]) -> Axes:
    return {"x": tuple(same(int(axis), n) for axis, n in zip(np.argsort(axes), x, strict=True))}


def _sliced_axes(x: Shape, *, start: Sequence[int], size: Sequence[int], step: Sequence[int]) -> Axes:
    stretches = enumerate(zip(x, start, size, step, strict=True))
    return {
        "x": tuple(
            same(axis, n) if (number, first, by) == (n, 0, 1) else shifted(axis, number, n, first, by)
            for axis, (n, first, number, by) in stretches
        )
    }


def _expanded_axes(x: Shape, *, shape: Sequence[int]) -> Axes:
    return {"x": repeated(x, tuple(shape))}


def _reshaped_field(at: tuple[int, ...], x: Shape, *, shape: Sequence[int]) -> dict[str, Index]:
    """Return the number that is as far from the first one as output ``at`` is."""
    flat = np.ravel_multi_index(at, tuple(shape)) if at else 0
    return {"x": tuple(np.array([i]) for i in np.unravel_index(flat, x))}


def _primitive(
    name: str,
    forward: Callable[..., np.ndarray],
    backward: Callable[..., Any],
    shape: Callable[..., Shape],
    axes: Callable[..., Axes],
    **further: Any,
) -> Primitive:
    """Put an arrangement together: each output is a copy of one number of x."""

    def cost(x: Shape, *, itemsize: int = 4, **arguments: Any) -> Cost:
        return Cost(0, 0, *traffic(shape(x, **arguments), x, itemsize=itemsize))

    def terms(at: tuple[int, ...], x: np.ndarray, **arguments: Any) -> Terms:
        index, operand = covered(x, primitive.field(at, x.shape, **arguments)["x"])
        return Terms(float(operand[0]), "x", index, operand, np.ones_like(operand))

    primitive = Primitive(name, ("x",), forward, backward, shape, cost, axes, terms, **further)
    return primitive


PRIMITIVES = (
    _primitive("reshape", reshape, reshape_backward, _reshaped, mixed, field=_reshaped_field),
    _primitive("permute", permute, permute_backward, _permuted, _permuted_axes),
    _primitive("strided_slice", strided_slice, strided_slice_backward, _sliced, _sliced_axes),
    _primitive("expand", expand, expand_backward, _expanded, _expanded_axes),
    _primitive("detach", detach, detach_backward, elementwise.shape, elementwise.axes, differentiable=()),
)
