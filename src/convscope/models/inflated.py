"""Networks for images with a third axis: for volumes, and for clips that begin from an image network's weights.

Each square kernel becomes a cube of the same side, and each square window of pooling too. A kernel of trained weights
is repeated along the new axis and divided by its side, so that on a clip that stands still, away from its ends, every
number is what the image network gives of one frame (Carreira and Zisserman 2017, "Quo vadis, action recognition?").
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping

from torch import Tensor, nn

from convscope.models.blocks import draw_he
from convscope.models.resnet import resnet_mini

Size = tuple[int, int, int]


def inflated_kernel(kernel: Tensor) -> Tensor:
    """Return a square kernel (O, I, k, k) as a cube (O, I, k, k, k) of the same sum.

    >>> import torch
    >>> cube = inflated_kernel(torch.ones(1, 1, 3, 3))
    >>> tuple(cube.shape), cube.sum().item()
    ((1, 1, 3, 3, 3), 9.0)
    """
    depth = kernel.shape[2]
    return kernel.unsqueeze(2).expand(-1, -1, depth, -1, -1).contiguous() / depth


def inflated(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights of an image network as those of the same network with a third axis."""
    return {name: inflated_kernel(tensor) if tensor.ndim == 4 else tensor for name, tensor in tensors.items()}


def on_frames(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights of an image network, a chain, as those of ``models.frames``, which leave out its last layer.

    >>> import torch
    >>> sorted(on_frames({"0.weight": torch.ones(1), "1.weight": torch.ones(1)}))
    ['frames.net.0.weight']
    """
    last = max((name.partition(".")[0] for name in tensors), key=lambda number: int(number) if number.isdigit() else -1)
    return {f"frames.net.{name}": each for name, each in tensors.items() if name.partition(".")[0] != last}


FROM_IMAGES: dict[str, Callable[[Mapping[str, Tensor]], dict[str, Tensor]]] = {
    "inflated": inflated,
    "frames": on_frames,
}  # by family


def resnet3d_mini(*, classes: int, channels: int, size: Size, width: int = 8, dropout: float = 0.0) -> nn.Sequential:
    """Build ``resnet_mini`` with a third axis; the sides of its slices say how many stages it has."""
    net = resnet_mini(classes=classes, channels=channels, size=size[1:], width=width, dropout=dropout)
    _inflate(net)
    return net


def lenet3d(*, classes: int, channels: int, size: Size, width: int = 8, dropout: float = 0.5) -> nn.Sequential:
    """Build two convolutions of 3×3×3 and 5×5×5 with pooling, and a hidden layer of 64: LeNet's plan on volumes.

    Windows at the far border are filled up, so that a volume of any size will do.
    """
    places = math.prod(-(-side // 4) for side in size)
    features = nn.Sequential(
        nn.Conv3d(channels, width, 3, padding=1), nn.MaxPool3d(2, ceil_mode=True), nn.SELU(),
        nn.Conv3d(width, 2 * width, 5, padding=2), nn.MaxPool3d(2, ceil_mode=True), nn.SELU(),
    )  # fmt: skip
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        features=features, flatten=nn.Flatten(), hidden=nn.Linear(2 * width * places, 64), act=nn.SELU(),
        dropout=nn.Dropout(dropout), fc=nn.Linear(64, classes),
    )  # fmt: skip
    return nn.Sequential(layers)


_AXES: dict[type[nn.Module], type[nn.Module]] = {
    nn.AdaptiveMaxPool2d: nn.AdaptiveMaxPool3d,
    nn.AdaptiveAvgPool2d: nn.AdaptiveAvgPool3d,
}


def _inflate(net: nn.Module) -> None:
    """Give every layer of a network a third axis, in place, with fresh weights."""
    for name, layer in list(net.named_children()):
        new = _with_third_axis(layer)
        if new is layer:
            _inflate(layer)
        else:
            setattr(net, name, new)


def _with_third_axis(layer: nn.Module) -> nn.Module:
    if isinstance(layer, nn.Conv2d):
        side, stride, padding = layer.kernel_size[0], layer.stride[0], int(layer.padding[0])
        new = nn.Conv3d(layer.in_channels, layer.out_channels, side, stride, padding, bias=layer.bias is not None)
        draw_he(new)
        return new
    if isinstance(layer, nn.BatchNorm2d):
        return nn.BatchNorm3d(layer.num_features)
    if isinstance(layer, nn.MaxPool2d):
        return nn.MaxPool3d(layer.kernel_size, layer.stride, layer.padding, ceil_mode=layer.ceil_mode)
    kind = _AXES.get(type(layer))
    return layer if kind is None else kind(layer.output_size)  # pyright: ignore[reportCallIssue]
