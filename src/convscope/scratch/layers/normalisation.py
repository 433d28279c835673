"""Layers that steady the training: normalisation, dropout."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convscope import ops
from convscope.errors import ConfigError
from convscope.scratch.layers.layer import Draw, Layer
from convscope.scratch.settings import above_zero, whole


class BatchNorm(Layer):
    """Each channel to mean 0 and variance 1 over the batch, then scaled and shifted; see ``ops.batch_norm``.

    In training by the batch's own mean and variance, which running averages follow by ``momentum``; in evaluation by
    the averages. Parameters: weight, bias (C,); state: running_mean, running_variance (C,).
    """

    operation = "batch_norm"

    def __init__(self, channels: int, *, momentum: float = 0.1, eps: float = 1e-5):
        whole("BatchNorm", channels=channels)
        above_zero("BatchNorm", "eps", eps)
        if not 0 <= momentum <= 1:
            raise ConfigError(f"BatchNorm: momentum must be from 0 to 1, found {momentum}")
        super().__init__(shapes={"weight": (channels,), "bias": (channels,)}, eps=eps)
        self.momentum = momentum
        self.parameters["weight"][...] = 1
        self.state = {
            "running_mean": np.zeros(channels, np.float32),
            "running_variance": np.ones(channels, np.float32),
        }

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return x normalised; in training, move the running averages towards those of x."""
        y = super().forward(x)
        if self.training:
            mean, variance, count = ops.moments(x)
            self.state["running_mean"] += self.momentum * (mean - self.state["running_mean"])
            unbiased = variance * (count / max(count - 1, 1))
            self.state["running_variance"] += self.momentum * (unbiased - self.state["running_variance"])
        return y

    def _inputs(self, x: np.ndarray) -> tuple[np.ndarray | None, ...]:
        fixed = (None, None) if self.training else tuple(self.state.values())
        return (x, self.parameters["weight"], self.parameters["bias"], *fixed)


class LayerNorm(Layer):
    """The last axes, of sizes ``shape``, to mean 0 and variance 1, then scaled and shifted; see ``ops.layer_norm``."""

    operation = "layer_norm"

    def __init__(self, shape: int | Sequence[int], *, eps: float = 1e-5):
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        super().__init__(shapes={"weight": shape, "bias": shape}, axes=len(shape), eps=eps)
        self.parameters["weight"][...] = 1

    def initialise(self, rng: np.random.Generator, draw: Draw) -> None:
        """Keep the scale at 1: it is no weight, whatever its shape."""


class Dropout(Layer):
    """In training each number becomes 0 with probability ``p``, the others grow by 1 / (1 - p); else nothing.

    Masks are drawn one after the other from ``seed``.
    """

    operation = "dropout"

    def __init__(self, p: float = 0.5, *, seed: int = 0):
        if not 0 <= p < 1:
            raise ConfigError(f"Dropout: p must be at least 0 and below 1, found {p}")
        super().__init__(p=p)
        self.rng = np.random.default_rng(seed)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return x with numbers dropped; in evaluation, x itself."""
        p = self.arguments["p"]
        self._kept["mask"] = mask = self.rng.random(x.shape) >= p if self.training else None
        return x if mask is None else ops.dropout(x, mask, p=p)

    def backward(self, grad: np.ndarray, *, input_gradient: bool = True) -> np.ndarray:
        """Return grad where a number was kept, by the same mask."""
        mask = self._kept["mask"]
        return grad if mask is None else ops.dropout(grad, mask, p=self.arguments["p"])  # linear, and its own transpose
