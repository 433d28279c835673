"""Which places of an input there are: a shorter text or signal of a batch has none behind its end."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from convscope.models.blocks.masked import inside


def positions(x: Tensor) -> np.ndarray:
    """Return (N, *space) bool, True where inputs x (N, C, *space) or tokens (N, L) have something.

    >>> import torch
    >>> positions(torch.tensor([[5, 7, 0]])).tolist()
    [[True, True, False]]
    """
    if not x.is_floating_point() or x.ndim == 3:
        return inside(x)[:, 0].bool().cpu().numpy()
    return np.ones((len(x), *x.shape[2:]), bool)


def is_tokens(x: Tensor) -> bool:
    """Return whether inputs are the numbers of tokens (N, L)."""
    return not x.is_floating_point()
