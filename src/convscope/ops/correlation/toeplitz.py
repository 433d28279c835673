"""Correlation as one banded matrix: T (O·outputs, C·inputs) @ x.ravel(), the same few weights in every row."""

# SciPy has no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownParameterType=false

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse  # pyright: ignore[reportMissingTypeStubs]

from convscope.ops.arguments import Padding, Whole, floats
from convscope.ops.correlation.rules import Setting, setting
from convscope.ops.polyphase import Windows
from convscope.ops.primitive import Shape


def toeplitz(
    kernel: np.ndarray,
    space: int | Sequence[int],
    *,
    stride: Whole = 1,
    padding: Padding = 0,
    dilation: Whole = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> sparse.csr_array:
    """Return the sparse matrix T with T @ x.ravel() == correlate(x[None], kernel).ravel().

    Args:
        kernel: (O, C/groups, *k).
        space: the spatial sizes of one image x (C, *space); one number for one axis.
        stride: and ``padding``, ``dilation``, ``groups``, ``padding_mode``: as in ``correlate``.

    Returns:
        (O · outputs, C · inputs), in the kernel's type; padding has no entry.

    Raises:
        ShapeError: as ``correlate`` does.

    >>> toeplitz(np.array([[[1.0, -1.0]]]), (4,)).toarray().astype(int)
    array([[ 1, -1,  0,  0],
           [ 0,  1, -1,  0],
           [ 0,  0,  1, -1]])
    """
    (kernel,) = floats("toeplitz", kernel=kernel)
    space = (space,) if isinstance(space, int) else space
    asked: Any = groups  # whatever it is, ``setting`` says what is wrong with it
    x = (1, kernel.shape[1] * asked if kernel.ndim > 1 and isinstance(asked, int) else 1, *space)
    checked = setting(
        "toeplitz", x, kernel.shape, None,
        stride=stride, padding=padding, dilation=dilation, groups=groups, padding_mode=padding_mode,
    )  # fmt: skip
    return _matrix(kernel, checked)


def forward(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None, *, windows: Windows, groups: int) -> np.ndarray:
    """Return the correlation (N, O, *outputs) of x (N, C, *space) with kernel (O, C/groups, *k)."""
    checked = Setting(windows, groups, "zeros")
    flat = x.reshape(len(x), math.prod(x.shape[1:]))
    y = (_matrix(kernel, checked) @ flat.T).T.reshape(len(x), len(kernel), *checked.outputs)
    return y if bias is None else y + bias.reshape(-1, *(1,) * len(windows))


def backward(
    grad: np.ndarray, x: np.ndarray, kernel: np.ndarray, *, windows: Windows, groups: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of x (by the transposed matrix) and of kernel (a weight collects from all its entries)."""
    checked = Setting(windows, groups, "zeros")
    flat, upstream = (array.reshape(len(x), math.prod(array.shape[1:])) for array in (x, grad))
    rows, columns, weights = _entries(kernel.shape, checked)
    kernel_total = np.zeros(kernel.size, kernel.dtype)
    for image, towards in zip(flat, upstream, strict=True):
        kernel_total += np.bincount(weights, towards[rows] * image[columns], kernel.size).astype(kernel.dtype)
    return (_matrix(kernel, checked).T @ upstream.T).T.reshape(x.shape), kernel_total.reshape(kernel.shape)


def _matrix(kernel: np.ndarray, checked: Setting) -> sparse.csr_array:
    rows, columns, weights = _entries(kernel.shape, checked)
    inputs = kernel.shape[1] * checked.groups * math.prod(window.size for window in checked.windows)
    shape = (len(kernel) * math.prod(checked.outputs), inputs)
    return sparse.coo_array((kernel.ravel()[weights], (rows, columns)), shape).tocsr()


def _entries(kernel: Shape, checked: Setting) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return row, column and weight number of each entry; several entries of one place are to be added."""
    place, source, weight = (np.zeros((1, 1), int) for _ in range(3))  # (taps, outputs), axis by axis
    inside = np.ones((1, 1), bool)
    for axis, window in enumerate(checked.windows):
        under = [checked.inputs(axis, output) for output in range(window.outputs)]
        inputs = np.array([[-1 if i is None else i for i in line] for line in under]).T  # (k, outputs)
        inside = _outer(inside, inputs >= 0, np.logical_and)
        source = _outer(source * window.size, inputs, np.add)
        place = _outer(place * window.outputs, np.arange(window.outputs)[None], np.add)
        weight = _outer(weight * window.kernel, np.arange(window.kernel)[:, None], np.add)
    grid = np.broadcast_arrays(inside, place, source, weight)
    taps, (_, places, sources, weights) = inside.shape[0], (part[inside] for part in grid)
    channel = np.arange(kernel[0] * kernel[1])[:, None]  # every pair of an output and an input channel
    output, part = channel // kernel[1], channel % kernel[1]
    group = output // (kernel[0] // checked.groups)
    rows = output * math.prod(checked.outputs) + places
    columns = (group * kernel[1] + part) * math.prod(window.size for window in checked.windows) + sources
    return rows.ravel(), columns.ravel(), (channel * taps + weights).ravel()


def _outer(a: np.ndarray, b: np.ndarray, combine: np.ufunc) -> np.ndarray:
    """Combine every (taps, outputs) of the axes so far with those of the next."""
    taps, outputs = a.shape[0] * b.shape[0], a.shape[1] * b.shape[1]
    return combine(a[:, None, :, None], b[None, :, None, :]).reshape(taps, outputs)
