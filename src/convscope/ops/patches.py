"""im2col and col2im: every window of an image as a column, and columns added back into an image.

A convolution is then one matrix product, kernel (O, C·K) @ columns (C·K, L).
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from convscope.errors import ShapeError
from convscope.ops.arguments import Padding, Whole, check_gradient, each_axis, floats, spatial
from convscope.ops.axes import mixed
from convscope.ops.correlation.rules import Setting, around, setting
from convscope.ops.padding import padded_backward
from convscope.ops.polyphase import Patches, Windows
from convscope.ops.primitive import Cost, Index, Primitive, Shape, Terms, count, traffic


def im2col(
    x: np.ndarray,
    size: Whole,
    *,
    stride: Whole = 1,
    padding: Padding = 0,
    dilation: Whole = 1,
    padding_mode: str = "zeros",
) -> np.ndarray:
    """Return the columns (N, C · K, L) of x (N, C, *space): the K = prod(size) numbers of each of L windows.

    Rows run over channels, then over the kernel's axes; columns over the output's axes. Arguments as in ``correlate``.

    Raises:
        ShapeError: as ``correlate`` does.

    >>> im2col(np.array([[[1.0, 2.0, 4.0, 8.0]]]), 2).tolist()
    [[[1.0, 2.0, 4.0], [2.0, 4.0, 8.0]]]
    """
    (x,) = floats("im2col", x=x)
    checked = _strict(
        "im2col", x.shape, size, stride=stride, padding=padding, dilation=dilation, padding_mode=padding_mode
    )
    columns = np.empty(_columns_shape(checked, x.shape), x.dtype)
    source, windows = around(x, checked)
    if x.size:
        _patches(checked, windows, columns).gather(source[..., None], (0,) * x.ndim)
    return columns


def im2col_backward(
    grad: np.ndarray,
    x: np.ndarray,
    size: Whole,
    *,
    stride: Whole = 1,
    padding: Padding = 0,
    dilation: Whole = 1,
    padding_mode: str = "zeros",
) -> np.ndarray:
    """Return the gradient (N, C, *space) of x from grad (N, C · K, L): col2im of it.

    >>> im2col_backward(np.ones((1, 2, 3)), np.ones((1, 1, 4)), 2).tolist()
    [[[1.0, 2.0, 2.0, 1.0]]]
    """
    grad, x = floats("im2col_backward", grad=grad, x=x)
    arguments = {"stride": stride, "padding": padding, "dilation": dilation, "padding_mode": padding_mode}
    checked = _strict("im2col_backward", x.shape, size, **arguments)
    check_gradient("im2col_backward", grad, _columns_shape(checked, x.shape))
    return _added(checked, grad, x.shape)


def col2im(
    columns: np.ndarray,
    space: Whole,
    size: Whole,
    *,
    stride: Whole = 1,
    padding: Padding = 0,
    dilation: Whole = 1,
) -> np.ndarray:
    """Return the image (N, C, *space) to which each column (N, C · K, L) has been added at its window's place.

    Not the inverse of ``im2col`` but its adjoint: a number that lies in three windows comes back three times.

    Raises:
        ShapeError: columns that are not those of such an image; else as ``correlate`` does.

    >>> col2im(np.array([[[1.0, 2.0, 4.0], [2.0, 4.0, 8.0]]]), (4,), 2).tolist()
    [[[1.0, 4.0, 8.0, 8.0]]]
    """
    (columns,) = floats("col2im", columns=columns)
    checked, shape = _image("col2im", columns.shape, space, size, stride=stride, padding=padding, dilation=dilation)
    return _added(checked, columns, shape)


def col2im_backward(
    grad: np.ndarray,
    columns: np.ndarray,
    space: Whole,
    size: Whole,
    *,
    stride: Whole = 1,
    padding: Padding = 0,
    dilation: Whole = 1,
) -> np.ndarray:
    """Return the gradient (N, C · K, L) of the columns from grad (N, C, *space): im2col of it.

    >>> col2im_backward(np.array([[[1.0, 2.0, 4.0]]]), np.ones((1, 2, 2)), (3,), 2).tolist()
    [[[1.0, 2.0], [2.0, 4.0]]]
    """
    operation = "col2im_backward"
    grad, columns = floats(operation, grad=grad, columns=columns)
    arguments: dict[str, Any] = {"stride": stride, "padding": padding, "dilation": dilation}
    check_gradient(operation, grad, _image(operation, columns.shape, space, size, **arguments)[1])
    return im2col(grad, size, **arguments)


def _patches(checked: Setting, windows: Windows, columns: np.ndarray) -> Patches:
    """Return the patches of columns (N, C · K, L), taken apart into (C, *k, N, *outputs, 1)."""
    kernel = tuple(window.kernel for window in windows)
    parts = columns.reshape(len(columns), columns.shape[1] // math.prod(kernel), *kernel, *checked.outputs)
    return Patches(windows, np.moveaxis(parts, 0, 1 + len(kernel))[..., None])


def _added(checked: Setting, columns: np.ndarray, shape: Shape) -> np.ndarray:
    """Return the image (N, C, *space) that the columns add up to."""
    windows = checked.windows if checked.padding_mode == "zeros" else checked.unpadded
    total = np.zeros((*shape[:2], *(window.size for window in windows)), columns.dtype)
    if columns.size:
        _patches(checked, windows, columns).scatter(total[..., None], (0,) * total.ndim)
    return total if checked.padding_mode == "zeros" else padded_backward(total, checked.pairs, checked.padding_mode)


def _strict(operation: str, x: Shape, size: Whole, **arguments: Any) -> Setting:
    """Check the arguments as those of one kernel of this size over all channels."""
    space = spatial(operation, "x", x)
    sizes = each_axis(operation, "size", size, len(space))
    return setting(operation, x, (1, x[1], *sizes), None, **arguments)


def _columns_shape(checked: Setting, x: Shape) -> Shape:
    return (x[0], x[1] * math.prod(window.kernel for window in checked.windows), math.prod(checked.outputs))


def _image(operation: str, columns: Shape, space: Whole, size: Whole, **arguments: Any) -> tuple[Setting, Shape]:
    """Return the checked arguments, and the shape (N, C, *space) of the image with these columns."""
    if len(columns) != 3:
        raise ShapeError(f"{operation}: columns must be (N, C·prod(size), L), found {columns}")
    rank = 1 if isinstance(space, int | np.integer) else len(space)
    sizes = each_axis(operation, "size", size, rank)
    channels, remainder = divmod(columns[1], math.prod(sizes))
    if remainder:
        raise ShapeError(
            f"{operation}: columns {columns} have {columns[1]} rows, no multiple of the {math.prod(sizes)} numbers of "
            f"a window {sizes}; give the size they were made with"
        )
    shape = (columns[0], channels, *each_axis(operation, "space", space, rank))
    checked = _strict(operation, shape, sizes, **arguments)
    if columns != _columns_shape(checked, shape):
        raise ShapeError(
            f"{operation}: an image of {shape[2:]} has {math.prod(checked.outputs)} windows, but columns {columns} "
            f"hold {columns[2]}; give the space, stride, padding and dilation they were made with"
        )
    return checked, shape


def _im2col_shape(x: Shape, *, size: Whole, **arguments: Any) -> Shape:
    return _columns_shape(_strict("im2col", x, size, **arguments), x)


def _im2col_cost(x: Shape, *, itemsize: int = 4, **arguments: Any) -> Cost:
    return Cost(0, 0, *traffic(_im2col_shape(x, **arguments), x, itemsize=itemsize))


def _im2col_field(at: tuple[int, ...], x: Shape, *, size: Whole, **arguments: Any) -> dict[str, Index]:
    checked = _strict("im2col", x, size, **arguments)
    channel, *offsets = np.unravel_index(at[1], (x[1], *(window.kernel for window in checked.windows)))
    outputs = np.unravel_index(at[2], checked.outputs)
    under = [checked.inputs(axis, int(o))[k] for axis, (k, o) in enumerate(zip(offsets, outputs, strict=True))]
    return {"x": tuple(np.array([] if i is None else [i], int) for i in (at[0], channel, *under))}


def _im2col_terms(at: tuple[int, ...], x: np.ndarray, **arguments: Any) -> Terms:
    return _sum_of("x", x, _every(_im2col_field(at, x.shape, **arguments)["x"]))


def _col2im_shape(columns: Shape, *, space: Whole, size: Whole, **arguments: Any) -> Shape:
    return _image("col2im", columns, space, size, **arguments)[1]


def _col2im_cost(columns: Shape, *, itemsize: int = 4, **arguments: Any) -> Cost:
    return Cost(0, count(columns), *traffic(_col2im_shape(columns, **arguments), columns, itemsize=itemsize))


def _col2im_field(at: tuple[int, ...], columns: Shape, **arguments: Any) -> dict[str, Index]:
    """Return the rows and columns that feed one number; not each row does so in each column, see ``_col2im_terms``."""
    index = _sources(at, columns, **arguments)
    return {"columns": tuple(np.unique(axis) for axis in index.T)}


def _col2im_terms(at: tuple[int, ...], columns: np.ndarray, **arguments: Any) -> Terms:
    return _sum_of("columns", columns, _sources(at, columns.shape, **arguments))


def _sources(at: tuple[int, ...], columns: Shape, *, space: Whole, size: Whole, **arguments: Any) -> np.ndarray:
    """Return the places (m, 3) in the columns that are added up in one number of the image."""
    checked, shape = _image("col2im", columns, space, size, **arguments)
    kernel = tuple(window.kernel for window in checked.windows)
    pairs = [
        [(k, o) for o in window.outputs_of(i) for k, place in enumerate(window.positions(o)) if place == i]
        for i, window in zip(at[2:], checked.windows, strict=True)
    ]
    places: list[tuple[Any, ...]] = []
    for chosen in itertools.product(*pairs):
        row = np.ravel_multi_index((at[1], *(k for k, _ in chosen)), (shape[1], *kernel))
        places.append((at[0], row, np.ravel_multi_index([o for _, o in chosen], checked.outputs)))
    return np.array(places, int).reshape(-1, 3)


def _every(index: Index) -> np.ndarray:
    """Return every combination (m, axes) of positions along the axes."""
    return np.stack([axis.ravel() for axis in np.meshgrid(*index, indexing="ij")], axis=1)


def _sum_of(name: str, array: np.ndarray, index: np.ndarray) -> Terms:
    operand = array[tuple(index.T)]
    return Terms(float(operand.sum()), name, index, operand, np.ones_like(operand))


PRIMITIVES = (
    Primitive(
        "im2col", ("x",), im2col, im2col_backward, _im2col_shape, _im2col_cost, mixed, _im2col_terms,
        field=_im2col_field,
    ),
    Primitive(
        "col2im", ("columns",), col2im, col2im_backward, _col2im_shape, _col2im_cost, mixed, _col2im_terms,
        ("columns",), field=_col2im_field,
    ),
)  # fmt: skip
