"""How weights are drawn before training."""

from __future__ import annotations

from torch import nn


def draw_he(*parts: nn.Module) -> None:
    """Draw the convolutions and linear layers of ``parts`` anew: normal, variance 2 / fan-in, zero biases.

    He et al. 2015, "Delving deep into rectifiers": ReLU passes half of the variance on, so the signal keeps its size
    through any depth. Not for the layer that gives the logits, which no ReLU follows. Transposed convolutions whose
    windows do not overlap, which no ReLU follows either, get a variance of 1 / inputs.
    """
    for module in (module for part in parts for module in part.modules()):
        if isinstance(module, nn.Conv2d | nn.Conv3d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        elif isinstance(module, nn.ConvTranspose2d | nn.ConvTranspose3d):
            nn.init.normal_(module.weight, std=module.in_channels**-0.5)
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)
