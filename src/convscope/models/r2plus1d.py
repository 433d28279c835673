"""Convolutions over space and over time apart (Tran et al. 2018, "A closer look at spatiotemporal convolutions").

Each 3×3×3 kernel becomes one of 1×3×3 and one of 3×1×1 with an activation between: two things to learn that are
simpler than one, and fewer multiplications. The paper widens the layer between them until the weights are as many as
before; here it is as wide as the block, which is quick on a CPU.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

SMALL = 4  # the side, and the frames, from which nothing is halved any more


class Apart(nn.Sequential):
    """A convolution over space, norm, ReLU, and one over time, with a norm: strides are (time, space)."""

    def __init__(self, inputs: int, outputs: int, stride: tuple[int, int]):
        time, space = stride
        super().__init__(
            OrderedDict(
                space=nn.Conv3d(inputs, outputs, (1, 3, 3), (1, space, space), (0, 1, 1), bias=False),
                norm1=nn.BatchNorm3d(outputs),
                relu=nn.ReLU(),
                time=nn.Conv3d(outputs, outputs, (3, 1, 1), (time, 1, 1), (1, 0, 0), bias=False),
                norm2=nn.BatchNorm3d(outputs),
            )
        )


class Block(nn.Module):
    """Two such pairs beside a shortcut; the first one strides."""

    def __init__(self, inputs: int, outputs: int, stride: tuple[int, int]):
        super().__init__()
        time, space = stride
        self.conv1 = Apart(inputs, outputs, stride)
        self.relu1 = nn.ReLU()
        self.conv2 = Apart(outputs, outputs, (1, 1))
        self.shortcut = nn.Sequential(
            nn.Conv3d(inputs, outputs, 1, (time, space, space), bias=False), nn.BatchNorm3d(outputs)
        )
        self.relu2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, T, H, W) to (N, outputs, ⌈T/time⌉, ⌈H/space⌉, ⌈W/space⌉)."""
        return self.relu2(self.conv2(self.relu1(self.conv1(x))) + self.shortcut(x))


def r2plus1d_mini(
    *, classes: int, channels: int, size: tuple[int, int, int], width: int = 8, dropout: float = 0.0
) -> nn.Sequential:
    """Build a small residual network that fits itself to the clip: 26,600 weights on clips of 1×12×32×32.

    The stem halves the sides where they are above 16. Each block doubles the channels and halves the sides, until these
    are at most 4, and from the second block on the frames, too; there are two blocks at least.
    """
    frames, side = size[0], min(size[1:])
    halved = 2 if side > 4 * SMALL else 1
    stem = Apart(channels, width, (1, halved))
    layers: OrderedDict[str, nn.Module] = OrderedDict(stem=stem, relu=nn.ReLU())
    side, inputs, blocks = -(-side // halved), width, 0
    while side > SMALL or blocks < 2:
        time = 2 if blocks and frames > SMALL else 1
        space = 2 if side > 1 else 1
        layers[f"block{blocks + 1}"] = Block(inputs, 2 * inputs, (time, space))
        frames, side, inputs, blocks = -(-frames // time), -(-side // space), 2 * inputs, blocks + 1
    layers["avgpool"], layers["flatten"] = nn.AdaptiveAvgPool3d(1), nn.Flatten()
    layers["dropout"], layers["fc"] = nn.Dropout(dropout), nn.Linear(inputs, classes)
    return nn.Sequential(layers)
