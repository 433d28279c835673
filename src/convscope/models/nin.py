"""Network in network: after each convolution, dense layers at every pixel, as 1×1 convolutions (Lin, Chen, Yan 2014).

There is no dense layer at the end: the last block makes one map a class, and the mean of a map is its class's logit.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from convscope.models.blocks import draw_he, size_after


def _block(
    inputs: int,
    widths: tuple[int, int, int],
    kernel: tuple[int, int, int],
    *,
    norm: bool = False,
    pool: nn.Module | None = None,
) -> list[nn.Module]:
    """Return a convolution (``kernel``: size, stride, padding) and two of 1×1, each with ReLU, and pooling at the end.

    Pooling stands before the last norm and ReLU, which then work on fewer values; without a norm the outcome is the
    same.
    """
    layers: list[nn.Module] = []
    for at, width in enumerate(widths):
        layers.append(nn.Conv2d(inputs, width, *((1, 1, 0) if at else kernel), bias=not norm))
        if pool and at == 2:
            layers.append(pool)
        if norm:
            layers.append(nn.BatchNorm2d(width))
        layers.append(nn.ReLU())
        inputs = width
    return layers


def _chain(features: nn.Sequential, classifier: nn.Sequential, size: tuple[int, int]) -> nn.Sequential:
    net = nn.Sequential(
        OrderedDict(features=features, classifier=classifier, avgpool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten())
    )
    size_after(net, size)
    draw_he(features, classifier[:-1])
    return net


def nin(*, classes: int, channels: int, size: tuple[int, int], dropout: float = 0.5) -> nn.Sequential:
    """Build the authors' network for ImageNet, with AlexNet's kernels: 7,595,176 weights for 1,000 classes.

    Unlike theirs, its class maps have no ReLU, so that logits may be negative.
    """
    features = nn.Sequential(
        *_block(channels, (96, 96, 96), (11, 4, 0), pool=nn.MaxPool2d(3, 2, ceil_mode=True)),
        *_block(96, (256, 256, 256), (5, 1, 2), pool=nn.MaxPool2d(3, 2, ceil_mode=True)),
        *_block(256, (384, 384, 384), (3, 1, 1), pool=nn.MaxPool2d(3, 2, ceil_mode=True)),
    )
    last = _block(384, (1024, 1024, classes), (3, 1, 1))[:-1]
    return _chain(features, nn.Sequential(nn.Dropout(dropout), *last), size)


def nin_mini(*, classes: int, channels: int, size: tuple[int, int], dropout: float = 0.5) -> nn.Sequential:
    """Build the same plan for images of about 28×28, with batch norm: 233,120 weights on 1×28×28.

    Pooling takes 2×2 and rounds up, so that any image works.
    """
    features = nn.Sequential(
        *_block(channels, (32, 32, 32), (5, 1, 2), norm=True, pool=nn.MaxPool2d(2, ceil_mode=True)),
        *_block(32, (64, 64, 64), (3, 1, 1), norm=True, pool=nn.MaxPool2d(2, ceil_mode=True)),
        *_block(64, (96, 96, 96), (3, 1, 1), norm=True, pool=nn.MaxPool2d(2, ceil_mode=True)),
    )
    last = _block(96, (128, 128, classes), (3, 1, 1), norm=True)
    return _chain(features, nn.Sequential(nn.Dropout(dropout), *last[:-2]), size)
