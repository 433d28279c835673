"""SqueezeNet (Iandola et al. 2016, "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters").

The names of weights are those of torchvision's networks, so that public weights load unchanged. The authors' own Caffe
network, version 1.0, differs in one thing without weights: its last 1×1 convolution is padded by 1, so that the mean
also counts a frame of ReLU(bias).
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from convscope.models.blocks import norm as norm_layer
from convscope.models.blocks import size_after


class Fire(nn.Module):
    """A 1×1 convolution down to ``squeezed`` channels; from these a 1×1 and a 3×3 one, ``expanded`` channels each."""

    def __init__(self, inputs: int, squeezed: int, expanded: int, *, norm: str = "none"):
        super().__init__()
        bias = norm == "none"
        self.squeeze = nn.Conv2d(inputs, squeezed, 1, bias=bias)
        self.squeeze_norm = norm_layer(norm, squeezed)
        self.squeeze_activation = nn.ReLU()
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1, bias=bias)
        self.expand1x1_norm = norm_layer(norm, expanded)
        self.expand1x1_activation = nn.ReLU()
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1, bias=bias)
        self.expand3x3_norm = norm_layer(norm, expanded)
        self.expand3x3_activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, 2·expanded, H, W)."""
        x = self.squeeze_activation(self.squeeze_norm(self.squeeze(x)))
        small = self.expand1x1_activation(self.expand1x1_norm(self.expand1x1(x)))
        large = self.expand3x3_activation(self.expand3x3_norm(self.expand3x3(x)))
        return torch.cat((small, large), 1)


def _pool() -> nn.MaxPool2d:
    return nn.MaxPool2d(3, 2, ceil_mode=True)


def _squeezenet(
    stem: list[nn.Module], plan: tuple[tuple[int, int] | None, ...], classifier: nn.Sequential, size: tuple[int, int],
    *, norm: str = "none",
) -> nn.Sequential:  # fmt: skip
    """Chain stem, fire modules (squeezed, expanded), poolings where ``plan`` has ``None``, and the classifier."""
    assert isinstance(stem[0], nn.Conv2d)
    features, inputs = nn.Sequential(*stem), stem[0].out_channels
    for widths in plan:
        features.append(Fire(inputs, *widths, norm=norm) if widths else _pool())
        inputs = 2 * widths[1] if widths else inputs
    net = nn.Sequential(OrderedDict(features=features, classifier=classifier, flatten=nn.Flatten()))
    size_after(net, size)
    last = [module for module in classifier if isinstance(module, nn.Conv2d)]
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            if module in last:
                nn.init.normal_(module.weight, std=0.01)
            else:
                nn.init.kaiming_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return net


def _classifier(classes: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.Dropout(dropout), nn.Conv2d(512, classes, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1))


def squeezenet1_0(*, classes: int, channels: int, size: tuple[int, int], dropout: float = 0.5) -> nn.Sequential:
    """Build version 1.0 of the paper: 1,248,424 weights for 1,000 classes of RGB images."""
    stem = [nn.Conv2d(channels, 96, 7, 2), nn.ReLU(), _pool()]
    plan = (
        (16, 64), (16, 64), (32, 128), None, (32, 128), (48, 192), (48, 192), (64, 256), None, (64, 256),
    )  # fmt: skip
    return _squeezenet(stem, plan, _classifier(classes, dropout), size)


def squeezenet1_1(*, classes: int, channels: int, size: tuple[int, int], dropout: float = 0.5) -> nn.Sequential:
    """Build the authors' version 1.1, with 2.4 times fewer products: 1,235,496 weights for 1,000 classes."""
    stem = [nn.Conv2d(channels, 64, 3, 2), nn.ReLU(), _pool()]
    plan = (
        (16, 64), (16, 64), None, (32, 128), (32, 128), None, (48, 192), (48, 192), (64, 256), (64, 256),
    )  # fmt: skip
    return _squeezenet(stem, plan, _classifier(classes, dropout), size)


def squeezenet_mini(*, classes: int, channels: int, size: tuple[int, int], dropout: float = 0.1) -> nn.Sequential:
    """Build a stem of 3×3 and six fire modules with batch norm, for images of about 28×28.

    No ReLU stands before the mean as in the large ones: a class whose scores are all negative would learn no more.
    """
    stem = [nn.Conv2d(channels, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(), _pool()]
    plan = ((16, 32), (16, 32), None, (32, 64), (32, 64), None, (48, 96), (48, 96))
    head = nn.Sequential(nn.Dropout(dropout), nn.Conv2d(192, classes, 1), nn.AdaptiveAvgPool2d(1))
    return _squeezenet(stem, plan, head, size, norm="batch")
