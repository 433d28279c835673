"""GoogLeNet: blocks that look with several kernel sizes at once (Szegedy et al. 2015, "Going deeper").

With batch norm, as public weights have it, under their names, and without the auxiliary classifiers, which only
training of the original used. Where the paper's third branch has a kernel of 5×5, public weights have 3×3.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from convscope.models.blocks import draw_he, size_after

Widths = tuple[int, int, int, int, int, int]

# Table 1 of the paper: outputs of 1×1; 1×1 before the second branch, its outputs; the same of the third; pooling's 1×1.
TABLE: dict[str, Widths] = {
    "inception3a": (64, 96, 128, 16, 32, 32),
    "inception3b": (128, 128, 192, 32, 96, 64),
    "inception4a": (192, 96, 208, 16, 48, 64),
    "inception4b": (160, 112, 224, 24, 64, 64),
    "inception4c": (128, 128, 256, 24, 64, 64),
    "inception4d": (112, 144, 288, 32, 64, 64),
    "inception4e": (256, 160, 320, 32, 128, 128),
    "inception5a": (256, 160, 320, 32, 128, 128),
    "inception5b": (384, 192, 384, 48, 128, 128),
}
MINI: dict[str, Widths] = {
    "inception2a": (16, 24, 32, 8, 8, 8),
    "inception2b": (24, 32, 48, 8, 16, 8),
    "inception3a": (32, 48, 64, 8, 16, 16),
    "inception3b": (48, 64, 96, 16, 24, 24),
}


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Build a convolution that keeps the sides but for its stride, with batch norm and ReLU."""
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
            bn=nn.BatchNorm2d(outputs, eps=0.001),
            relu=nn.ReLU(),
        )
    )


class Inception(nn.Module):
    """Four branches side by side: 1×1; 1×1 and 3×3; the same, narrower; 3×3 max pooling and 1×1."""

    def __init__(self, inputs: int, widths: Widths):
        super().__init__()
        pointwise, before, second, before_third, third, pooled = widths
        self.outputs = pointwise + second + third + pooled
        self.branch1 = _convolution(inputs, pointwise, 1)
        self.branch2 = nn.Sequential(_convolution(inputs, before, 1), _convolution(before, second, 3))
        self.branch3 = nn.Sequential(_convolution(inputs, before_third, 1), _convolution(before_third, third, 3))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, 1), _convolution(inputs, pooled, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, H, W): the branches' maps one after the other."""
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


def _chain(
    stem: OrderedDict[str, nn.Module],
    inputs: int,
    table: dict[str, Widths],
    pools: dict[str, nn.MaxPool2d],
    classes: int,
    size: tuple[int, int],
    dropout: float,
) -> nn.Sequential:
    """Chain stem, the table's blocks (with ``pools[name]`` after the block ``name``), mean, dropout and fc."""
    net = nn.Sequential(stem)
    for name, widths in table.items():
        block = Inception(inputs, widths)
        net.add_module(name, block)
        inputs = block.outputs
        if name in pools:
            net.add_module(f"maxpool{name[-2]}", pools[name])
    size_after(net, size)
    draw_he(net)
    net.add_module("avgpool", nn.AdaptiveAvgPool2d(1))
    net.add_module("flatten", nn.Flatten())
    net.add_module("dropout", nn.Dropout(dropout))
    net.add_module("fc", nn.Linear(inputs, classes))
    return net


def googlenet(*, classes: int, channels: int, size: tuple[int, int], dropout: float = 0.2) -> nn.Sequential:
    """Build the network for photographs: 6,624,904 weights for RGB and 1,000 classes."""
    stem = OrderedDict[str, nn.Module](
        conv1=_convolution(channels, 64, 7, 2), maxpool1=nn.MaxPool2d(3, 2, ceil_mode=True),
        conv2=_convolution(64, 64, 1), conv3=_convolution(64, 192, 3), maxpool2=nn.MaxPool2d(3, 2, ceil_mode=True),
    )  # fmt: skip
    pools = {"inception3b": nn.MaxPool2d(3, 2, ceil_mode=True), "inception4e": nn.MaxPool2d(2, 2, ceil_mode=True)}
    return _chain(stem, 192, TABLE, pools, classes, size, dropout)


def googlenet_mini(*, classes: int, channels: int, size: tuple[int, int], dropout: float = 0.2) -> nn.Sequential:
    """Build two and two of the same blocks for images of about 28×28: 149,514 weights on 1×28×28."""
    stem = OrderedDict[str, nn.Module](conv1=_convolution(channels, 32, 3), maxpool1=nn.MaxPool2d(2, ceil_mode=True))
    return _chain(stem, 32, MINI, {"inception2b": nn.MaxPool2d(2, ceil_mode=True)}, classes, size, dropout)
