"""AlexNet: five convolutions, overlapping pooling, three dense layers (Krizhevsky, Sutskever, Hinton 2012).

The form is that of one column (Krizhevsky 2014, "One weird trick"), as public weights have it, with their names.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from convscope.models.blocks import draw_he, size_after


def _chain(features: nn.Sequential, side: int, classifier: nn.Sequential, size: tuple[int, int]) -> nn.Sequential:
    """Chain features, means of each map over ``side`` × ``side`` regions, and the dense layers."""
    net = nn.Sequential(
        OrderedDict(features=features, avgpool=nn.AdaptiveAvgPool2d(side), flatten=nn.Flatten(), classifier=classifier)
    )
    size_after(net, size)
    draw_he(features, classifier[:-1])
    return net


def alexnet(*, classes: int, channels: int, size: tuple[int, int], dropout: float = 0.5) -> nn.Sequential:
    """Build the network for photographs: 61,100,840 weights on 3×224×224 and 1,000 classes.

    Its features leave 6×6 of 224×224; of other sizes, means over 6×6 regions go on to the dense layers.
    """
    features = nn.Sequential(
        nn.Conv2d(channels, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 5, 1, 2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, 1, 1), nn.ReLU(),
        nn.Conv2d(384, 256, 3, 1, 1), nn.ReLU(),
        nn.Conv2d(256, 256, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(3, 2),
    )  # fmt: skip
    classifier = nn.Sequential(
        nn.Dropout(dropout), nn.Linear(256 * 6 * 6, 4096), nn.ReLU(),
        nn.Dropout(dropout), nn.Linear(4096, 4096), nn.ReLU(),
        nn.Linear(4096, classes),
    )  # fmt: skip
    return _chain(features, 6, classifier, size)


def alexnet_mini(*, classes: int, channels: int, size: tuple[int, int], dropout: float = 0.5) -> nn.Sequential:
    """Build the same plan for images of about 28×28: smaller kernels, batch norm, 1,006,058 weights on 1×28×28.

    Pooling stands before norm and activation, which then work on a quarter of the values.
    """
    features = nn.Sequential(
        nn.Conv2d(channels, 32, 5, 1, 2, bias=False), nn.MaxPool2d(3, 2, 1), nn.BatchNorm2d(32), nn.ReLU(),
        nn.Conv2d(32, 64, 3, 1, 1, bias=False), nn.MaxPool2d(3, 2, 1), nn.BatchNorm2d(64), nn.ReLU(),
        nn.Conv2d(64, 96, 3, 1, 1, bias=False), nn.BatchNorm2d(96), nn.ReLU(),
        nn.Conv2d(96, 96, 3, 1, 1, bias=False), nn.BatchNorm2d(96), nn.ReLU(),
        nn.Conv2d(96, 64, 3, 1, 1, bias=False), nn.MaxPool2d(3, 2, 1), nn.BatchNorm2d(64), nn.ReLU(),
    )  # fmt: skip
    classifier = nn.Sequential(
        nn.Dropout(dropout), nn.Linear(64 * 4 * 4, 512), nn.ReLU(),
        nn.Dropout(dropout), nn.Linear(512, 512), nn.ReLU(),
        nn.Linear(512, classes),
    )  # fmt: skip
    return _chain(features, 4, classifier, size)
