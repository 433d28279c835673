"""VGG: blocks of 3×3 convolutions, each followed by pooling that halves the sides (Simonyan, Zisserman 2015).

Letters A, B, D and E of the paper's table 1, each also with batch norm; the names of weights are torchvision's.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import partial

from torch import nn

from convscope.models.blocks import convolution, draw_he, size_after

WIDTHS = (64, 128, 256, 512, 512)


def _vgg(
    depths: tuple[int, ...],
    norm: bool,
    *,
    classes: int,
    channels: int,
    size: tuple[int, int],
    dropout: float = 0.5,
) -> nn.Sequential:
    """Build blocks of ``depths`` convolutions, means over 7×7 regions of what they leave, three dense layers."""
    features, inputs = nn.Sequential(), channels
    for depth, width in zip(depths, WIDTHS, strict=True):
        for _ in range(depth):
            features.append(nn.Conv2d(inputs, width, 3, 1, 1))
            if norm:
                features.append(nn.BatchNorm2d(width))
            features.append(nn.ReLU())
            inputs = width
        features.append(nn.MaxPool2d(2))
    net = nn.Sequential(OrderedDict(features=features, avgpool=nn.AdaptiveAvgPool2d(7), flatten=nn.Flatten()))
    size_after(net, size)
    classifier = nn.Sequential(
        nn.Linear(inputs * 7 * 7, 4096), nn.ReLU(), nn.Dropout(dropout),
        nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(dropout),
        nn.Linear(4096, classes),
    )  # fmt: skip
    draw_he(features, classifier[:-1])
    net.add_module("classifier", classifier)
    return net


vgg11 = partial(_vgg, (1, 1, 2, 2, 2), False)
vgg13 = partial(_vgg, (2, 2, 2, 2, 2), False)
vgg16 = partial(_vgg, (2, 2, 3, 3, 3), False)
vgg19 = partial(_vgg, (2, 2, 4, 4, 4), False)

vgg11_bn = partial(_vgg, (1, 1, 2, 2, 2), True)
vgg13_bn = partial(_vgg, (2, 2, 2, 2, 2), True)
vgg16_bn = partial(_vgg, (2, 2, 3, 3, 3), True)
vgg19_bn = partial(_vgg, (2, 2, 4, 4, 4), True)


def vgg_mini(*, classes: int, channels: int, size: tuple[int, int], dropout: float = 0.5) -> nn.Sequential:
    """Build VGG-11's plan with 16, 32, 64, 128, 128 channels and batch norm: 595,322 weights on 1×28×28.

    Pooling rounds up, so that no pixel is dropped and any image works. The last one takes the largest value of each
    map: of 2×2 where images have 28×28.
    """
    features, inputs = nn.Sequential(), channels
    for block, (depth, width) in enumerate(((1, 16), (1, 32), (2, 64), (2, 128), (2, 128))):
        for at in range(depth):
            features.append(convolution(inputs, width, pool=block < 4 and at == depth - 1))
            inputs = width
    net = nn.Sequential(OrderedDict(features=features, maxpool=nn.AdaptiveMaxPool2d(1), flatten=nn.Flatten()))
    size_after(net, size)
    classifier = nn.Sequential(nn.Linear(inputs, 128), nn.ReLU(), nn.Dropout(dropout), nn.Linear(128, classes))
    draw_he(features, classifier[:-1])
    net.add_module("classifier", classifier)
    return net
