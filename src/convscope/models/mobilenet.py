"""MobileNetV2 (Sandler et al. 2018, "MobileNetV2: Inverted residuals and linear bottlenecks").

The names of weights are those of torchvision's network, so that public weights load unchanged.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from convscope.models.blocks import size_after

# (widening inside, channels, blocks, stride of the first), a row a stage: table 2 of the paper.
_PUBLISHED = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
)  # fmt: skip
_MINI = ((1, 16, 1, 1), (4, 24, 2, 2), (4, 48, 3, 2), (4, 96, 2, 1))


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(),
    )


class InvertedResidual(nn.Module):
    """1×1 up to ``widening`` times the channels, 3×3 on each channel alone, 1×1 down without activation.

    Beside a shortcut where the shape stays.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, widening: int):
        super().__init__()
        self.stride = stride
        self.shortcut = stride == 1 and inputs == outputs
        width = inputs * widening
        self.conv = nn.Sequential(
            *([_convolution(inputs, width, 1)] if widening != 1 else []),
            _convolution(width, width, 3, stride, groups=width),
            nn.Conv2d(width, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, ⌈H/stride⌉, ⌈W/stride⌉)."""
        return x + self.conv(x) if self.shortcut else self.conv(x)


def _mobilenet(
    width: int,
    stride: int,
    stages: tuple[tuple[int, int, int, int], ...],
    last: int,
    *,
    dropout: float,
    classes: int,
    channels: int,
    size: tuple[int, int],
) -> nn.Sequential:
    """Chain a 3×3 stem, stages of inverted residuals, a 1×1 convolution to ``last`` channels, mean, dropout, linear."""
    features = nn.Sequential(_convolution(channels, width, 3, stride))
    inputs = width
    for widening, outputs, depth, first_stride in stages:
        for at in range(depth):
            features.append(InvertedResidual(inputs, outputs, 1 if at else first_stride, widening))
            inputs = outputs
    features.append(_convolution(inputs, last, 1))
    net = nn.Sequential(
        OrderedDict(
            features=features,
            avgpool=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            classifier=nn.Sequential(nn.Dropout(dropout), nn.Linear(last, classes)),
        )
    )
    size_after(net, size)
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out")
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.01)
            nn.init.zeros_(module.bias)
    return net


def mobilenet_v2(*, classes: int, channels: int, size: tuple[int, int], dropout: float = 0.2) -> nn.Sequential:
    """Build the network of the paper: 3,504,872 weights for 1,000 classes of RGB images."""
    return _mobilenet(32, 2, _PUBLISHED, 1280, dropout=dropout, classes=classes, channels=channels, size=size)


def mobilenet_v2_mini(*, classes: int, channels: int, size: tuple[int, int], dropout: float = 0.1) -> nn.Sequential:
    """Build eight inverted residuals behind a stem that keeps the sides, for images of about 28×28."""
    return _mobilenet(16, 1, _MINI, 256, dropout=dropout, classes=classes, channels=channels, size=size)
