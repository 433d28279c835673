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
    H, W = shape[2:]
    grid = torch.from_numpy(nodes(draws, most)).to(like)
    down, along = (torch.from_numpy(basis(size)).to(like) for size in (H, W))
    # Products and sums one by one, as everywhere here: a matrix product's rounding may change with the batch.
    rows = sum(grid[:, :, j, None, :] * down[j, :, None] for j in range(NODES))  # (N, 2, H, NODES)
    assert isinstance(rows, Tensor)
    found = rows[..., :1] * along[0]
    for j in range(1, NODES):
        found += rows[..., j : j + 1] * along[j]
    return found.permute(0, 2, 3, 1)


def nodes(draws: Draws, most: float) -> np.ndarray:
    """Return the vectors (N, 2, NODES, NODES) of ``field``'s grid, along then down."""
    return draws.vector("elastic", 2 * NODES * NODES, -2 * most, 2 * most).reshape(-1, 2, NODES, NODES)


def at(vectors: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the displacements (N, K, 2) at ``places`` (N, K, 2), along and down from 0 to 1, and their derivatives.

    Those are (N, K, 2, 2): of each displacement, along and down. Beyond the edges nothing changes any more.
    """
    inside = np.clip(places, 0, 1)
    along, down = _spline(inside[..., 0]), _spline(inside[..., 1])
    still = (inside == places)[..., None, :]
    value, by_x, by_y = (
        _summed(vectors, d, a) for d, a in ((down[0], along[0]), (down[0], along[1]), (down[1], along[0]))
    )
    return value, np.stack([by_x, by_y], axis=-1) * still


def _summed(vectors: np.ndarray, down: np.ndarray, along: np.ndarray) -> np.ndarray:
    """Return the sum (N, K, 2) of vectors (N, 2, NODES, NODES), each as far as (N, K, NODES) of row and column say."""
    parts = vectors[:, None] * down[:, :, None, :, None] * along[:, :, None, None, :]  # (N, K, 2, NODES, NODES)
    return parts.sum(axis=(3, 4))


def _spline(place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how much each node counts at places from 0 to 1, (..., NODES), and by how much that changes."""
    apart = place[..., None] * _SPACINGS + 1 - np.arange(NODES)  # in spacings, from the node beyond the edge
    away = np.abs(apart)
    value = np.where(away < 1, 2 / 3 - away**2 + away**3 / 2, np.clip(2 - away, 0, None) ** 3 / 6)
    slope = np.where(away < 1, -2 * away + 1.5 * away**2, -(np.clip(2 - away, 0, None) ** 2) / 2)
    return value, slope * np.sign(apart) * _SPACINGS


def basis(size: int) -> np.ndarray:
    """Return how much each node displaces each of ``size`` pixels, (NODES, size): uniform cubic B-splines.

    The shares of a pixel add up to one, so nothing is displaced further than its nodes.

    >>> basis(9)[:, 0].round(3).tolist()  # half a pixel inside the edge: the first three nodes, mostly the second
    [0.078, 0.623, 0.297, 0.002, 0.0, 0.0, 0.0]
    """
    return np.ascontiguousarray(_spline((np.arange(size) + 0.5) / size)[0].T)
