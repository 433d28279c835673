"""Correlation as it is defined, one kernel offset after the other: y[o] += Σ_c kernel[o, c, offset] · x[c, shifted]."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from convscope.ops.layout import as_runs, batch_innermost, from_runs
from convscope.ops.padding import padded, padded_backward
from convscope.ops.polyphase import Windows


def forward(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None, *, windows: Windows, groups: int) -> np.ndarray:
    """Return the correlation (N, O, *outputs) of x (N, C, *space) with kernel (O, C/groups, *k)."""
    innermost = batch_innermost(x)
    source = as_runs(padded(x, _pairs(windows), "zeros"), innermost)
    batch, run = source.shape[0], source.shape[-1]
    length = math.prod(window.outputs for window in windows) * run
    y = np.zeros((batch, groups, len(kernel) // groups, length), x.dtype)
    for offset, seen in _offsets(windows):
        part = source[seen].reshape(batch, groups, kernel.shape[1], length)  # (B, G, C/G, l)
        y += _matrix(kernel, offset, groups) @ part
    if bias is not None:
        y += bias.reshape(groups, -1, 1)
    return from_runs(y.reshape(batch, len(kernel), *(w.outputs for w in windows), run), innermost)


def backward(
    grad: np.ndarray, x: np.ndarray, kernel: np.ndarray, *, windows: Windows, groups: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of x and kernel: each offset gives back to the inputs that it took from."""
    innermost = batch_innermost(x)
    around = padded(x, _pairs(windows), "zeros")
    source = as_runs(around, innermost)
    batch, run = source.shape[0], source.shape[-1]
    length = math.prod(window.outputs for window in windows) * run
    upstream = as_runs(grad, innermost).reshape(batch, groups, len(kernel) // groups, length)  # (B, G, O/G, l)
    x_total, kernel_total = np.zeros_like(around, order="K"), np.empty_like(kernel)
    target = as_runs(x_total, innermost)
    for offset, seen in _offsets(windows):
        part = source[seen]
        flat = part.reshape(batch, groups, kernel.shape[1], length)
        target[seen] += (_matrix(kernel, offset, groups).swapaxes(1, 2) @ upstream).reshape(part.shape)
        kernel_total[(..., *offset)] = (upstream @ flat.swapaxes(2, 3)).sum(0).reshape(kernel.shape[:2])
    return padded_backward(x_total, _pairs(windows), "zeros"), kernel_total


def _pairs(windows: Windows) -> tuple[tuple[int, int], ...]:
    return tuple((window.before, window.after) for window in windows)


def _matrix(kernel: np.ndarray, offset: tuple[int, ...], groups: int) -> np.ndarray:
    """Return the weights (G, O/G, C/G) of one kernel offset."""
    return kernel[(..., *offset)].reshape(groups, len(kernel) // groups, -1)


def _offsets(windows: Windows) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...]]]:
    """Yield each kernel offset with the places of the padded input that it meets, one for each output."""
    for offset in itertools.product(*(range(window.kernel) for window in windows)):
        first = [k * window.dilation for k, window in zip(offset, windows, strict=True)]
        spans = zip(first, windows, strict=True)
        seen = (slice(f, f + (w.outputs - 1) * w.stride + 1, w.stride) for f, w in spans)
        yield offset, (slice(None), slice(None), *seen)
