"""The walk of a kernel over an image, one position after the other, as one would do it by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from convscope.ops.arguments import Padding, Whole, floats
from convscope.ops.correlation.rules import around, setting
from convscope.ops.padding import padded


@dataclass(frozen=True)
class Step:
    """One output number of a correlation.

    ``output`` (n, o, *position) is its index; ``window`` (C/groups, *k) what lies under the kernel, padding included;
    ``products`` (C/groups, *k) are window × kernel; ``sum`` is their sum plus ``bias``.
    """

    output: tuple[int, ...]
    window: np.ndarray
    products: np.ndarray
    bias: float
    sum: float


def steps(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: Whole = 1,
    padding: Padding = 0,
    dilation: Whole = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> Iterator[Step]:
    """Return an iterator over the output numbers of ``correlate`` in their order, the last axis fastest.

    x is (N, C, *space), kernel (O, C/groups, *k); arguments and errors as in ``correlate``. Nothing is computed ahead.

    >>> walk = steps(np.array([[[0.0, 0.0, 1.0]]]), np.array([[[-1.0, 1.0]]]))
    >>> [(step.output[2], step.window.tolist(), step.sum) for step in walk]
    [(0, [[0.0, 0.0]], 0.0), (1, [[0.0, 1.0]], 1.0)]
    """
    x, kernel, bias = floats("steps", x=x, kernel=kernel, bias=bias)
    checked = setting(
        "steps", x.shape, kernel.shape, None if bias is None else bias.shape,
        stride=stride, padding=padding, dilation=dilation, groups=groups, padding_mode=padding_mode,
    )  # fmt: skip
    source, windows = around(x, checked)
    if windows is checked.windows:
        source, windows = padded(x, checked.pairs, "zeros"), checked.unpadded
    constants = np.zeros(len(kernel)) if bias is None else bias

    def walk() -> Iterator[Step]:
        for output in np.ndindex(len(x), len(kernel), *checked.outputs):
            image, channel, *position = output
            first = channel // (len(kernel) // groups) * kernel.shape[1]
            under = (
                slice(p * w.stride, p * w.stride + w.reach, w.dilation) for p, w in zip(position, windows, strict=True)
            )
            window = source[(image, slice(first, first + kernel.shape[1]), *under)]
            products = window * kernel[channel]
            constant = float(constants[channel])
            yield Step(output, window, products, constant, constant + float(products.sum()))

    return walk()
