"""Hiding part of an image, and blending two."""

from __future__ import annotations

import numpy as np
import torch
from scipy.special import betaincinv
from torch import Tensor

from convscope.data.augment.draws import Draws


def cutout(x: Tensor, draws: Draws, fraction: float) -> Tensor:
    """Set a square of ``fraction`` of the shorter side to the set's mean, 0, in each image of x (N, C, H, W).

    Its centre is any pixel, so that the square may stick out over the border (DeVries and Taylor, 2017).
    """
    _, _, H, W = x.shape
    side = max(1, round(fraction * min(H, W)))
    rows = _covered(draws.below("cutout y", H), side, H)  # (N, H)
    columns = _covered(draws.below("cutout x", W), side, W)  # (N, W)
    down, along = torch.from_numpy(rows).to(x), torch.from_numpy(columns).to(x)
    return x * (1 - down[:, None, :, None] * along[:, None, None, :])


def partners(draws: Draws, population: np.ndarray, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """Return for each sample the row to blend it with, (N,), and the sample's own share, (N,) float32 in
    0.5..1.

    The share is drawn from Beta(alpha, alpha) (mixup, Zhang et al., 2018) and folded to its larger half.
    That leaves the blends as they were, since either order of a pair is equally likely, and each sample the
    main one.
    """
    share = betaincinv(alpha, alpha, draws.uniform("mixup share"))
    partner = population[draws.below("mixup partner", len(population))]
    return partner, np.maximum(share, 1 - share).astype(np.float32)


def _covered(centre: np.ndarray, side: int, size: int) -> np.ndarray:
    offset = np.arange(size) - (centre - side // 2)[:, None]
    return (offset >= 0) & (offset < side)
