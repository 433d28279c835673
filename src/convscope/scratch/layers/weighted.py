"""Layers with weights: convolution, its transpose, the fully connected layer."""

from __future__ import annotations

import numpy as np

from convscope.ops import PRIMITIVES
from convscope.ops.arguments import Padding, Whole, shapes
from convscope.ops.correlation import rules
from convscope.ops.correlation.im2col import Im2col
from convscope.ops.layout import batch_innermost, batch_last
from convscope.scratch.layers.layer import Layer
from convscope.scratch.settings import channels, kernel_sizes

TILE = 2**25  # bytes of columns kept from forward to backward: those of a batch of 256 small images


class Conv(Layer):
    """Convolution (cross-correlation) of ``inputs`` to ``outputs`` channels: (N, I, *space) -> (N, O, *space').

    ``size`` is the kernel's: 5 means 5×5, (5,) one axis, (3, 3, 3) three. Other arguments as in ``ops.correlate``.
    Parameters: kernel (O, I/groups, *size), bias (O,).
    """

    operation = "correlate"

    def __init__(
        self,
        inputs: int,
        outputs: int,
        size: Whole,
        *,
        stride: Whole = 1,
        padding: Padding = 0,
        dilation: Whole = 1,
        groups: int = 1,
        bias: bool = True,
    ):
        channels("Conv", inputs, outputs, groups)
        sizes = kernel_sizes("Conv", size, stride=stride, dilation=dilation)
        shapes = {"kernel": (outputs, inputs // groups, *sizes)} | ({"bias": (outputs,)} if bias else {})
        super().__init__(shapes=shapes, stride=stride, padding=padding, dilation=dilation, groups=groups)
        if groups == 1:  # in memory (*size, I, O): the matrix products read and write it as it stands
            order = (-1, -2, *range(1, 1 + len(sizes)))
            self.adopt("kernel", *np.zeros((2, *sizes, inputs, outputs), np.float32).transpose(0, *order))

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return the output for x (N, I, *space), in a buffer that the next call writes anew."""
        self._kept["x"] = x
        return self._engine(x).forward(x, self._parameters["kernel"], self._parameters.get("bias"))

    def backward(self, grad: np.ndarray, *, input_gradient: bool = True) -> np.ndarray:
        """Return the gradient of x, from the columns that ``forward`` left; without ``input_gradient``, ``grad``."""
        x, engine = self._kept["x"], self._kept["engine"]
        self._gradients["kernel"][...] = engine.backward_kernel(grad, x)
        if "bias" in self._gradients:
            self._sum_channels(grad)
        if not input_gradient:
            return grad
        return engine.backward_input(grad, self._parameters["kernel"], innermost=batch_innermost(x))

    def _sum_channels(self, grad: np.ndarray) -> None:
        """Write the gradient of the bias, the sum of each channel, by a matrix product: four times as fast."""
        rows = batch_last(grad).reshape(grad.shape[1], -1)
        ones = self._kept.get("ones")
        if ones is None or (ones.size, ones.dtype) != (rows.shape[1], rows.dtype):
            ones = self._kept["ones"] = np.ones(rows.shape[1], rows.dtype)
        np.matmul(rows, ones, out=self._gradients["bias"])

    def _engine(self, x: np.ndarray) -> Im2col:
        """Return the matrix product that works on images of this size, made anew when the size is another."""
        if self._kept.get("of") != x.shape[1:]:
            checked = rules.setting(
                "correlate", *shapes(x, self._parameters["kernel"], self._parameters.get("bias")), **self.arguments
            )
            self._kept["of"], self._kept["engine"] = x.shape[1:], Im2col(checked.windows, checked.groups, tile=TILE)
        return self._kept["engine"]


class ConvTranspose(Layer):
    """The transpose of ``Conv``, which makes images larger: (N, I, *space) -> (N, O, *space').

    ``size`` as in ``Conv``, other arguments as in ``ops.correlate_transpose``. Parameters: kernel (I, O/groups, *size),
    bias (O,).
    """

    operation = "correlate_transpose"

    def __init__(
        self,
        inputs: int,
        outputs: int,
        size: Whole,
        *,
        stride: Whole = 1,
        padding: Padding = 0,
        output_padding: Whole = 0,
        dilation: Whole = 1,
        groups: int = 1,
        bias: bool = True,
    ):
        channels("ConvTranspose", inputs, outputs, groups)
        steps = {"stride": stride, "output_padding": output_padding, "dilation": dilation}
        sizes = kernel_sizes("ConvTranspose", size, **steps)
        shapes = {"kernel": (inputs, outputs // groups, *sizes)} | ({"bias": (outputs,)} if bias else {})
        super().__init__(shapes=shapes, padding=padding, groups=groups, **steps)


class Linear(Layer):
    """Fully connected: (N, I) -> (N, O). Parameters: weight (O, I), bias (O,)."""

    operation = "linear"

    def __init__(self, inputs: int, outputs: int, *, bias: bool = True):
        channels("Linear", inputs, outputs)
        super().__init__(shapes={"weight": (outputs, inputs)} | ({"bias": (outputs,)} if bias else {}))

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return the output (N, O) for x (N, I)."""
        weight, bias = self._parameters["weight"], self._parameters.get("bias")
        PRIMITIVES["linear"].shape(*shapes(x, weight, bias))
        self._kept["x"] = x
        y = weight @ x.T  # (O, N): the batch stays innermost
        if bias is not None:
            y += bias[:, None]
        return y.T

    def backward(self, grad: np.ndarray, *, input_gradient: bool = True) -> np.ndarray:
        """Return the gradient (N, I) of x; without ``input_gradient``, ``grad``."""
        np.matmul(grad.T, self._kept["x"], out=self._gradients["weight"])
        if "bias" in self._gradients:
            grad.sum(0, out=self._gradients["bias"])
        return (self._parameters["weight"].T @ grad.T).T if input_gradient else grad
