"""Residual networks (He et al. 2016, "Deep residual learning for image recognition")."""

from __future__ import annotations

from torch import nn

from convscope.models.blocks import ResidualBlock


def resnet_mini(
    *, classes: int, channels: int, size: tuple[int, int], width: int = 24, dropout: float = 0.0
) -> nn.Sequential:
    """Build a small residual network that fits itself to the image: 163,378 weights on 1×28×28.

    The stem halves the image until its shorter side is at most 32, then one residual block a stage doubles the
    channels and halves the sides until they are at most 8; the mean over what is left feeds the classes, so any
    larger image works too.
    """
    side = min(size)
    stem: list[nn.Module] = [nn.Conv2d(channels, width, 3, padding=1, stride=2 if side > 64 else 1, bias=False)]
    side = -(-side // 2) if side > 64 else side
    # Pooling comes before norm and activation, which then work on a quarter of the values.
    while side > 16 and not (len(stem) > 1 and side <= 32):
        stem.append(nn.MaxPool2d(2, ceil_mode=True))
        side = -(-side // 2)
    stem += [nn.BatchNorm2d(width), nn.ReLU()]
    stages: list[nn.Module] = [ResidualBlock(width, 2 * width)]
    out = 2 * width
    while side > 8 or len(stages) < 2:
        stages.append(ResidualBlock(out, 2 * out, stride=2))
        out, side = 2 * out, -(-side // 2)
    head: list[nn.Module] = [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    if dropout:
        head.append(nn.Dropout(dropout))
    net = nn.Sequential(*stem, *stages, *head, nn.Linear(out, classes))
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return net
