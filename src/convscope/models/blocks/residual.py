"""A 3×3 convolution with its norm and activation, and two of them beside a shortcut."""

from __future__ import annotations

from torch import Tensor, nn

from convscope.models.blocks.norms import norm as norm_layer
from convscope.models.blocks.squeeze_excite import SqueezeExcite
from convscope.models.blocks.stochastic_depth import StochasticDepth


def convolution(
    inputs: int, outputs: int, *, stride: int = 1, pool: bool = False, norm: str = "batch"
) -> nn.Sequential:
    """Build a 3×3 convolution with norm and ReLU; ``pool`` halves the sides, rounding up, so no pixel is dropped.

    Pooling comes before norm and activation, which then work on a quarter of the values.
    """
    layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, 3, stride, 1, bias=norm == "none")]
    if pool:
        layers.append(nn.MaxPool2d(2, ceil_mode=True))
    return nn.Sequential(*layers, norm_layer(norm, outputs), nn.ReLU())


class Residual(nn.Module):
    """Two convolutions beside a shortcut that passes the input on unchanged (He et al. 2016).

    ``se`` weighs their channels, ``drop_path`` is the share of images for which they are left out while training.
    """

    def __init__(self, channels: int, *, norm: str = "batch", se: bool = False, drop_path: float = 0.0):
        super().__init__()
        layers: list[nn.Module] = [convolution(channels, channels, norm=norm) for _ in range(2)]
        if se:
            layers.append(SqueezeExcite(channels))
        if drop_path:
            layers.append(StochasticDepth(drop_path))
        self.block = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Return x + block(x), (N, channels, H, W)."""
        return x + self.block(x)
