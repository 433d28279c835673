"""Normalisation layers by name."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import layer_norm

from convscope.errors import ConfigError, nearest


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of each pixel (Ba et al. 2016), for maps (N, C, H, W)."""

    def __init__(self, channels: int):
        super().__init__(channels, eps=1e-6)

    def forward(self, input: Tensor) -> Tensor:
        """Return (x - mean) / √(variance + eps) · weight + bias, mean and variance over the channels."""
        x = input.permute(0, 2, 3, 1)  # (N, H, W, C)
        return layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps).permute(0, 3, 1, 2)


def _group_norm(channels: int) -> nn.GroupNorm:
    # 16 channels per group did as well as 32 groups in the paper, and suits narrow layers too.
    size = max(width for width in range(1, 17) if channels % width == 0)
    return nn.GroupNorm(channels // size, channels)


NORMS = {
    "batch": nn.BatchNorm2d,
    "group": _group_norm,
    "layer": ChannelNorm,
    "none": lambda channels: nn.Identity(),
}


def norm(kind: str, channels: int) -> nn.Module:
    """Build a normalisation for maps of ``channels``: "batch", "group", "layer" or "none"; else ``ConfigError``.

    "batch" (Ioffe and Szegedy 2015) averages over the images of a step; "group" (Wu and He 2018) over up to 16 channels
    of one image, for steps of few images; "layer" over the channels of one pixel; "none" leaves the values alone.

    >>> norm("group", 48).num_groups
    3
    """
    if kind not in NORMS:
        raise ConfigError(f"unknown norm {kind!r}{nearest(str(kind), NORMS)}; known: {', '.join(NORMS)}")
    return NORMS[kind](channels)
