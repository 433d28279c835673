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


def partners(draws: Draws, population: np.ndarray, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """Return each sample's partner, one of ``population``, and the sample's own share in the blend, both (N,).

    The share, float32 in 0.5..1, is drawn from Beta(alpha, alpha) (mixup, Zhang et al., 2018) and folded to its
    larger half: either order of a pair is equally likely, so the blends stay as they were.
    """
    partner = population[draws.below("mixup partner", len(population))]
    share = betaincinv(alpha, alpha, draws.uniform("mixup share"))
    return partner, np.maximum(share, 1 - share).astype(np.float32)
