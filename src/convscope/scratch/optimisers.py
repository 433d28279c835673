"""From gradients to better weights. A step works on two flat arrays, ``net.weights`` and ``net.gradient``.

An optimiser remembers (momentum, averages) for one network; give each network its own. Its ``lr`` may be changed
between steps. Equal to ``torch.optim`` step for step.
"""

from __future__ import annotations

import weakref
from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from convscope.errors import ConfigError
from convscope.scratch.layers import Layer
from convscope.scratch.sequential import Sequential
from convscope.scratch.settings import above_zero


class Optimiser(ABC):
    """What all share: checked settings, and arrays as large as the weights that live from step to step."""

    def __init__(self, lr: float, weight_decay: float, **shares: float):
        for name, value in {"lr": lr, "weight_decay": weight_decay}.items():
            if not value >= 0:
                raise ConfigError(f"{type(self).__name__}: {name} must not be negative, found {value}")
        for name, value in shares.items():
            if not 0 <= value < 1:
                raise ConfigError(f"{type(self).__name__}: {name} must be at least 0 and below 1, found {value}")
        self.lr = lr
        self.weight_decay = weight_decay
        self.steps = 0
        self._memory: dict[str, np.ndarray] = {}
        self._net: weakref.ref[Sequential] | None = None  # whose weights it has changed

    @abstractmethod
    def step(self, net: Sequential) -> None:
        """Change the weights of ``net`` by one step against its gradient."""

    def _remembered(self, name: str, net: Sequential) -> np.ndarray:
        """Return the array ``name`` of the one network, zeros at first."""
        if self._net is None:
            self._net = weakref.ref(net)
        if name not in self._memory:
            self._memory[name] = np.zeros_like(net.weights)
        array = self._memory[name]
        same = array.shape == net.weights.shape and array.dtype == net.weights.dtype  # not so for a copied optimiser
        if self._net() is not net or not same:
            raise ConfigError(
                f"{type(self).__name__}: has made steps for another network, of {array.size} {array.dtype} weights, "
                f"and this one has {net.weights.size} {net.weights.dtype}; make a new optimiser for each network"
            )
        return array

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_net": None}  # a copy goes on with the network that it is first given


class SGD(Optimiser):
    """Stochastic gradient descent: w ← w - lr · v, where v ← momentum · v + g, and g is the gradient.

    With ``nesterov`` the step is along g + momentum · v (Sutskever et al. 2013). ``weight_decay`` adds its multiple of
    w to g. By hand: w = 1, g = 2, lr = 0.1: 1 - 0.1 · 2 = 0.8.

    Raises:
        ConfigError: a setting out of range.

    >>> SGD(-1)
    Traceback (most recent call last):
    convscope.errors.ConfigError: SGD: lr must not be negative, found -1
    """

    def __init__(self, lr: float, *, momentum: float = 0.0, nesterov: bool = False, weight_decay: float = 0.0):
        super().__init__(lr, weight_decay, momentum=momentum)
        if nesterov and not momentum:
            raise ConfigError("SGD: nesterov looks ahead along the momentum, which is 0; give momentum=0.9")
        self.momentum = momentum
        self.nesterov = nesterov

    def step(self, net: Sequential) -> None:
        """Change the weights of ``net`` by one step against its gradient."""
        gradient, change = net.gradient, self._remembered("change", net)
        self.steps += 1
        if self.weight_decay:
            np.multiply(net.weights, self.weight_decay, out=change)
            change += gradient
            gradient = change
        if self.momentum:
            velocity = self._remembered("velocity", net)
            velocity *= self.momentum
            velocity += gradient
            gradient = gradient + self.momentum * velocity if self.nesterov else velocity
        np.multiply(gradient, self.lr, out=change)
        net.weights -= change


class Adam(Optimiser):
    """Steps of a size of about lr for every weight: g / √(g²), both averaged over past steps (Kingma and Ba 2015).

    ``betas`` are the shares that the averages of g and g² keep of their past. ``weight_decay`` adds its multiple of w
    to g. The very first step is lr · sign(g), whatever the size of g.

    Raises:
        ConfigError: a setting out of range.
    """

    decoupled = False

    def __init__(
        self,
        lr: float = 0.001,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ):
        super().__init__(lr, weight_decay, beta1=betas[0], beta2=betas[1])
        self.betas = betas
        self.eps = eps

    def step(self, net: Sequential) -> None:
        """Change the weights of ``net`` by one step against its gradient."""
        gradient, mean, square = net.gradient, self._remembered("mean", net), self._remembered("square", net)
        self.steps += 1
        beta1, beta2 = self.betas
        if self.decoupled:
            net.weights *= 1 - self.lr * self.weight_decay
        elif self.weight_decay:
            gradient = gradient + self.weight_decay * net.weights
        mean += (1 - beta1) * (gradient - mean)
        square += (1 - beta2) * (gradient * gradient - square)
        spread = np.sqrt(square / (1 - beta2**self.steps)) + self.eps  # the averages begin at 0: correct for it
        net.weights -= self.lr / (1 - beta1**self.steps) * mean / spread


class AdamW(Adam):
    """Adam whose weight decay shrinks the weights themselves, apart from the gradient (Loshchilov and Hutter 2019)."""

    decoupled = True

    def __init__(
        self,
        lr: float = 0.001,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ):
        super().__init__(lr, betas=betas, eps=eps, weight_decay=weight_decay)


def clip_gradients(net: Sequential | Layer, norm: float) -> float:
    """Shrink the whole gradient to the length ``norm`` if it is longer; return its length before (Pascanu et al. 2013).

    ``net`` may also be one layer, whose own gradient is clipped. The direction is kept; the rule is that of PyTorch's
    ``clip_grad_norm_``. A gradient (3, 4) has length 5: clipped to 1 it becomes (0.6, 0.8).

    Raises:
        ConfigError: ``norm`` is not above 0.
    """
    above_zero("clip_gradients", "norm", norm)
    arrays = [net.gradient] if isinstance(net, Sequential) else net.gradients.values()
    gradients = [array.ravel("K") for array in arrays]  # views, in any order in memory
    length = float(np.sqrt(sum(gradient @ gradient for gradient in gradients)))
    scale = norm / (length + 1e-6)
    if not scale >= 1:  # written so that NaN goes through
        for gradient in gradients:  # the network's own numbers
            gradient *= scale
    return length
