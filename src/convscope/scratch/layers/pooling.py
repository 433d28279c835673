"""Layers that make one number of many: windows of a channel, whole channels, and the row of all that is left."""

from __future__ import annotations

import math

import numpy as np

from convscope.ops.arguments import Padding, Whole
from convscope.ops.layout import batch_first, batch_last
from convscope.scratch.layers.layer import Layer


class MaxPool(Layer):
    """The largest number of each window; arguments as in ``ops.max_pool``."""

    operation = "max_pool"

    def __init__(
        self,
        size: Whole,
        *,
        stride: Whole | None = None,
        padding: Padding = 0,
        dilation: Whole = 1,
        ceil_mode: bool = False,
    ):
        super().__init__(size=size, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode)


class AvgPool(Layer):
    """The mean of each window; arguments as in ``ops.avg_pool``."""

    operation = "avg_pool"

    def __init__(
        self,
        size: Whole,
        *,
        stride: Whole | None = None,
        padding: Padding = 0,
        dilation: Whole = 1,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ):
        super().__init__(
            size=size, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode,
            count_include_pad=count_include_pad,
        )  # fmt: skip


class _Global(Layer):
    """One number per channel: (N, C, *space) -> (N, C), as a fully connected layer takes it."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return one number for each channel of x (N, C, *space)."""
        return super().forward(x).reshape(x.shape[:2])

    def backward(self, grad: np.ndarray, *, input_gradient: bool = True) -> np.ndarray:
        """Return the gradient (N, C, *space) of x."""
        (x,) = self._kept["inputs"]
        return super().backward(grad.reshape(*grad.shape, *(1,) * (x.ndim - 2)))


class GlobalMaxPool(_Global):
    """The largest number of each channel: (N, C, *space) -> (N, C)."""

    operation = "global_max_pool"


class GlobalAvgPool(_Global):
    """The mean of each channel: (N, C, *space) -> (N, C)."""

    operation = "global_avg_pool"


class Flatten(Layer):
    """All numbers of an example in one row, channels first: (N, C, *space) -> (N, C·space)."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return x (N, ...) as (N, F)."""
        self._kept["shape"] = x.shape
        return batch_last(x).reshape(math.prod(x.shape[1:]), len(x)).T  # a view where the batch is innermost

    def backward(self, grad: np.ndarray, *, input_gradient: bool = True) -> np.ndarray:
        """Return the gradient in the shape of x."""
        count, *rest = self._kept["shape"]
        return batch_first(grad.T.reshape(*rest, count))
