"""Small networks for images without an up: the answer is the same for every quarter turn, with p4m also for mirrors.

``p4_mini``, ``p4m_mini`` and ``plain_mini`` are one architecture over group and plain convolutions, with equally many
weights: a group convolution has |G| times the weights of a plain one, so its layers are narrower by √|G|. A group's
network costs about |G| times the multiplications of the plain one: each weight is used in |G| forms.

The invariance is exact up to rounding, for every image size: convolutions pad all borders alike, ``Halving`` treats
them alike, and the largest value over elements and places feeds the classes. Other angles are not exact; how far off
they are depends on what was learned.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import partial

from torch import nn

from convscope.errors import ConfigError
from convscope.geometry import output_size
from convscope.models.equivariant.group import P4, P4M, Group
from convscope.models.equivariant.layers import GroupBatchNorm, GroupConvolution, GroupPool, Halving, Lifting


def _convolution(group: Group | None, inputs: int, outputs: int, kernel_size: int, *, lifting: bool) -> nn.Module:
    if group is None:
        return nn.Conv2d(inputs, outputs, kernel_size, padding=kernel_size // 2, bias=False)
    kind = Lifting if lifting else GroupConvolution
    return kind(group, inputs, outputs, kernel_size, padding=kernel_size // 2, bias=False)


def _norm(group: Group | None, channels: int) -> nn.Module:
    return nn.BatchNorm2d(channels) if group is None else GroupBatchNorm(group, channels)


def _stem(group: Group | None, channels: int, width: int, side: int) -> tuple[nn.Sequential, int]:
    """Build the layers that see the image; return them and the side they leave: a half, at most 32."""
    layers: OrderedDict[str, nn.Module] = OrderedDict(conv=_convolution(group, channels, width, 5, lifting=True))
    while "pool1" not in layers or side > 32:
        layers[f"pool{len(layers)}"] = Halving()
        side = -(-side // 2)
    return nn.Sequential(layers | {"norm": _norm(group, width), "relu": nn.ReLU()}), side


def _stage(group: Group | None, inputs: int, outputs: int, *, pool: bool) -> nn.Sequential:
    first, second = (_convolution(group, inputs, width, 3, lifting=False) for width in (inputs, outputs))
    layers = OrderedDict(conv1=first, norm1=_norm(group, inputs), relu1=nn.ReLU(), conv2=second)
    if pool:  # before the norm, which then works on a quarter of the values
        layers["pool"] = Halving()
    return nn.Sequential(layers | {"norm2": _norm(group, outputs), "relu2": nn.ReLU()})


def _mini(group: Group | None, *, classes: int, channels: int, size: tuple[int, int], width: int = 28) -> nn.Sequential:
    """Chain a stem of 5×5, stages of two 3×3 that double the channels until the shorter side is at most 8, and a head.

    ``width`` is that of the plain network's first layer; a group's network divides it by √|G|. At 28, on 1×28×28 and
    ten classes: 108,230 weights plain, 107,040 with p4, 108,860 with p4m. From 17 pixels a side on, grey or colour, up
    to ten classes, the three stay within 2 %.
    """
    if width < 2:
        raise ConfigError(f"option 'width' must be at least 2, got {width}")
    for side in size:
        output_size(side, 5, padding=2, what="the 5-pixel convolution window")

    def wide(doublings: int) -> int:
        return round(width * 2**doublings / (group.size if group else 1) ** 0.5)

    stem, side = _stem(group, channels, wide(0), min(size))
    net = nn.Sequential(OrderedDict(stem=stem))
    stages, last = 0, False
    while not last:
        last = side <= 8
        net.add_module(f"stage{stages + 1}", _stage(group, wide(stages), wide(stages + 1), pool=not last))
        stages, side = stages + 1, -(-side // 2)
    if group:
        net.add_module("grouppool", GroupPool(group))
    for name, module in (
        ("maxpool", nn.AdaptiveMaxPool2d(1)), ("flatten", nn.Flatten()), ("fc", nn.Linear(wide(stages), classes)),
    ):  # fmt: skip
        net.add_module(name, module)
    for module in net.modules():
        if isinstance(module, nn.Conv2d | Lifting | GroupConvolution):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    return net


plain_mini = partial(_mini, None)
p4_mini = partial(_mini, P4)
p4m_mini = partial(_mini, P4M)
