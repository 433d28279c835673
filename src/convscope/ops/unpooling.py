"""Max unpooling: each number back to where max pooling found it, zeros elsewhere (Zeiler and Fergus 2014)."""

from __future__ import annotations

import numpy as np

from convscope.errors import ShapeError
from convscope.ops.arguments import Whole, check_gradient, each_axis, floats, spatial
from convscope.ops.axes import Axes, whole_along
from convscope.ops.primitive import Cost, Primitive, Shape, Terms, traffic


def max_unpool(x: np.ndarray, indices: np.ndarray, space: Whole) -> np.ndarray:
    """Return zeros (N, C, *space) with each number of x (N, C, *space') at its place.

    ``indices``, shaped as x, are flat positions within ``space``, as ``max_pool(..., return_indices=True)`` gives
    them. Where two numbers go to one place, the last stays.

    Raises:
        ShapeError: indices not shaped as x, not whole numbers, or outside of ``space``.

    >>> max_unpool(np.array([[[5.0, 9.0]]]), np.array([[[1, 2]]]), 4).tolist()
    [[[0.0, 5.0, 9.0, 0.0]]]
    """
    (x,) = floats("max_unpool", x=x)
    out = np.zeros_like(x, shape=_shape(x.shape, np.shape(indices), space=space))
    out[places("max_unpool", indices, out.shape)] = x
    return out


def max_unpool_backward(grad: np.ndarray, x: np.ndarray, indices: np.ndarray, space: Whole) -> np.ndarray:
    """Return the gradient with respect to x: ``grad`` at the place that each number went to.

    >>> grad = np.array([[[1.0, 2.0, 3.0, 4.0]]])
    >>> max_unpool_backward(grad, np.array([[[5.0, 9.0]]]), np.array([[[1, 2]]]), 4).tolist()
    [[[2.0, 3.0]]]
    """
    grad, x = floats("max_unpool_backward", grad=grad, x=x)
    check_gradient("max_unpool_backward", grad, _shape(x.shape, np.shape(indices), space=space))
    return grad[places("max_unpool_backward", indices, grad.shape)]


def places(operation: str, indices: np.ndarray, shape: Shape) -> tuple[np.ndarray, ...]:
    """Return flat positions (N, C, ...) within the spatial axes of ``shape`` (N, C, *space) as an index into it.

    >>> [axis.tolist() for axis in places("max_unpool", [[[3]]], (1, 1, 2, 2))][2:]
    [[[[1]]], [[[1]]]]
    """
    indices = np.asarray(indices)
    if indices.dtype.kind not in "iu":
        raise ShapeError(
            f"{operation}: indices must be whole numbers, as max_pool(..., return_indices=True) gives them, "
            f"found {indices.dtype}"
        )
    size = int(np.prod(shape[2:]))
    if indices.size and not 0 <= indices.min() <= indices.max() < size:
        raise ShapeError(
            f"{operation}: indices must be 0 to {size - 1}, the flat positions within space {shape[2:]}, found "
            f"{indices.min()} to {indices.max()}; give the space that was pooled"
        )
    images, channels = np.ogrid[: shape[0], : shape[1]]
    whole = (..., *(None,) * (indices.ndim - 2))
    return images[whole], channels[whole], *np.unravel_index(indices, shape[2:])


def _shape(x: Shape, indices: Shape, *, space: Whole) -> Shape:
    rank = len(spatial("max_unpool", "x", x))
    if indices != x:
        raise ShapeError(f"max_unpool: indices must be shaped as x, {x}; found {indices}")
    return (*x[:2], *each_axis("max_unpool", "space", space, rank))


def _cost(x: Shape, indices: Shape, *, space: Whole, itemsize: int = 4) -> Cost:
    output = _shape(x, indices, space=space)
    return Cost(0, 0, *traffic(output, x, indices, itemsize=itemsize))


def _axes(x: Shape, indices: Shape, *, space: Whole) -> Axes:
    """Any number of the same image and channel: the indices decide, and a shape does not tell them."""
    channel = whole_along(x, range(2, len(x)))
    return {"x": channel, "indices": channel}


def _terms(at: tuple[int, ...], x: np.ndarray, indices: np.ndarray, *, space: Whole) -> Terms:
    flat = np.ravel_multi_index(at[2:], _shape(x.shape, indices.shape, space=space)[2:])
    sources = np.argwhere(indices[at[:2]] == flat)[-1:]  # (1 or 0, spatial axes)
    index = np.insert(sources, (0, 0), at[:2], axis=1)
    operand = x[tuple(index.T)]
    return Terms(float(operand.sum()), "x", index, operand, np.ones(len(operand), x.dtype))


PRIMITIVES = (Primitive("max_unpool", ("x", "indices"), max_unpool, max_unpool_backward, _shape, _cost, _axes, _terms),)
