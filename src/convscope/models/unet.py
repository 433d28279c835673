"""The encoder of U-Net (Ronneberger et al. 2015), for classes; a decoder can be put on its levels.

Unlike in the paper the convolutions are padded, so that a map keeps its size until it is pooled, and batch norm stands
behind them unless ``norm="none"``.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from convscope.models.blocks import draw_he, size_after
from convscope.models.blocks import norm as norm_layer


def level(inputs: int, outputs: int, norm: str = "batch") -> nn.Sequential:
    """Build what works on maps of one size: two 3×3 convolutions, each with norm and ReLU."""
    bias = norm == "none"
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias),
            norm1=norm_layer(norm, outputs),
            relu1=nn.ReLU(),
            conv2=nn.Conv2d(outputs, outputs, 3, padding=1, bias=bias),
            norm2=norm_layer(norm, outputs),
            relu2=nn.ReLU(),
        )
    )


def encoder(channels: int, width: int, levels: int, norm: str = "batch") -> OrderedDict[str, nn.Module]:
    """Build the parts level1, pool1, level2, ..., to be run one after the other.

    ``levelN`` returns ``width`` · 2^(N-1) channels, at sides divided by 2^(N-1), rounded down: what a decoder takes.
    Raises ``ConfigError`` for an unknown norm.
    """
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    inputs, outputs = channels, width
    for at in range(1, levels + 1):
        if at > 1:
            parts[f"pool{at - 1}"] = nn.MaxPool2d(2)
        parts[f"level{at}"] = level(inputs, outputs, norm)
        inputs, outputs = outputs, 2 * outputs
    draw_he(*parts.values())
    return parts


def _classifier(
    width: int, levels: int, *, classes: int, channels: int, size: tuple[int, int], norm: str, dropout: float
) -> nn.Sequential:
    net = nn.Sequential(encoder(channels, width, levels, norm))
    for name, module in (
        ("avgpool", nn.AdaptiveAvgPool2d(1)), ("flatten", nn.Flatten()), ("dropout", nn.Dropout(dropout)),
        ("fc", nn.Linear(width * 2 ** (levels - 1), classes)),
    ):  # fmt: skip
        net.add_module(name, module)
    size_after(net, size)
    return net


def unet_encoder(
    *, classes: int, channels: int, size: tuple[int, int], width: int = 64, norm: str = "batch", dropout: float = 0.5
) -> nn.Sequential:
    """Build the five levels of the paper, 64 to 1,024 channels, the mean of the last map, dropout, linear."""
    return _classifier(width, 5, classes=classes, channels=channels, size=size, norm=norm, dropout=dropout)


def unet_encoder_mini(
    *, classes: int, channels: int, size: tuple[int, int], width: int = 16, norm: str = "batch", dropout: float = 0.1
) -> nn.Sequential:
    """Build four levels of 16 to 128 channels, for images of about 28×28."""
    return _classifier(width, 4, classes=classes, channels=channels, size=size, norm=norm, dropout=dropout)
