"""Correlation and convolution of (N, C, *space) with kernels (O, C/groups, *k), by any of four algorithms.

``direct`` adds up shifted images, ``im2col`` makes one matrix product of it, ``fft`` multiplies spectra, ``toeplitz``
multiplies by a sparse matrix. They agree up to rounding; see ``choose`` for which one ``auto`` takes.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from convscope.ops.arguments import Padding, Whole, check_gradient, choice, floats
from convscope.ops.correlation import direct, fft, im2col, rules
from convscope.ops.correlation import toeplitz as matrix
from convscope.ops.correlation.rules import Gradients, around, bias_gradient, flipped, setting
from convscope.ops.correlation.toeplitz import toeplitz
from convscope.ops.layout import ordered
from convscope.ops.padding import padded_backward
from convscope.ops.polyphase import Windows
from convscope.ops.primitive import Primitive, Shape

ALGORITHMS = {"direct": direct, "fft": fft, "im2col": im2col, "toeplitz": matrix}
LARGEST = 2**25  # numbers in all spectra that "auto" will hold
RANGE = {"float32": 1e7, "float64": 1e3}  # of sizes within an image up to which spectra keep the small ones exact
BLOCK = 16  # positions along each axis, of which the largest number is looked at

__all__ = ["Gradients", "convolve", "convolve_backward", "correlate", "correlate_backward", "toeplitz"]


def correlate(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: Whole = 1,
    padding: Padding = 0,
    dilation: Whole = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
    algorithm: str = "auto",
) -> np.ndarray:
    """Return the cross-correlation of x with each kernel, what deep learning calls a convolution.

    y[n, o, p] = bias[o] + Σ over c and k of kernel[o, c, k] · x[n, c, p·stride + k·dilation - padding].

    Args:
        x: (N, C, *space) with one to three spatial axes.
        kernel: (O, C/groups, *k).
        bias: (O,), or None for zero.
        stride: steps of the window, one number or one per axis.
        padding: a number, one per axis, (before, after) for each axis, "valid" (0), "same" (⌈size / stride⌉ outputs, an
            odd one after) or "same_lower" (before).
        dilation: distance of neighbouring kernel numbers in the input.
        groups: channels are split into so many groups that do not see each other.
        padding_mode: what stands in the padding: "zeros", "reflect", "replicate" or "circular".
        algorithm: "direct", "im2col", "fft", "toeplitz", or "auto": the fastest by measurement.

    Returns:
        (N, O, *outputs), in the memory order of x (C order, or batch innermost). By "fft", one NaN in an image reaches
        all its outputs, and small numbers suffer beside very large ones; "auto" does not take it then.

    Raises:
        ShapeError: ranks, channels, groups or bias that do not fit, a kernel larger than the padded input, a type other
            than float32 or float64, reflect padding as large as the axis.

    >>> correlate(np.array([[[0.0, 0.0, 1.0, 1.0, 0.0]]]), np.array([[[-1.0, 1.0]]])).tolist()
    [[[0.0, 1.0, 0.0, -1.0]]]
    """
    return _forward(
        "correlate", x, kernel, bias, algorithm,
        stride=stride, padding=padding, dilation=dilation, groups=groups, padding_mode=padding_mode,
    )  # fmt: skip


def correlate_backward(
    grad: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: Whole = 1,
    padding: Padding = 0,
    dilation: Whole = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
    algorithm: str = "auto",
) -> Gradients:
    """Return the gradients (x (N, C, *space), kernel (O, C/groups, *k), bias (O,)) from grad (N, O, *outputs).

    Each input collects grad · weight from the windows that it lies in; each weight collects grad · input over all
    windows. Arguments and errors as in ``correlate``; without a bias its gradient is None.

    >>> x, kernel = np.array([[[1.0, 2.0, 4.0]]]), np.array([[[-1.0, 1.0]]])
    >>> found = correlate_backward(np.ones((1, 1, 2)), x, kernel)
    >>> found.x.tolist(), found.kernel.tolist()
    ([[[-1.0, 0.0, 1.0]]], [[[3.0, 6.0]]])
    """
    return _backward(
        "correlate_backward", grad, x, kernel, bias, algorithm,
        stride=stride, padding=padding, dilation=dilation, groups=groups, padding_mode=padding_mode,
    )  # fmt: skip


def convolve(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: Whole = 1,
    padding: Padding = 0,
    dilation: Whole = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
    algorithm: str = "auto",
) -> np.ndarray:
    """Return the strict convolution of x (N, C, *space): ``correlate`` with the kernel (O, C/groups, *k) flipped.

    Arguments, result (N, O, *outputs) and errors as in ``correlate``.

    >>> convolve(np.array([[[0.0, 1.0, 0.0, 0.0]]]), np.array([[[3.0, 5.0]]]), padding=1).tolist()
    [[[0.0, 3.0, 5.0, 0.0, 0.0]]]
    """
    return _forward(
        "convolve", x, flipped(kernel), bias, algorithm,
        stride=stride, padding=padding, dilation=dilation, groups=groups, padding_mode=padding_mode,
    )  # fmt: skip


def convolve_backward(
    grad: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: Whole = 1,
    padding: Padding = 0,
    dilation: Whole = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
    algorithm: str = "auto",
) -> Gradients:
    """Return the gradients of ``convolve``'s inputs, as ``correlate_backward`` does; the kernel's is flipped back.

    >>> x, kernel = np.array([[[1.0, 2.0, 4.0]]]), np.array([[[1.0, -1.0]]])
    >>> convolve_backward(np.ones((1, 1, 2)), x, kernel).kernel.tolist()
    [[[6.0, 3.0]]]
    """
    gradients = _backward(
        "convolve_backward", grad, x, flipped(kernel), bias, algorithm,
        stride=stride, padding=padding, dilation=dilation, groups=groups, padding_mode=padding_mode,
    )  # fmt: skip
    return gradients._replace(kernel=np.ascontiguousarray(flipped(gradients.kernel)))


def _forward(
    operation: str, x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None, algorithm: str, **arguments: Any
) -> np.ndarray:
    x, kernel, bias = floats(operation, x=x, kernel=kernel, bias=bias)
    checked = setting(operation, x.shape, kernel.shape, None if bias is None else bias.shape, **arguments)
    x, windows = around(x, checked)
    chosen = _algorithm(operation, algorithm, windows, x, kernel)
    return ordered(chosen.forward(x, kernel, bias, windows=windows, groups=checked.groups), x)


def _backward(
    operation: str,
    grad: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None,
    algorithm: str,
    **arguments: Any,
) -> Gradients:
    grad, x, kernel, bias = floats(operation, grad=grad, x=x, kernel=kernel, bias=bias)
    checked = setting(operation, x.shape, kernel.shape, None if bias is None else bias.shape, **arguments)
    check_gradient(operation, grad, (len(x), len(kernel), *checked.outputs))
    source, windows = around(x, checked)
    chosen = _algorithm(operation, algorithm, windows, source, kernel, grad)
    x_grad, kernel_grad = chosen.backward(grad, source, kernel, windows=windows, groups=checked.groups)
    if source is not x:
        x_grad = padded_backward(x_grad, checked.pairs, checked.padding_mode)
    return Gradients(ordered(x_grad, x), kernel_grad, None if bias is None else bias_gradient(grad))


def choose(x: Shape, kernel: Shape, windows: Windows) -> str:
    """Return the algorithm that is expected to be the fastest.

    A kernel of one number needs no columns: direct. Else the smaller of two estimates: columns are copied and
    multiplied by every kernel, or everything is transformed and the spectra multiplied, whatever the kernel's size; but
    spectra of more than ``LARGEST`` numbers are not held.

    >>> from convscope.geometry import Window
    >>> [choose((1, 1, 192, 192), (1, 1, k, k), (Window(192, k), Window(192, k))) for k in (1, 3, 31)]
    ['direct', 'im2col', 'fft']
    """
    (n, c), o = x[:2], kernel[0]
    size, outputs = math.prod(kernel[2:]), math.prod(window.outputs for window in windows)
    if size == 1:
        return "direct"
    area = math.prod(window.size + window.before + window.after for window in windows)
    # Nanoseconds, float32, one thread, fitted to bench/correlate.py; right within a factor of two for kernels 3 to 101.
    copied = min(1, windows[0].stride / kernel[2])  # of all columns; see ``rows``
    by_columns = n * c * size * outputs * (0.4 * copied + 0.04 * o * kernel[1] / c)
    planes = n * c + math.prod(kernel[:2]) + n * o
    by_spectra = area * (5 * planes + 2 * n * o * kernel[1])
    return "fft" if by_spectra < by_columns and area * planes <= LARGEST else "im2col"


def _algorithm(operation: str, name: str, windows: Windows, *arrays: np.ndarray) -> Any:
    """Return the module that does it; ``arrays`` are x, the kernel, and the gradient if there is one."""
    choice(operation, "algorithm", name, ("auto", *ALGORITHMS))
    if name == "auto":
        name = choose(arrays[0].shape, arrays[1].shape, windows)
        if name == "fft" and not all(map(_even, arrays)):
            name = "im2col"  # a NaN stays where it belongs, and a small number beside large ones exact
    return ALGORITHMS[name]


def _even(array: np.ndarray) -> bool:
    """Return whether all is finite, and blocks of an image (not all zero) differ in size by no more than ``RANGE``."""
    sizes = np.abs(array)
    for axis in range(2, array.ndim):
        sizes = np.maximum.reduceat(sizes, range(0, array.shape[axis], BLOCK), axis)
    largest, smallest = sizes.max(initial=0), sizes.min(initial=np.inf, where=sizes > 0)
    return bool(np.isfinite(largest)) and not largest > smallest * RANGE[array.dtype.name]


INPUTS = ("x", "kernel", "bias")
PRIMITIVES = (
    Primitive(
        "correlate", INPUTS, correlate, correlate_backward,
        rules.shape, rules.cost, rules.axes, rules.terms, INPUTS,
    ),
    Primitive(
        "convolve", INPUTS, convolve, convolve_backward,
        partial(rules.shape, operation="convolve"), rules.cost, rules.flipped_axes, rules.flipped_terms, INPUTS,
    ),
)  # fmt: skip
