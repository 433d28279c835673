"""Residual networks (He et al. 2016, "Deep residual learning for image recognition")."""

from __future__ import annotations

from torch import nn

from convscope.models.blocks import Residual, convolution


def resnet_mini(
    *, classes: int, channels: int, size: tuple[int, int], width: int = 16, dropout: float = 0.0
) -> nn.Sequential:
    """Build a small residual network that fits itself to the image: 412,666 weights on 1×28×28.

    After Page's ResNet-9 (2018, "How to train your ResNet"), a quarter as wide: each stage doubles the channels and
    halves the sides, with a residual block in the first and in the last, until the shorter side is at most 4; the
    largest value of each channel feeds the classes. Images above 64 pixels are halved by the stem first. Any larger
    image than the one it was built for works too.
    """
    side = min(size)
    layers: list[nn.Module] = [convolution(channels, width, stride=2 if side > 64 else 1)]
    side = -(-side // 2) if side > 64 else side
    while side > 64:
        layers.append(nn.MaxPool2d(2, ceil_mode=True))
        side = -(-side // 2)
    inputs, stages = width, 0
    while side > 4 or stages < 2:
        layers.append(convolution(inputs, 2 * inputs, pool=side > 1))
        inputs, stages, side = 2 * inputs, stages + 1, -(-side // 2)
        if stages == 1:
            layers.append(Residual(inputs))
    layers += [Residual(inputs), nn.AdaptiveMaxPool2d(1), nn.Flatten()]
    if dropout:
        layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers, nn.Linear(inputs, classes))
