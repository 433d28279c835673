"""Resampling to another size: nearest neighbour, linear (bilinear, trilinear) and cubic (bicubic) interpolation.

All are linear and separable: one sparse matrix an axis (outputs × inputs) says all, and the backward, the field and
the terms are read from it. Coordinates as ``torch.nn.functional.interpolate`` has them.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from convscope.errors import ShapeError
from convscope.ops.arguments import AXES, check_gradient, each_axis, floats, spatial
from convscope.ops.primitive import Cost, Index, Primitive, Shape, Terms, count, covered, traffic

SHARPNESS = -0.75  # the free number of Keys' cubic, as PyTorch has it

Size = int | Sequence[int]
Scale = float | Sequence[float]
Step = tuple[float, float]  # one output further is step[0] / step[1] inputs further; kept apart, so that nothing rounds
Matrices = tuple[Any, ...]  # a sparse.csr_array (outputs, inputs) for each axis
Rules = tuple[Callable[..., Shape], Callable[..., Cost], Callable[..., dict[str, Index]], Callable[..., Terms]]


def resample_nearest(x: np.ndarray, size: Size | None = None, *, scale: Scale | None = None) -> np.ndarray:
    """Return x (N, C, *space) -> (N, C, *size), each output a copy of input ⌊i·n / size⌋ of an axis of n.

    ``scale`` instead of ``size`` gives ⌊n·scale⌋ outputs, a copy of input ⌊i / scale⌋.

    Raises:
        ShapeError: a wrong number of axes, both or neither of size and scale, no output left.

    >>> resample_nearest(np.array([[[1.0, 2, 3]]]), 6).tolist()
    [[[1.0, 1.0, 2.0, 2.0, 3.0, 3.0]]]
    """
    (x,) = floats("resample_nearest", x=x)
    return _apply(_nearest("resample_nearest", x.shape, size, scale=scale), x)


def resample_nearest_backward(
    grad: np.ndarray, x: np.ndarray, size: Size | None = None, *, scale: Scale | None = None
) -> np.ndarray:
    """Return the gradient with respect to x: the sum over an input's copies.

    >>> grad = np.array([[[1.0, 2, 3, 4, 5, 6]]])
    >>> resample_nearest_backward(grad, np.zeros((1, 1, 3)), 6).tolist()
    [[[3.0, 7.0, 11.0]]]
    """
    return _returned("resample_nearest_backward", _nearest, grad, x, size, scale=scale)


def resample_linear(
    x: np.ndarray, size: Size | None = None, *, scale: Scale | None = None, align_corners: bool = False
) -> np.ndarray:
    """Return x (N, C, *space) -> (N, C, *size), linear between the two nearest inputs along each axis.

    Inputs and outputs are cells side by side whose outer edges meet: output i lies at (i + ½)·n / size - ½, and what
    lies outside of the first and last input equals it. With ``align_corners`` the centres of the first and the last
    cell meet: output i lies at i·(n - 1) / (size - 1). ``scale`` instead of ``size`` gives ⌊n·scale⌋ outputs, 1 / scale
    apart.

    Raises:
        ShapeError: a wrong number of axes, both or neither of size and scale, no output left.

    >>> resample_linear(np.array([[[0.0, 4.0]]]), 4).tolist()
    [[[0.0, 1.0, 3.0, 4.0]]]
    >>> resample_linear(np.array([[[0.0, 4.0]]]), 5, align_corners=True).tolist()
    [[[0.0, 1.0, 2.0, 3.0, 4.0]]]
    """
    (x,) = floats("resample_linear", x=x)
    return _apply(_linear("resample_linear", x.shape, size, scale=scale, align_corners=align_corners), x)


def resample_linear_backward(
    grad: np.ndarray,
    x: np.ndarray,
    size: Size | None = None,
    *,
    scale: Scale | None = None,
    align_corners: bool = False,
) -> np.ndarray:
    """Return the gradient with respect to x: each output's, shared between its inputs by their weights.

    >>> resample_linear_backward(np.array([[[4.0, 4.0, 8.0, 8.0]]]), np.zeros((1, 1, 2)), 4).tolist()
    [[[9.0, 15.0]]]
    """
    return _returned("resample_linear_backward", _linear, grad, x, size, scale=scale, align_corners=align_corners)


def resample_cubic(
    x: np.ndarray, size: Size | None = None, *, scale: Scale | None = None, align_corners: bool = False
) -> np.ndarray:
    """Return x (N, C, *space) -> (N, C, *size), from the four nearest inputs along each axis (Keys 1981, a = -0.75).

    Places are those of ``resample_linear``; beyond the border the first and the last input are repeated. It may
    overshoot: outputs are not bounded by the inputs.

    Raises:
        ShapeError: a wrong number of axes, both or neither of size and scale, no output left.

    By hand, in the middle between two inputs the weights are (-3, 19, 19, -3) / 32: 19·4/32 - 3·4/32 = 2.

    >>> resample_cubic(np.array([[[0.0, 0.0, 4.0, 4.0]]]), 7, align_corners=True)[0, 0, 3]
    np.float64(2.0)
    """
    (x,) = floats("resample_cubic", x=x)
    return _apply(_cubic("resample_cubic", x.shape, size, scale=scale, align_corners=align_corners), x)


def resample_cubic_backward(
    grad: np.ndarray,
    x: np.ndarray,
    size: Size | None = None,
    *,
    scale: Scale | None = None,
    align_corners: bool = False,
) -> np.ndarray:
    """Return the gradient with respect to x: each output's, shared between its inputs by their weights.

    >>> grad = np.array([[[0.0, 0.0, 0.0, 32.0, 0.0, 0.0, 0.0]]])
    >>> resample_cubic_backward(grad, np.zeros((1, 1, 4)), 7, align_corners=True).tolist()
    [[[-3.0, 19.0, 19.0, -3.0]]]
    """
    return _returned("resample_cubic_backward", _cubic, grad, x, size, scale=scale, align_corners=align_corners)


def _returned(
    operation: str, rule: Callable[..., Matrices], grad: np.ndarray, x: np.ndarray, size: Size | None, **given: Any
) -> np.ndarray:
    """Return the gradient with respect to x: each output's, given back to the inputs that ``rule`` makes it of."""
    grad, x = floats(operation, grad=grad, x=x)
    matrices = rule(operation, x.shape, size, **given)
    check_gradient(operation, grad, _output(x.shape, matrices))
    return _apply(tuple(matrix.T.tocsr() for matrix in matrices), grad)


def _nearest(operation: str, x: Shape, size: Size | None = None, *, scale: Scale | None = None) -> Matrices:
    return tuple(_nearest_matrix(*axis) for axis in _axes(operation, x, size, scale))


def _linear(
    operation: str, x: Shape, size: Size | None = None, *, scale: Scale | None = None, align_corners: bool = False
) -> Matrices:
    return tuple(_linear_matrix(*axis, align_corners) for axis in _axes(operation, x, size, scale))


def _cubic(
    operation: str, x: Shape, size: Size | None = None, *, scale: Scale | None = None, align_corners: bool = False
) -> Matrices:
    return tuple(_cubic_matrix(*axis, align_corners) for axis in _axes(operation, x, size, scale))


def _axes(operation: str, x: Shape, size: Size | None, scale: Scale | None) -> list[tuple[int, int, Step]]:
    """Return inputs, outputs and step of each spatial axis."""
    space = spatial(operation, "x", x)
    rank = len(space)
    if 0 in space:
        raise ShapeError(f"{operation}: x must have inputs along every spatial axis, found {x}")
    if (size is None) == (scale is None):
        raise ShapeError(f"{operation}: give either size or scale, found size {size!r} and scale {scale!r}")
    if scale is None:
        assert size is not None
        return [(n, out, (n, out)) for n, out in zip(space, each_axis(operation, "size", size, rank), strict=True)]
    scales = tuple(scale) if isinstance(scale, Sequence) else (scale,) * rank
    if len(scales) != rank:
        raise ShapeError(f"{operation}: scale must be one number or {rank} of them ({AXES[rank]}), found {scale!r}")
    if not all(0 < factor < math.inf and math.floor(n * factor) for n, factor in zip(space, scales, strict=True)):
        raise ShapeError(
            f"{operation}: scale must leave at least one output along every axis, found {scale!r} for x {x}; "
            f"choose a larger scale"
        )
    return [(n, math.floor(n * factor), (1, factor)) for n, factor in zip(space, scales, strict=True)]


@functools.lru_cache
def _nearest_matrix(n: int, outputs: int, step: Step) -> sparse.csr_array:
    # PyTorch rounds step and product to float32: exact arithmetic would take a neighbour at sizes such as 2 -> 82.
    chosen = np.floor(np.arange(outputs, dtype=np.float32) * np.float32(step[0] / step[1])).astype(int)
    rows = np.arange(outputs)
    return sparse.csr_array((np.ones(outputs), (rows, np.minimum(chosen, n - 1))), shape=(outputs, n))


@functools.lru_cache
def _linear_matrix(n: int, outputs: int, step: Step, align_corners: bool) -> sparse.csr_array:
    rows = np.arange(outputs)
    # PyTorch copies an axis whose size stays, whatever the scale
    position = rows if n == outputs else np.clip(_positions(n, outputs, step, align_corners), 0, n - 1)
    below = np.floor(position).astype(int)
    above = below if n == outputs else np.minimum(below + 1, n - 1)
    weights = np.concatenate([1 - (position - below), position - below])
    return sparse.csr_array((weights, (np.tile(rows, 2), np.concatenate([below, above]))), shape=(outputs, n))


@functools.lru_cache
def _cubic_matrix(n: int, outputs: int, step: Step, align_corners: bool) -> sparse.csr_array:
    position = _positions(n, outputs, step, align_corners)
    nearest = np.floor(position).astype(int)[:, None] + np.arange(-1, 3)  # (outputs, 4)
    far = np.abs(position[:, None] - nearest)
    inside = ((SHARPNESS + 2) * far - (SHARPNESS + 3)) * far * far + 1
    outside = SHARPNESS * (((far - 5) * far + 8) * far - 4)
    weights = np.where(far <= 1, inside, outside)
    rows = np.repeat(np.arange(outputs), 4)
    made = sparse.csr_array((weights.ravel(), (rows, np.clip(nearest, 0, n - 1).ravel())), shape=(outputs, n))
    made.sum_duplicates()
    made.eliminate_zeros()
    return made


def _positions(n: int, outputs: int, step: Step, align_corners: bool) -> np.ndarray:
    """Return where the outputs lie among the inputs, 0 to n - 1 and half a step beyond."""
    rows = np.arange(outputs)
    if align_corners:
        return rows * (n - 1) / max(outputs - 1, 1)
    return (rows + 0.5) * step[0] / step[1] - 0.5


def _output(x: Shape, matrices: Matrices) -> Shape:
    return (*x[:2], *(matrix.shape[0] for matrix in matrices))


def _apply(matrices: Matrices, x: np.ndarray) -> np.ndarray:
    """Multiply each spatial axis by its matrix, one after the other; the layout in memory stays that of x."""
    for axis, matrix in enumerate(matrices, start=2):
        first = np.moveaxis(x, axis, 0)  # (inputs, N, C, ...)
        out = np.empty_like(x, shape=(*x.shape[:axis], matrix.shape[0], *x.shape[axis + 1 :]))
        product = matrix.astype(x.dtype) @ first.reshape(len(first), math.prod(first.shape[1:]))
        np.moveaxis(out, axis, 0)[...] = product.reshape(matrix.shape[0], *first.shape[1:])
        x = out
    return x


def _rules(name: str, weights: Callable[..., Matrices], taps: int) -> Rules:
    """Return shape, cost, field and terms; an output is a sum of ``taps`` products an axis, a copy where it is 1."""

    def shape(x: Shape, *size: Any, **arguments: Any) -> Shape:
        return _output(x, weights(name, x, *size, **arguments))

    def cost(x: Shape, *size: Any, itemsize: int = 4, **arguments: Any) -> Cost:
        output = shape(x, *size, **arguments)
        products = taps ** (len(x) - 2)
        multiplications = products if taps > 1 else 0
        each = count(output)
        return Cost(each * multiplications, each * (products - 1), *traffic(output, x, itemsize=itemsize))

    def rows(at: tuple[int, ...], x: Shape, **arguments: Any) -> tuple[Index, list[np.ndarray]]:
        """The inputs along each axis whose weight is not zero, and the weights."""
        chosen = [matrix[[o]].tocoo() for matrix, o in zip(weights(name, x, **arguments), at[2:], strict=True)]
        matters = [row.data != 0 for row in chosen]
        inputs = [row.col[keep].astype(int) for row, keep in zip(chosen, matters, strict=True)]
        return (np.array([at[0]]), np.array([at[1]]), *inputs), [
            row.data[keep] for row, keep in zip(chosen, matters, strict=True)
        ]

    def field(at: tuple[int, ...], x: Shape, **arguments: Any) -> dict[str, Index]:
        return {"x": rows(at, x, **arguments)[0]}

    def terms(at: tuple[int, ...], x: np.ndarray, **arguments: Any) -> Terms:
        inputs, factors = rows(at, x.shape, **arguments)
        index, operand = covered(x, inputs)
        factor = functools.reduce(np.multiply.outer, factors).ravel().astype(x.dtype)
        return Terms(float((operand * factor).sum()), "x", index, operand, factor)

    return shape, cost, field, terms


PRIMITIVES = (
    Primitive(
        "resample_cubic",
        ("x",),
        resample_cubic,
        resample_cubic_backward,
        *_rules("resample_cubic", _cubic, taps=4),
    ),
    Primitive(
        "resample_linear",
        ("x",),
        resample_linear,
        resample_linear_backward,
        *_rules("resample_linear", _linear, taps=2),
    ),
    Primitive(
        "resample_nearest",
        ("x",),
        resample_nearest,
        resample_nearest_backward,
        *_rules("resample_nearest", _nearest, taps=1),
    ),
)
