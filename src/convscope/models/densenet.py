"""Densely connected networks (Huang et al. 2017, "Densely connected convolutional networks").

The names of weights are those of torchvision's networks; weights published in its older naming (``norm.1`` for
``norm1``) load with these dots taken out.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import partial

import torch
from torch import Tensor, nn

from convscope.errors import ConfigError
from convscope.models.blocks import size_after


class DenseLayer(nn.Module):
    """Norm, ReLU, 1×1 to ``narrow`` channels, norm, ReLU, 3×3 to ``growth``: these are put behind the input's channels.

    Without ``narrow`` the 3×3 convolution works on the input itself (the paper's networks without "B").
    """

    def __init__(self, inputs: int, growth: int, narrow: int):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.relu1 = nn.ReLU()
        if narrow:
            self.conv1 = nn.Conv2d(inputs, narrow, 1, bias=False)
            self.norm2 = nn.BatchNorm2d(narrow)
            self.relu2 = nn.ReLU()
            self.conv2 = nn.Conv2d(narrow, growth, 3, padding=1, bias=False)
        else:
            self.conv1 = nn.Conv2d(inputs, growth, 3, padding=1, bias=False)
        self.narrow = narrow

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, inputs + growth, H, W)."""
        new = self.conv1(self.relu1(self.norm1(x)))
        if self.narrow:
            new = self.conv2(self.relu2(self.norm2(new)))
        return torch.cat((x, new), 1)


def _transition(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            norm=nn.BatchNorm2d(inputs),
            relu=nn.ReLU(),
            conv=nn.Conv2d(inputs, outputs, 1, bias=False),
            pool=nn.AvgPool2d(2),
        )
    )


def _densenet(
    stem: list[nn.Module], growth: int, blocks: tuple[int, ...], *, narrow: int, classes: int, size: tuple[int, int]
) -> nn.Sequential:
    """Chain stem, blocks of dense layers with transitions between them (half the channels and sides), mean, linear."""
    names = ("conv0", "norm0", "relu0", "pool0")
    features = nn.Sequential(OrderedDict(zip(names, stem, strict=True)))
    assert isinstance(stem[0], nn.Conv2d)
    inputs = stem[0].out_channels
    for at, layers in enumerate(blocks, 1):
        dense = nn.Sequential()
        for layer in range(1, layers + 1):
            dense.add_module(f"denselayer{layer}", DenseLayer(inputs, growth, narrow * growth))
            inputs += growth
        features.add_module(f"denseblock{at}", dense)
        if at < len(blocks):
            features.add_module(f"transition{at}", _transition(inputs, inputs // 2))
            inputs //= 2
    features.add_module(f"norm{len(blocks) + 1}", nn.BatchNorm2d(inputs))
    net = nn.Sequential(
        OrderedDict(
            features=features,
            relu=nn.ReLU(),
            avgpool=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            classifier=nn.Linear(inputs, classes),
        )
    )
    size_after(net, size)
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
        elif isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)
    return net


def densenet(
    *,
    classes: int,
    channels: int,
    size: tuple[int, int],
    growth: int = 32,
    blocks: tuple[int, ...] | str = (4, 4, 4, 4),
    bottleneck: int = 4,
) -> nn.Sequential:
    """Build a network of ``blocks`` dense layers a block, each adding ``growth`` channels, behind a stem of 7×7 and 64.

    A layer's 1×1 convolution leaves ``bottleneck`` · ``growth`` channels; with 0 there is none. ``blocks`` may be
    written "4,4,4,4". Raises ``ConfigError`` for numbers that make no network.
    """
    depths = _depths(blocks)
    if growth < 1 or bottleneck < 0:
        raise ConfigError(f"growth must be at least 1 and bottleneck at least 0, found {growth} and {bottleneck}")
    stem = [nn.Conv2d(channels, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    return _densenet(stem, growth, depths, narrow=bottleneck, classes=classes, size=size)


def _depths(blocks: tuple[int, ...] | str) -> tuple[int, ...]:
    try:
        depths = tuple(int(part) for part in blocks.split(",")) if isinstance(blocks, str) else tuple(blocks)
    except (TypeError, ValueError):
        depths = ()
    if not depths or not all(isinstance(depth, int) and depth > 0 for depth in depths):
        raise ConfigError(f"blocks must be whole numbers of layers, such as 4,4,4,4; found {blocks!r}")
    return depths


def _published(blocks: tuple[int, ...], *, classes: int, channels: int, size: tuple[int, int]) -> nn.Sequential:
    return densenet(classes=classes, channels=channels, size=size, blocks=blocks)


densenet121 = partial(_published, (6, 12, 24, 16))
densenet169 = partial(_published, (6, 12, 32, 32))
densenet201 = partial(_published, (6, 12, 48, 32))


def densenet_mini(*, classes: int, channels: int, size: tuple[int, int], growth: int = 16) -> nn.Sequential:
    """Build a stem of 3×3 and 32 channels and three blocks of four layers without bottleneck, for about 28×28."""
    stem = [nn.Conv2d(channels, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2)]
    return _densenet(stem, growth, (4, 4, 4), narrow=0, classes=classes, size=size)
