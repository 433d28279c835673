"""Parts that several families share: sizes after a chain of layers, a residual block, initial weights."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from convscope.geometry import output_size


def size_after(layers: Iterable[nn.Module], size: tuple[int, int]) -> tuple[int, int]:
    """Return the (height, width) that leave a chain of convolutions and poolings; ``ShapeError`` says what cannot."""
    for layer in layers:
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
            size = (_along(layer, size, 0), _along(layer, size, 1))
    return size


def _along(layer: nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d, size: tuple[int, int], axis: int) -> int:
    def setting(name: str, default: int) -> int:
        value = getattr(layer, name, default)
        return value[axis] if isinstance(value, tuple) else int(value)

    kernel = setting("kernel_size", 1)
    kind = "convolution" if isinstance(layer, nn.Conv2d) else "pooling"
    return output_size(
        size[axis],
        kernel,
        stride=setting("stride", 1),
        padding=setting("padding", 0),
        dilation=setting("dilation", 1),
        what=f"the {kernel}-pixel {kind} window",
    )


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions with batch norm beside a shortcut (He et al. 2016), the shortcut average-pooled where it
    shrinks.

    Pooling before the 1×1 lets no pixel of the shortcut go unseen (He et al. 2019, "bag of tricks"). The last batch
    norm does not start at zero as in deep networks: with two or three blocks that only delays learning.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        shortcut: list[nn.Module] = [nn.AvgPool2d(stride, ceil_mode=True)] if stride > 1 else []
        if inputs != outputs or stride > 1:
            shortcut += [nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs)]
        self.shortcut = nn.Sequential(*shortcut)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, ⌈H/stride⌉, ⌈W/stride⌉)."""
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + self.shortcut(x))
