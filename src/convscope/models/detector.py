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
        # A positive weight makes the kernel look for the second class itself; with a random sign half of the trainings
        # learn what the first class looks like, and the kernel shows nothing a person would recognise.
        nn.init.ones_(self.scale.weight)
        nn.init.zeros_(self.scale.bias)
        nn.init.normal_(self.conv.weight, std=0.02)

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
