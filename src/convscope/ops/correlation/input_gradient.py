"""The gradient of a correlation's input alone: half the work of all its gradients, where the kernel's is not wanted."""

from __future__ import annotations

from typing import Any

import numpy as np

from convscope.ops.arguments import check_gradient, floats
from convscope.ops.correlation.im2col import Im2col
from convscope.ops.correlation.rules import flipped, setting
from convscope.ops.layout import batch_innermost, ordered
from convscope.ops.padding import padded_backward


def input_gradient(grad: np.ndarray, x: np.ndarray, kernel: np.ndarray, *, flip: bool, **arguments: Any) -> np.ndarray:
    """Return the gradient (N, C, *space) of x from grad (N, O, *outputs); with ``flip`` that of ``convolve``.

    Of x only the shape and the memory order count. The arguments and errors are those of ``correlate``; the algorithm
    is im2col, whichever is asked for.

    >>> grad, x, kernel = np.ones((1, 1, 2)), np.zeros((1, 1, 3)), np.array([[[-1.0, 1.0]]])
    >>> input_gradient(grad, x, kernel, flip=False).tolist(), input_gradient(grad, x, kernel, flip=True).tolist()
    ([[[-1.0, 0.0, 1.0]]], [[[1.0, 0.0, -1.0]]])
    """
    operation = "input_gradient"
    grad, x, kernel = floats(operation, grad=grad, x=x, kernel=kernel)
    kernel = np.ascontiguousarray(flipped(kernel)) if flip else kernel
    arguments.pop("algorithm", None)
    checked = setting(operation, x.shape, kernel.shape, None, **arguments)
    check_gradient(operation, grad, (len(x), len(kernel), *checked.outputs))
    if all((w.kernel, w.stride, w.before, w.after) == (1, 1, 0, 0) for w in checked.windows):
        return ordered(_pointwise(grad, kernel, checked.groups), x)
    in_zeros = checked.padding_mode == "zeros"
    layer = Im2col(checked.windows if in_zeros else checked.unpadded, checked.groups)
    gradient = layer.backward_input(grad, kernel, innermost=batch_innermost(x))
    return ordered(gradient if in_zeros else padded_backward(gradient, checked.pairs, checked.padding_mode), x)


def _pointwise(grad: np.ndarray, kernel: np.ndarray, groups: int) -> np.ndarray:
    """Return the gradient of x where every window is one number: one product of matrices."""
    batch, outputs, *space = grad.shape
    upstream = grad.reshape(batch, groups, outputs // groups, -1)  # (N, G, O/G, l)
    weights = kernel.reshape(groups, outputs // groups, -1).swapaxes(1, 2)  # (G, C/G, O/G)
    return (weights @ upstream).reshape(batch, -1, *space)
