"""Parts that several families share: sizes after a chain of layers, a convolution, a residual block."""

from __future__ import annotations

from collections.abc import Iterable

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


def convolution(inputs: int, outputs: int, *, stride: int = 1, pool: bool = False) -> nn.Sequential:
    """Build a 3×3 convolution with batch norm and ReLU; ``pool`` halves the sides, rounding up, so no pixel is dropped.

    Pooling comes before norm and activation, which then work on a quarter of the values.
    """
    layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)]
    if pool:
        layers.append(nn.MaxPool2d(2, ceil_mode=True))
    return nn.Sequential(*layers, nn.BatchNorm2d(outputs), nn.ReLU())


class Residual(nn.Module):
    """Two convolutions beside a shortcut that passes the input on unchanged (He et al. 2016)."""

    def __init__(self, channels: int):
        super().__init__()
        self.block = nn.Sequential(convolution(channels, channels), convolution(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        """Return x + block(x), (N, channels, H, W)."""
        return x + self.block(x)
