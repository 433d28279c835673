"""Hiding part of an image, and choosing what to blend it with."""

from __future__ import annotations

import numpy as np
import torch
from scipy.special import betaincinv
from torch import Tensor

from convscope.data.augment.draws import Draws


def cutout(x: Tensor, draws: Draws, fraction: float) -> Tensor:
    """Set a square of ``fraction`` of the shorter side to the set's mean, 0, in each image of x (N, C, H, W).

    Up to half of it may stick out over a border (DeVries and Taylor, 2017).
    """
    _, _, H, W = x.shape
    side = max(1, round(fraction * min(H, W)))
    down = torch.from_numpy(_covered(draws, "cutout y", side, H)).to(x)
    along = torch.from_numpy(_covered(draws, "cutout x", side, W)).to(x)
    return x * (1 - down[:, None, :, None] * along[:, None, None, :])


def _covered(draws: Draws, purpose: str, side: int, size: int) -> np.ndarray:
    """Return which of ``size`` pixels a stretch of ``side`` covers, (N, size) bool."""
    start = draws.below(purpose, size + 1 - side % 2) - side // 2
    offset = np.arange(size) - start[:, None]
    return (offset >= 0) & (offset < side)


def partners(draws: Draws, population: np.ndarray) -> np.ndarray:
    """Return each sample's partner, one of ``population``, (N,)."""
    return population[draws.below("mixup partner", len(population))]


def shares(draws: Draws, height: int, width: int, *, mixup: float = 0.0, cutmix: float = 0.0) -> np.ndarray:
    """Return each sample's own share of every pixel, float32: (N, 1, 1) under mixup alone, else (N, height, width).

    Under mixup (Zhang et al., 2018) the share is drawn from Beta(``mixup``, ``mixup``) and folded to its larger half:
    either order of a pair is equally likely, so the blends stay as they were. Under cutmix (Yun et al., 2019) the
    share is 0 in a box and 1 around it; the box, cut by the borders, would cover 1 - Beta(``cutmix``, ``cutmix``).
    Where both are asked for, a coin a sample decides.
    """
    if not cutmix:
        return _folded(draws, mixup)[:, None, None]
    boxes = _outside(draws, height, width, cutmix)
    if not mixup:
        return boxes
    return np.where(draws.coin("mixup or cutmix")[:, None, None], _folded(draws, mixup)[:, None, None], boxes)


def _folded(draws: Draws, alpha: float) -> np.ndarray:
    share = betaincinv(alpha, alpha, draws.uniform("mixup share"))
    return np.maximum(share, 1 - share).astype(np.float32)


def _outside(draws: Draws, height: int, width: int, alpha: float) -> np.ndarray:
    side = np.sqrt(1 - betaincinv(alpha, alpha, draws.uniform("cutmix share")))  # as a share of the image's
    inside = np.ones((len(side), 1, 1), bool)
    for axis, size, shape in (("y", height, (-1, height, 1)), ("x", width, (-1, 1, width))):
        long = (side * size).astype(int)[:, None]
        offset = np.arange(size) - draws.below(f"cutmix {axis}", size)[:, None] + long // 2
        inside = inside & ((offset >= 0) & (offset < long)).reshape(shape)
    return (~inside).astype(np.float32)


def blend(own: Tensor, partner: Tensor, share: np.ndarray) -> tuple[Tensor, Tensor]:
    """Return ``own`` and ``partner`` (N, C, H, W) blended by ``shares``, and the weight (N,) of the own label.

    That is the mean share, so under cutmix the exact area that is left.
    """
    weight = share.mean((1, 2), dtype=np.float64)
    x = torch.lerp(partner, own, torch.from_numpy(share).to(own)[:, None])
    return x, torch.from_numpy(weight).to(own)
