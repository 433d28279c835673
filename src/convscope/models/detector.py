"""One kernel that looks for one pattern: the whole idea of a convolutional network in 124 weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from convscope.errors import ConfigError
from convscope.models.blocks import size_after


class SingleKernel(nn.Module):
    """Largest response of one ``kernel`` × ``kernel`` convolution over the image, through one weight and one bias.

    The score z gives the logits (-z, z); their softmax is eᶻ / (eᶻ + e⁻ᶻ), and its logarithm is taken without overflow.
    """

    def __init__(self, channels: int, kernel: int):
        super().__init__()
        self.conv = nn.Conv2d(channels, 1, kernel)
        self.scale = nn.Linear(1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to logits (N, 2)."""
        z = self.scale(self.conv(x).amax((2, 3)))
        return torch.cat((-z, z), 1)


def single_kernel(*, classes: int, channels: int, size: tuple[int, int], kernel: int = 11) -> SingleKernel:
    """Build the detector; ``ConfigError`` unless there are two classes."""
    if classes != 2:
        raise ConfigError(
            f"model 'single_kernel' tells two classes apart, and this set has {classes}; try 'tiny' or 'auto'"
        )
    net = SingleKernel(channels, kernel)
    size_after([net.conv], size)
    return net
