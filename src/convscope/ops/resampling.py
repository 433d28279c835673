"""Resampling to another size: nearest neighbour, linear (bilinear, trilinear) and cubic (bicubic) interpolation.

All are linear and separable: one sparse matrix an axis (outputs × inputs) says all, and the backward, the axes and
the terms are read from it. Coordinates as ``torch.nn.functional.interpolate`` has them.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from convscope.errors import ShapeError
from convscope.ops import interpolation
from convscope.ops.arguments import AXES, check_gradient, each_axis, floats, spatial
from convscope.ops.axes import Axes, listed, pointwise
from convscope.ops.interpolation import Step
from convscope.ops.primitive import Cost, Primitive, Shape, Terms, count, covered, point, traffic

Size = int | Sequence[int]
Scale = float | Sequence[float]
Matrices = tuple[Any, ...]  # a sparse.csr_array (outputs, inputs) for each axis
Rules = tuple[Callable[..., Shape], Callable[..., Cost], Callable[..., Axes], Callable[..., Terms]]


def resample_nearest(
    x: np.ndarray, size: Size | None = None, *, scale: Scale | None = None, exact: bool = False
) -> np.ndarray:
    """Return x (N, C, *space) -> (N, C, *size), each output a copy of input ⌊i·n / size⌋ of an axis of n.

    ``scale`` instead of ``size`` gives ⌊n·scale⌋ outputs, a copy of input ⌊i / scale⌋. With ``exact`` it is the input
    that lies under the middle of the output: i + ½ in place of i, PyTorch's "nearest-exact".

    Raises:
        ShapeError: a wrong number of axes, both or neither of size and scale, no output left.

    >>> resample_nearest(np.array([[[1.0, 2, 3]]]), 6).tolist()
    [[[1.0, 1.0, 2.0, 2.0, 3.0, 3.0]]]
    """
    (x,) = floats("resample_nearest", x=x)
    return _apply(_nearest("resample_nearest", x.shape, size, scale=scale, exact=exact), x)


def resample_nearest_backward(
    grad: np.ndarray, x: np.ndarray, size: Size | None = None, *, scale: Scale | None = None, exact: bool = False
) -> np.ndarray:
    """Return the gradient with respect to x: the sum over an input's copies.

    >>> grad = np.array([[[1.0, 2, 3, 4, 5, 6]]])
    >>> resample_nearest_backward(grad, np.zeros((1, 1, 3)), 6).tolist()
    [[[3.0, 7.0, 11.0]]]
    """
    return _returned("resample_nearest_backward", _nearest, grad, x, size, scale=scale, exact=exact)


def resample_linear(
    x: np.ndarray,
    size: Size | None = None,
    *,
    scale: Scale | None = None,
    align_corners: bool = False,
    antialias: bool = False,
) -> np.ndarray:
    """Return x (N, C, *space) -> (N, C, *size), linear between the two nearest inputs along each axis.

    Inputs and outputs are cells side by side whose outer edges meet: output i lies at (i + ½)·n / size - ½, and what
    lies outside of the first and last input equals it. With ``align_corners`` the centres of the first and the last
    cell meet: output i lies at i·(n - 1) / (size - 1). ``scale`` instead of ``size`` gives ⌊n·scale⌋ outputs, 1 / scale
    apart. With ``antialias`` fewer outputs than inputs are weighted means of all inputs between their neighbours.

    Raises:
        ShapeError: a wrong number of axes, both or neither of size and scale, no output left.

    >>> resample_linear(np.array([[[0.0, 4.0]]]), 4).tolist()
    [[[0.0, 1.0, 3.0, 4.0]]]
    >>> resample_linear(np.array([[[0.0, 4.0]]]), 5, align_corners=True).tolist()
    [[[0.0, 1.0, 2.0, 3.0, 4.0]]]
    """
    (x,) = floats("resample_linear", x=x)
    how: dict[str, Any] = {"scale": scale, "align_corners": align_corners, "antialias": antialias}
    return _apply(_linear("resample_linear", x.shape, size, **how), x)


def resample_linear_backward(
    grad: np.ndarray,
    x: np.ndarray,
    size: Size | None = None,
    *,
    scale: Scale | None = None,
    align_corners: bool = False,
    antialias: bool = False,
) -> np.ndarray:
    """Return the gradient with respect to x: each output's, shared between its inputs by their weights.

    >>> resample_linear_backward(np.array([[[4.0, 4.0, 8.0, 8.0]]]), np.zeros((1, 1, 2)), 4).tolist()
    [[[9.0, 15.0]]]
    """
    how: dict[str, Any] = {"scale": scale, "align_corners": align_corners, "antialias": antialias}
    return _returned("resample_linear_backward", _linear, grad, x, size, **how)


def resample_cubic(
    x: np.ndarray,
    size: Size | None = None,
    *,
    scale: Scale | None = None,
    align_corners: bool = False,
    antialias: bool = False,
) -> np.ndarray:
    """Return x (N, C, *space) -> (N, C, *size), from the four nearest inputs along each axis (Keys 1981, a = -0.75).

    Places are those of ``resample_linear``; beyond the border the first and the last input are repeated. It may
    overshoot: outputs are not bounded by the inputs. With ``antialias`` the cubic (a = -0.5) is stretched over all
    inputs between fewer outputs, and cut off at the border.

    Raises:
        ShapeError: a wrong number of axes, both or neither of size and scale, no output left.

    By hand, in the middle between two inputs the weights are (-3, 19, 19, -3) / 32: 19·4/32 - 3·4/32 = 2.

    >>> resample_cubic(np.array([[[0.0, 0.0, 4.0, 4.0]]]), 7, align_corners=True)[0, 0, 3]
    np.float64(2.0)
    """
    (x,) = floats("resample_cubic", x=x)
    how: dict[str, Any] = {"scale": scale, "align_corners": align_corners, "antialias": antialias}
    return _apply(_cubic("resample_cubic", x.shape, size, **how), x)


def resample_cubic_backward(
    grad: np.ndarray,
    x: np.ndarray,
    size: Size | None = None,
    *,
    scale: Scale | None = None,
    align_corners: bool = False,
    antialias: bool = False,
) -> np.ndarray:
    """Return the gradient with respect to x: each output's, shared between its inputs by their weights.

    >>> grad = np.array([[[0.0, 0.0, 0.0, 32.0, 0.0, 0.0, 0.0]]])
    >>> resample_cubic_backward(grad, np.zeros((1, 1, 4)), 7, align_corners=True).tolist()
    [[[-3.0, 19.0, 19.0, -3.0]]]
    """
    how: dict[str, Any] = {"scale": scale, "align_corners": align_corners, "antialias": antialias}
    return _returned("resample_cubic_backward", _cubic, grad, x, size, **how)


def _returned(
    operation: str, rule: Callable[..., Matrices], grad: np.ndarray, x: np.ndarray, size: Size | None, **how: Any
) -> np.ndarray:
    """Return the gradient with respect to x: each output's, given back to the inputs that ``rule`` makes it of."""
    grad, x = floats(operation, grad=grad, x=x)
    matrices = rule(operation, x.shape, size, **how)
    check_gradient(operation, grad, _output(x.shape, matrices))
    return _apply(tuple(matrix.T.tocsr() for matrix in matrices), grad)


def _nearest(
    operation: str, x: Shape, size: Size | None = None, *, scale: Scale | None = None, exact: bool = False
) -> Matrices:
    return tuple(interpolation.nearest(*axis, exact) for axis in _axes(operation, x, size, scale))


def _linear(operation: str, x: Shape, size: Size | None = None, *, scale: Scale | None = None, **how: bool) -> Matrices:
    return tuple(interpolation.linear(*axis, **how) for axis in _axes(operation, x, size, scale))


def _cubic(operation: str, x: Shape, size: Size | None = None, *, scale: Scale | None = None, **how: bool) -> Matrices:
    return tuple(interpolation.cubic(*axis, **how) for axis in _axes(operation, x, size, scale))


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


def _row(matrix: Any, output: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the inputs of an output along an axis whose weight is not zero, and the weights."""
    part = slice(*matrix.indptr[output : output + 2])
    inputs, factors = matrix.indices[part], matrix.data[part]
    return inputs[factors != 0].astype(int), factors[factors != 0]


def _steps(
    space: Shape, outputs: Shape, *, scale: Scale | None = None, align_corners: bool = False, **_: Any
) -> Iterator[Fraction]:
    """Yield for each axis by how many inputs each output lies further on."""
    for axis, (size, number) in enumerate(zip(space, outputs, strict=True)):
        if align_corners:
            yield Fraction(max(size - 1, 1), max(number - 1, 1))
        elif scale is None or size == number:
            yield Fraction(size, number)
        else:
            factor: float = scale[axis] if isinstance(scale, Sequence) else scale
            yield 1 / Fraction(factor).limit_denominator(100)


def _rules(name: str, weights: Callable[..., Matrices], taps: int) -> Rules:
    """Return shape, cost, axes and terms; an output is a sum of ``taps`` products an axis, a copy where it is 1."""

    def shape(x: Shape, *size: Any, **arguments: Any) -> Shape:
        return _output(x, weights(name, x, *size, **arguments))

    def cost(x: Shape, *size: Any, itemsize: int = 4, **arguments: Any) -> Cost:
        matrices = weights(name, x, *size, **arguments)
        output = _output(x, matrices)
        products = count(output) * taps ** (len(x) - 2)
        if arguments.get("antialias"):  # as many as there are weights
            products = count(x[:2]) * math.prod(matrix.nnz for matrix in matrices)
        multiplications = products if taps > 1 else 0
        return Cost(multiplications, products - count(output), *traffic(output, x, itemsize=itemsize))

    def axes(x: Shape, *size: Any, **arguments: Any) -> Axes:
        matrices = weights(name, x, *size, **arguments)
        steps = _steps(x[2:], _output(x, matrices)[2:], **arguments)
        rows = (
            [inputs for inputs, _ in map(functools.partial(_row, matrix), range(matrix.shape[0]))]
            for matrix in matrices
        )
        space = (
            listed(axis, x[axis], feeding, step)
            for axis, (feeding, step) in enumerate(zip(rows, steps, strict=True), start=2)
        )
        return {"x": (*pointwise(x[:2]), *space)}

    def terms(at: tuple[int, ...], x: np.ndarray, **arguments: Any) -> Terms:
        chosen = (_row(matrix, o) for matrix, o in zip(weights(name, x.shape, **arguments), at[2:], strict=True))
        inputs, factors = zip(*chosen, strict=True)
        index, operand = covered(x, (*point(at[:2]), *inputs))
        factor = functools.reduce(np.multiply.outer, factors).ravel().astype(x.dtype)
        return Terms(float((operand * factor).sum()), "x", index, operand, factor)

    return shape, cost, axes, terms


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
