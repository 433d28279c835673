"""Channels weighed by what the whole image holds."""

from __future__ import annotations

from torch import Tensor, nn


class SqueezeExcite(nn.Module):
    """Multiply each channel by a factor in 0..1 made from all channels' means (Hu et al. 2018).

    The means pass through ``channels`` / 16 values, at least 8: 1×1 convolution, ReLU, 1×1 convolution, sigmoid.
    """

    def __init__(self, channels: int):
        super().__init__()
        hidden = max(8, channels // 16)
        self.mean = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, hidden, 1)
        self.relu = nn.ReLU()
        self.fc2 = nn.Conv2d(hidden, channels, 1)
        self.gate = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        """Return x · gate(x), (N, channels, H, W)."""
        return x * self.gate(self.fc2(self.relu(self.fc1(self.mean(x)))))
