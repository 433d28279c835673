"""Networks that see a clip frame by frame: the same small residual network on each, then their mean, or a GRU.

The mean knows no order: what it answers on shuffled frames is what it answers on them in order. It is the network to
beat for those that claim to see motion.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from convscope.models.resnet import resnet_mini

Size = tuple[int, int, int]


class EachFrame(nn.Module):
    """A network for images on each frame: (N, C, T, H, W) to its features (N, F, T)."""

    def __init__(self, net: nn.Module, frames: int):
        super().__init__()
        self.net, self.frames = net, frames

    def forward(self, x: Tensor) -> Tensor:
        """Return the features of each frame."""
        images = x.transpose(1, 2).flatten(0, 1)  # (N · T, C, H, W)
        features = self.net(images)
        return features.reshape(-1, self.frames, features.shape[1]).transpose(1, 2)


class Steps(nn.Module):
    """Gated recurrent units over time: (N, F, T) to their outputs (N, width, T)."""

    def __init__(self, features: int, width: int):
        super().__init__()
        self.cells = nn.GRU(features, width, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs of all steps."""
        return self.cells(x.transpose(1, 2))[0].transpose(1, 2)


class Last(nn.Module):
    """The last step: (N, F, T) to (N, F)."""

    def forward(self, x: Tensor) -> Tensor:
        """Return what stands at the last step."""
        return x[..., -1]


def frame_average(*, classes: int, channels: int, size: Size, width: int = 8, dropout: float = 0.0) -> nn.Sequential:
    """Build a residual network on each frame, the mean of its features over time, and a linear layer.

    Since that layer is linear, this is the mean of what it would say of each frame.
    """
    frames, features = _each_frame(channels, size, width)
    return nn.Sequential(
        OrderedDict(
            frames=frames,
            avgpool=nn.AdaptiveAvgPool1d(1),
            flatten=nn.Flatten(),
            dropout=nn.Dropout(dropout),
            fc=nn.Linear(features, classes),
        )
    )


def frame_gru(
    *, classes: int, channels: int, size: Size, width: int = 8, cells: int = 64, dropout: float = 0.0
) -> nn.Sequential:
    """Build a residual network on each frame, ``cells`` gated recurrent units over time, and a linear layer."""
    frames, features = _each_frame(channels, size, width)
    return nn.Sequential(
        OrderedDict(
            frames=frames,
            gru=Steps(features, cells),
            last=Last(),
            dropout=nn.Dropout(dropout),
            fc=nn.Linear(cells, classes),
        )
    )


def _each_frame(channels: int, size: Size, width: int) -> tuple[EachFrame, int]:
    """Return the network on frames, ``resnet_mini`` without its last layer, and how many features it gives."""
    whole = resnet_mini(classes=1, channels=channels, size=size[1:], width=width)
    (*layers, last) = whole
    assert isinstance(last, nn.Linear)
    return EachFrame(nn.Sequential(*layers), size[0]), last.in_features
