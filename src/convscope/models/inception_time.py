"""InceptionTime's network (Ismail Fawaz et al. 2020): kernels of three lengths side by side, beside a maximum."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from convscope.models.blocks.masked import Told, Unit, chain, norm, pool

KERNELS = (39, 19, 9)  # odd ones, which lie evenly about a step; the paper's are 40, 20 and 10
DEPTH = 6


class Inception(Told):
    """Kernels of 39, 19 and 9 steps over a bottleneck, and one over the maximum of three steps: (N, 4 width, T)."""

    def __init__(self, inputs: int, width: int, *, masked: bool):
        super().__init__()
        narrow = width if inputs > 1 else 1
        self.bottleneck = nn.Conv1d(inputs, narrow, 1, bias=False) if inputs > 1 else nn.Identity()
        self.convs = nn.ModuleList(
            nn.Conv1d(narrow, width, kernel, padding=kernel // 2, bias=False) for kernel in KERNELS
        )
        self.maximum = nn.MaxPool1d(3, stride=1, padding=1)
        self.of_maximum = nn.Conv1d(inputs, width, 1, bias=False)
        self.norm = norm(4 * width, masked=masked)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the responses of all kernels."""
        narrow = self.bottleneck(x)
        maxima = self.maximum(x) if mask is None else self._maxima(x, mask)
        joined = torch.cat([*(conv(narrow) for conv in self.convs), self.of_maximum(maxima)], 1)
        return self.relu(self.norm(joined)) if mask is None else self.relu(self.norm(joined, mask)) * mask

    def _maxima(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return the maxima over steps inside the signals, 0 behind them."""
        known = mask > 0
        return torch.where(known, self.maximum(torch.where(known, x, -torch.inf)), 0)


class Block(Told):
    """Three Inception modules beside a shortcut."""

    def __init__(self, inputs: int, width: int, *, masked: bool):
        super().__init__()
        widths = (inputs, 4 * width, 4 * width)
        self.parts = nn.ModuleList(Inception(each, width, masked=masked) for each in widths)
        self.shortcut = Unit(inputs, 4 * width, 1, masked=masked, relu=False)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return relu(shortcut(x) + modules(x)), (N, 4 width, T)."""
        beside = self.shortcut(x, mask)
        for module in self.parts:
            x = module(x, mask)
        return self.relu(x + beside)


def inception(
    *, classes: int, channels: int = 1, size: tuple[int, ...] | None = None, width: int = 32
) -> nn.Sequential:
    """Build one network of InceptionTime: two blocks of three modules, each of ``width`` kernels of each length."""
    masked = size is None
    return chain(
        {
            "block1": Block(channels, width, masked=masked), "block2": Block(4 * width, width, masked=masked),
            "pool": pool(size), "flatten": nn.Flatten(), "fc": nn.Linear(4 * width, classes),
        },
        size,
    )  # fmt: skip
