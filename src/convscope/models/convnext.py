"""ConvNeXt (Liu et al. 2022, "A ConvNet for the 2020s").

The names of weights are those of torchvision's networks, so that public weights load unchanged.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from convscope.models.blocks import ChannelNorm, StochasticDepth, drop_rates, size_after


class Permute(nn.Module):
    """Another order of the axes: a view, no copy."""

    def __init__(self, *order: int):
        super().__init__()
        self.order = order

    def forward(self, x: Tensor) -> Tensor:
        """Return x with its axes in the order."""
        return x.permute(self.order)

    def extra_repr(self) -> str:
        """Return the order, for printing."""
        return ", ".join(map(str, self.order))


class ConvNeXtBlock(nn.Module):
    """7×7 on each channel alone, norm over the channels, 1×1 up to four times as many, GELU, 1×1 down.

    All this stands beside a shortcut. The 1×1 convolutions are linear layers with the channels last, as in the public
    weights. ``scale`` is what each channel of the branch is multiplied by at the start.
    """

    def __init__(self, channels: int, scale: float, drop_path: float):
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(channels, channels, 7, padding=3, groups=channels),
            Permute(0, 2, 3, 1),  # (N, H, W, C)
            nn.LayerNorm(channels, eps=1e-6),
            nn.Linear(channels, 4 * channels),
            nn.GELU(),
            nn.Linear(4 * channels, channels),
            Permute(0, 3, 1, 2),  # (N, C, H, W)
        )
        self.layer_scale = nn.Parameter(torch.full((channels, 1, 1), scale))
        self.drop_path = StochasticDepth(drop_path) if drop_path else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Return x + scale · block(x), (N, channels, H, W)."""
        return x + self.drop_path(self.layer_scale * self.block(x))


def _convnext(
    stem: nn.Conv2d,
    widths: tuple[int, ...],
    depths: tuple[int, ...],
    *,
    scale: float,
    std: float | None = None,
    drop_path: float,
    classes: int,
    size: tuple[int, int],
) -> nn.Sequential:
    """Chain stem, stages of blocks with halving 2×2 convolutions between them, mean, norm, linear.

    Weights are drawn with the standard deviation ``std``, by default one that keeps the variance from layer to layer.
    """
    features = nn.Sequential(nn.Sequential(stem, ChannelNorm(widths[0])))
    rates = iter(drop_rates(drop_path, sum(depths)))
    for at, (width, depth) in enumerate(zip(widths, depths, strict=True)):
        if at:
            before = widths[at - 1]
            features.append(nn.Sequential(ChannelNorm(before), nn.Conv2d(before, width, 2, 2)))
        features.append(nn.Sequential(*(ConvNeXtBlock(width, scale, next(rates)) for _ in range(depth))))
    classifier = nn.Sequential(ChannelNorm(widths[-1]), nn.Flatten(), nn.Linear(widths[-1], classes))
    net = nn.Sequential(OrderedDict(features=features, avgpool=nn.AdaptiveAvgPool2d(1), classifier=classifier))
    size_after(net, size)
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            if std is None:
                nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
            else:
                nn.init.trunc_normal_(module.weight, std=std)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return net


def convnext_tiny(*, classes: int, channels: int, size: tuple[int, int], drop_path: float = 0.1) -> nn.Sequential:
    """Build the smallest network of the paper: 28,589,128 weights for 1,000 classes of RGB images."""
    return _convnext(
        nn.Conv2d(channels, 96, 4, 4), (96, 192, 384, 768), (3, 3, 9, 3), scale=1e-6, std=0.02, drop_path=drop_path,
        classes=classes, size=size,
    )  # fmt: skip


def convnext_mini(*, classes: int, channels: int, size: tuple[int, int], drop_path: float = 0.0) -> nn.Sequential:
    """Build six blocks of 32, 64 and 128 channels behind an overlapping stem of stride 2, for about 28×28.

    Its branches and weights start at the size they have in use, not near zero as in the published network: trainings
    of some thousand steps are too short to grow them.
    """
    stem = nn.Conv2d(channels, 32, 3, 2, 1)
    return _convnext(stem, (32, 64, 128), (2, 2, 2), scale=1.0, drop_path=drop_path, classes=classes, size=size)
