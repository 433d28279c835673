"""The edges of the input itself, which an edge filter finds without any network."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from convscope.explaining.checks.positions import is_tokens


def edges(x: Tensor) -> np.ndarray | None:
    """Return the Sobel magnitude of inputs x (N, C, *space), the root of the sum of squares over axes and channels.

    (N, *space) float32, borders repeated. Along one axis it is the magnitude of the difference of the two neighbours.
    ``None`` for tokens (N, L): the numbers of letters have no edges.

    >>> import torch
    >>> edges(torch.tensor([[[0.0, 0.0, 1.0, 1.0]]])).tolist()
    [[0.0, 1.0, 1.0, 0.0]]
    """
    if is_tokens(x):
        return None
    values = x.detach().cpu().double().numpy()
    space = range(2, values.ndim)
    squares = sum(_sobel(values, axis, space) ** 2 for axis in space)
    return np.sqrt(np.sum(squares, axis=1)).astype(np.float32)


def _sobel(values: np.ndarray, axis: int, space: range) -> np.ndarray:
    """Return the difference along one axis, smoothed along the other axes of space, (N, C, *space)."""
    from scipy.ndimage import correlate1d

    slope = correlate1d(values, [-1.0, 0.0, 1.0], axis, mode="nearest")
    for other in space:
        if other != axis:
            slope = correlate1d(slope, [1.0, 2.0, 1.0], other, mode="nearest")
    return slope
