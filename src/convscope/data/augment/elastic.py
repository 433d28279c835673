"""Bending an image as a soft material bends: every pixel is displaced, its neighbours nearly alike."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from convscope.data.augment.draws import Draws

# Five nodes a side with one more beyond either edge, where a cubic B-spline needs it: it smooths like a Gaussian of
# 1/√3 of the spacing, 0.14 of the side, which is what served Simard et al. best (4 of MNIST's 28 pixels).
NODES = 7
_SPACINGS = NODES - 3
# Below 1/2.046 of the spacing no two pixels can change places (Choi and Lee, 2000): the image never folds.
MOST = 0.12


def field(shape: torch.Size, draws: Draws, most: float, like: Tensor) -> Tensor:
    """Return displacements (N, H, W, 2), along then down, in units of half a side, at most ± 2 ``most``.

    Random vectors stand on a coarse grid and are interpolated smoothly (Ronneberger et al., 2015), which looks like
    the blurred noise of Simard et al. (2003) and costs far less.
    """
    N, _, H, W = shape
    nodes = draws.vector("elastic", 2 * NODES * NODES, -2 * most, 2 * most)
    grid = torch.from_numpy(nodes.reshape(N, 2, NODES, NODES)).to(like)
    down, along = (torch.from_numpy(basis(size)).to(like) for size in (H, W))
    # Products and sums one by one, as everywhere here: a matrix product's rounding may change with the batch.
    rows = sum(grid[:, :, j, None, :] * down[j, :, None] for j in range(NODES))  # (N, 2, H, NODES)
    assert isinstance(rows, Tensor)
    found = rows[..., :1] * along[0]
    for j in range(1, NODES):
        found += rows[..., j : j + 1] * along[j]
    return found.permute(0, 2, 3, 1)


def basis(size: int) -> np.ndarray:
    """Return how much each node displaces each of ``size`` pixels, (NODES, size): uniform cubic B-splines.

    The shares of a pixel add up to one, so nothing is displaced further than its nodes.

    >>> basis(9)[:, 0].round(3).tolist()  # half a pixel inside the edge: the first three nodes, mostly the second
    [0.078, 0.623, 0.297, 0.002, 0.0, 0.0, 0.0]
    """
    place = (np.arange(size) + 0.5) / size * _SPACINGS + 1  # in spacings, from the node beyond the edge
    away = np.abs(place - np.arange(NODES)[:, None])
    near = 2 / 3 - away**2 + away**3 / 2
    far = np.clip(2 - away, 0, None) ** 3 / 6
    return np.where(away < 1, near, far)
