"""Residual networks (He et al. 2016, "Deep residual learning for image recognition").

The names of weights are those of torchvision's networks, so that public weights load unchanged. Weights of CIFAR nets
in the wide-spread naming of akamaster/pytorch_resnet_cifar10 load with ``linear.`` renamed to ``fc.``.

Options of them all: ``norm`` names the normalisation; ``se`` puts squeeze-and-excitation at each block's end;
``drop_path`` is how often the last block is left out for an image while training, the others less often the earlier
they stand. Without any norm each block starts as its shortcut alone (Zhang et al. 2019, "Fixup initialization"), since
values would grow from block to block until they overflow.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from torch import Tensor, nn
from torch.nn.functional import pad

from convscope.models.blocks import Residual, SqueezeExcite, StochasticDepth, convolution, drop_rates, size_after
from convscope.models.blocks import norm as norm_layer


@dataclass(frozen=True)
class Parts:
    """What a network's blocks are made with: the norm's name, squeeze-and-excitation, the last block's drop rate."""

    norm: str
    se: bool
    drop_path: float

    def convolution(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
        """Build a convolution that keeps the size at stride 1; a norm behind it takes the bias's place."""
        return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=self.norm == "none")

    def ending(self, channels: int) -> nn.Module:
        """Build what stands behind a block's last norm, before its shortcut is added."""
        parts: list[nn.Module] = []
        if self.se:
            parts.append(SqueezeExcite(channels))
        if self.drop_path:
            parts.append(StochasticDepth(self.drop_path))
        return nn.Sequential(*parts) if parts else nn.Identity()


class BasicBlock(nn.Module):
    """Two 3×3 convolutions beside a shortcut; the first one strides."""

    widening = 1

    def __init__(self, inputs: int, width: int, stride: int, shortcut: nn.Module, parts: Parts):
        super().__init__()
        self.stride = stride
        self.conv1 = parts.convolution(inputs, width, 3, stride)
        self.bn1 = norm_layer(parts.norm, width)
        self.relu1 = nn.ReLU()
        self.conv2 = parts.convolution(width, width, 3)
        self.bn2 = norm_layer(parts.norm, width)
        self.ending = parts.ending(width)
        self.relu2 = nn.ReLU()
        self.downsample = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, width, ⌈H/stride⌉, ⌈W/stride⌉)."""
        y = self.relu1(self.bn1(self.conv1(x)))
        return self.relu2(self.ending(self.bn2(self.conv2(y))) + self.downsample(x))


class Bottleneck(nn.Module):
    """1×1 down to ``width``, 3×3, 1×1 up to four times as many, beside a shortcut.

    The 3×3 convolution strides, not the first one as in the paper: so do the public weights, which gained half a
    percent by it (torchvision's "ResNet v1.5").
    """

    widening = 4

    def __init__(self, inputs: int, width: int, stride: int, shortcut: nn.Module, parts: Parts):
        super().__init__()
        self.stride = stride
        self.conv1 = parts.convolution(inputs, width, 1)
        self.bn1 = norm_layer(parts.norm, width)
        self.relu1 = nn.ReLU()
        self.conv2 = parts.convolution(width, width, 3, stride)
        self.bn2 = norm_layer(parts.norm, width)
        self.relu2 = nn.ReLU()
        self.conv3 = parts.convolution(width, 4 * width, 1)
        self.bn3 = norm_layer(parts.norm, 4 * width)
        self.ending = parts.ending(4 * width)
        self.relu3 = nn.ReLU()
        self.downsample = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, 4·width, ⌈H/stride⌉, ⌈W/stride⌉)."""
        y = self.relu1(self.bn1(self.conv1(x)))
        y = self.relu2(self.bn2(self.conv2(y)))
        return self.relu3(self.ending(self.bn3(self.conv3(y))) + self.downsample(x))


class ZeroPadded(nn.Module):
    """The paper's shortcut A, without weights: every ``stride``-th row and column, channels of zeros around."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.stride = stride
        self.before = (outputs - inputs) // 2
        self.after = outputs - inputs - self.before

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, ⌈H/stride⌉, ⌈W/stride⌉)."""
        return pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.before, self.after))


def projection(parts: Parts, inputs: int, outputs: int, stride: int) -> nn.Module:
    """Build the paper's shortcut B: a 1×1 convolution with norm."""
    return nn.Sequential(parts.convolution(inputs, outputs, 1, stride), norm_layer(parts.norm, outputs))


def zero_padding(_: Parts, inputs: int, outputs: int, stride: int) -> nn.Module:
    """Build the paper's shortcut A."""
    return ZeroPadded(inputs, outputs, stride)


@dataclass(frozen=True)
class Variant:
    """What sets the published networks apart.

    ``depths`` counts the blocks of each stage. ``stem`` is (channels, kernel, stride) of the first convolution, and
    ``pool`` whether pooling follows. ``shortcut(parts, inputs, outputs, stride)`` builds what stands beside a block
    that changes the shape.
    """

    block: type[BasicBlock] | type[Bottleneck]
    depths: tuple[int, ...]
    stem: tuple[int, int, int]
    pool: bool
    shortcut: Callable[[Parts, int, int, int], nn.Module]


def _resnet(
    variant: Variant,
    *,
    classes: int,
    channels: int,
    size: tuple[int, int],
    norm: str = "batch",
    se: bool = False,
    drop_path: float = 0.0,
) -> nn.Sequential:
    """Chain stem, stages (each after the first halves the sides and doubles the channels), mean and linear layer."""
    parts, (width, kernel, stride) = Parts(norm, se, drop_path), variant.stem
    net = nn.Sequential(
        OrderedDict(
            conv1=parts.convolution(channels, width, kernel, stride),
            bn1=norm_layer(norm, width),
            relu=nn.ReLU(),
            maxpool=nn.MaxPool2d(3, 2, 1) if variant.pool else nn.Identity(),
        )
    )
    size_after(net, size)
    rates, inputs = iter(drop_rates(drop_path, sum(variant.depths))), width
    for n, depth in enumerate(variant.depths):
        blocks = nn.Sequential()
        for at in range(depth):
            stride, outputs = 2 if n and not at else 1, variant.block.widening * width * 2**n
            same = stride == 1 and inputs == outputs
            aside = nn.Identity() if same else variant.shortcut(parts, inputs, outputs, stride)
            blocks.append(variant.block(inputs, width * 2**n, stride, aside, replace(parts, drop_path=next(rates))))
            inputs = outputs
        net.add_module(f"layer{n + 1}", blocks)
    for name, module in (
        ("avgpool", nn.AdaptiveAvgPool2d(1)), ("flatten", nn.Flatten()), ("fc", nn.Linear(inputs, classes)),
    ):  # fmt: skip
        net.add_module(name, module)
    _draw(net, norm)
    return net


def _draw(net: nn.Sequential, norm: str) -> None:
    """Draw the kernels as the paper does; without a norm, the last one of each block begins at zero."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    for module in net.modules() if norm == "none" else ():
        if isinstance(module, BasicBlock | Bottleneck):
            nn.init.zeros_((module.conv2 if isinstance(module, BasicBlock) else module.conv3).weight)


def _large(block: type[BasicBlock] | type[Bottleneck], *depths: int) -> Callable[..., nn.Sequential]:
    """Return the builder of a network for photographs: its stem leaves a quarter of the sides, its stages a 32nd."""
    return partial(_resnet, Variant(block, depths, stem=(64, 7, 2), pool=True, shortcut=projection))


def _small(depth: int) -> Callable[..., nn.Sequential]:
    """Return the builder of a network for images of about 32×32: three stages of 16, 32 and 64 channels."""
    return partial(_resnet, Variant(BasicBlock, 3 * (depth,), stem=(16, 3, 1), pool=False, shortcut=zero_padding))


resnet18 = _large(BasicBlock, 2, 2, 2, 2)
resnet34 = _large(BasicBlock, 3, 4, 6, 3)
resnet50 = _large(Bottleneck, 3, 4, 6, 3)
resnet101 = _large(Bottleneck, 3, 4, 23, 3)
resnet152 = _large(Bottleneck, 3, 8, 36, 3)

resnet20 = _small(3)
resnet32 = _small(5)
resnet44 = _small(7)
resnet56 = _small(9)
resnet110 = _small(18)


def resnet_mini(
    *,
    classes: int,
    channels: int,
    size: tuple[int, int],
    width: int = 16,
    dropout: float = 0.0,
    norm: str = "batch",
    se: bool = False,
    drop_path: float = 0.0,
) -> nn.Sequential:
    """Build a small residual network that fits itself to the image: 412,666 weights on 1×28×28.

    After Page's ResNet-9 (2018, "How to train your ResNet"), a quarter as wide: each stage doubles the channels and
    halves the sides, with a residual block in the first and in the last, until the shorter side is at most 4; the
    largest value of each channel feeds the classes. Images above 64 pixels are halved by the stem first. Any larger
    image than the one it was built for works too.
    """
    side = min(size)
    early, late = drop_rates(drop_path, 2)
    layers: list[nn.Module] = [convolution(channels, width, stride=2 if side > 64 else 1, norm=norm)]
    side = -(-side // 2) if side > 64 else side
    while side > 64:
        layers.append(nn.MaxPool2d(2, ceil_mode=True))
        side = -(-side // 2)
    inputs, stages = width, 0
    while side > 4 or stages < 2:
        layers.append(convolution(inputs, 2 * inputs, pool=side > 1, norm=norm))
        inputs, stages, side = 2 * inputs, stages + 1, -(-side // 2)
        if stages == 1:
            layers.append(Residual(inputs, norm=norm, se=se, drop_path=early))
    layers += [Residual(inputs, norm=norm, se=se, drop_path=late), nn.AdaptiveMaxPool2d(1), nn.Flatten()]
    if dropout:
        layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers, nn.Linear(inputs, classes))
