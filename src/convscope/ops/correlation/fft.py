"""Correlation as a product of spectra (the convolution theorem): its cost hardly grows with the kernel.

Spectra are float64 also for float32: the rounding error of each number is relative to the largest one in its image
(1e-16 of it), and would drown small numbers beside large ones. One NaN or infinity in an image reaches all its outputs.
"""

# SciPy has no types.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import math

import numpy as np
from scipy import fft  # pyright: ignore[reportMissingTypeStubs]

from convscope.ops.padding import padded, padded_backward
from convscope.ops.polyphase import Windows


def forward(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None, *, windows: Windows, groups: int) -> np.ndarray:
    """Return the correlation (N, O, *outputs) of x (N, C, *space) with kernel (O, C/groups, *k)."""
    x_spectrum, kernel_spectrum = _spectrum(_around(x, windows), windows, groups), _weights(kernel, windows, groups)
    product = x_spectrum @ kernel_spectrum.conj().swapaxes(2, 3)  # (F, G, N, C/G) @ (F, G, C/G, O/G)
    y = _image(product, windows)[(..., *_outputs(windows))]
    return (y if bias is None else y + bias.reshape(-1, *(1,) * len(windows))).astype(x.dtype)


def backward(
    grad: np.ndarray, x: np.ndarray, kernel: np.ndarray, *, windows: Windows, groups: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of x and kernel; grad stands in zeros where the stride skipped outputs."""
    around = _around(x, windows)
    apart = np.zeros((*grad.shape[:2], *_sizes(windows)), grad.dtype)
    apart[(..., *_outputs(windows))] = grad
    grad_spectrum = _spectrum(apart, windows, groups)  # (F, G, N, O/G)
    x_total = _image(grad_spectrum @ _weights(kernel, windows, groups), windows)
    x_total = x_total[(..., *(slice(n) for n in around.shape[2:]))]
    total = grad_spectrum.conj().swapaxes(2, 3) @ _spectrum(around, windows, groups)  # (F, G, O/G, C/G)
    total = _image(total.transpose(0, 2, 1, 3), windows)  # (G, O/G · C/G, *sizes)
    kernel_total = total.reshape(*kernel.shape[:2], *total.shape[2:])[(..., *_taps(windows))]
    return padded_backward(x_total.astype(x.dtype), _pairs(windows), "zeros"), kernel_total.astype(x.dtype)


def _sizes(windows: Windows) -> tuple[int, ...]:
    """Return the lengths of the transforms: no window wraps around the padded input."""
    return tuple(int(fft.next_fast_len(w.size + w.before + w.after, True) or 1) for w in windows)


def _pairs(windows: Windows) -> tuple[tuple[int, int], ...]:
    return tuple((window.before, window.after) for window in windows)


def _around(x: np.ndarray, windows: Windows) -> np.ndarray:
    return padded(x, _pairs(windows), "zeros")


def _outputs(windows: Windows) -> tuple[slice, ...]:
    """Return where the outputs stand among those of stride 1."""
    return tuple(slice(0, (w.outputs - 1) * w.stride + 1, w.stride) for w in windows)


def _taps(windows: Windows) -> tuple[slice, ...]:
    """Return where the kernel's numbers stand when its holes are written as zeros."""
    return tuple(slice(0, w.reach, w.dilation) for w in windows)


def _weights(kernel: np.ndarray, windows: Windows, groups: int) -> np.ndarray:
    """Return the kernel's spectrum (F, G, O/G, C/G)."""
    spread = np.zeros((*kernel.shape[:2], *(w.reach for w in windows)), kernel.dtype)
    spread[(..., *_taps(windows))] = kernel
    spectrum = np.asarray(fft.rfftn(spread.astype(np.float64), _sizes(windows), axes=range(2, spread.ndim)))
    split = spectrum.reshape(groups, kernel.shape[0] // groups, kernel.shape[1], -1)
    return split.transpose(3, 0, 1, 2)


def _spectrum(x: np.ndarray, windows: Windows, groups: int) -> np.ndarray:
    """Return the spectrum (F, G, N, C/G) of x (N, C, *space)."""
    spectrum = np.asarray(fft.rfftn(x.astype(np.float64), _sizes(windows), axes=range(2, x.ndim)))
    frequencies = math.prod(spectrum.shape[2:])
    return spectrum.reshape(len(x), groups, x.shape[1] // groups, frequencies).transpose(3, 1, 0, 2)


def _image(spectrum: np.ndarray, windows: Windows) -> np.ndarray:
    """Return the array (N, C, *sizes) of a spectrum (F, G, N, C/G)."""
    sizes = _sizes(windows)
    _, groups, images, channels = spectrum.shape
    flat = spectrum.transpose(2, 1, 3, 0).reshape(images, groups * channels, *sizes[:-1], sizes[-1] // 2 + 1)
    return np.asarray(fft.irfftn(flat, sizes, axes=range(2, flat.ndim)))
