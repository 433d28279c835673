"""Activations: one number in, one number out; and the softmax over channels."""

from __future__ import annotations

import numpy as np

from convscope.errors import ConfigError
from convscope.scratch.layers.layer import Layer


class ReLU(Layer):
    """max(x, 0)."""

    operation = "relu"


class LeakyReLU(Layer):
    """x where x > 0, else ``slope`` · x; 0 < slope < 1."""

    operation = "leaky_relu"

    def __init__(self, slope: float = 0.01):
        if not 0 < slope < 1:
            raise ConfigError(f"LeakyReLU: slope must be between 0 and 1, found {slope}; for 0 there is ReLU()")
        super().__init__(slope=slope)
        self.slope = slope

    # Without np.where: choosing number by number takes ten times as long as these passes over buffers.
    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return the larger of x and slope · x, in a buffer that the next call writes anew."""
        y = self._kept["y"] = self._buffer("forward", x)
        np.multiply(x, self.slope, out=y)
        return np.maximum(x, y, out=y)

    def backward(self, grad: np.ndarray, *, input_gradient: bool = True) -> np.ndarray:
        """Return (slope or 1) · grad, in a buffer that the next call writes anew."""
        factor = self._buffer("backward", self._kept["y"])
        np.greater(self._kept["y"], 0, out=factor)  # y has the sign of x
        factor *= 1 - self.slope
        factor += self.slope
        return np.multiply(grad, factor, out=factor)


class SELU(Layer):
    """Scaled exponential linear unit; see ``ops.selu``."""

    operation = "selu"


class GELU(Layer):
    """x · Φ(x); see ``ops.gelu``."""

    operation = "gelu"


class SiLU(Layer):
    """x · sigmoid(x); see ``ops.silu``."""

    operation = "silu"


class Sigmoid(Layer):
    """1 / (1 + e⁻ˣ); see ``ops.sigmoid``."""

    operation = "sigmoid"


class Tanh(Layer):
    """The hyperbolic tangent; see ``ops.tanh``."""

    operation = "tanh"


class Softmax(Layer):
    """Scores to probabilities over the channels, axis 1; see ``ops.softmax``. The losses take scores: train without."""

    operation = "softmax"
