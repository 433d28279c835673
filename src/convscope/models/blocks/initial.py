"""How weights are drawn before training."""

from __future__ import annotations

from torch import nn


def draw_he(*parts: nn.Module) -> None:
    """Draw the convolutions and linear layers of ``parts`` anew: normal, variance 2 / fan-in, zero biases.

    He et al. 2015, "Delving deep into rectifiers": ReLU passes half of the variance on, so the signal keeps its size
    through any depth. Not for the layer that gives the logits, which no ReLU follows.
    """
    for module in (module for part in parts for module in part.modules()):
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
