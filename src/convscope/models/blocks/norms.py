"""Normalisation layers by name."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn.functional import layer_norm

from convscope.errors import ConfigError, nearest


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of each position (Ba et al. 2016), for maps (N, C, *space)."""

    def __init__(self, channels: int):
        super().__init__(channels, eps=1e-6)

    def forward(self, input: Tensor) -> Tensor:
        """Return (x - mean) / √(variance + eps) · weight + bias, mean and variance over the channels."""
        x = input.movedim(1, -1)  # (N, *space, C)
        return layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps).movedim(-1, 1)


def _group_norm(channels: int) -> nn.GroupNorm:
    # 16 channels per group did as well as 32 groups in the paper, and suits narrow layers too.
    size = max(width for width in range(1, 17) if channels % width == 0)
    return nn.GroupNorm(channels // size, channels)


_BATCH = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
NORMS: dict[str, Callable[[int, int], nn.Module]] = {
    "batch": lambda channels, axes: _BATCH[axes](channels),
    "group": lambda channels, axes: _group_norm(channels),
    "layer": lambda channels, axes: ChannelNorm(channels),
    "none": lambda channels, axes: nn.Identity(),
}


def norm(kind: str, channels: int, axes: int = 2) -> nn.Module:
    """Build a normalisation for maps of ``channels`` and so many spatial axes, by its name; else ``ConfigError``.

    The names are "batch", "group", "layer" and "none".

    "batch" (Ioffe and Szegedy 2015) averages over the images of a step; "group" (Wu and He 2018) over up to 16 channels
    of one image, for steps of few images; "layer" over the channels of one pixel; "none" leaves the values alone.

    >>> norm("group", 48).num_groups
    3
    """
    if kind not in NORMS:
        raise ConfigError(f"unknown norm {kind!r}{nearest(str(kind), NORMS)}; known: {', '.join(NORMS)}")
    return NORMS[kind](channels, axes)
