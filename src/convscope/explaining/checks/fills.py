"""What stands in place of a part that is taken away; since results depend on it, there are always two.

Images and signals: the baseline (the mean of the training split), and the input itself, blurred. Tokens: left out, so
that the others close up, and the token for what is unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from convscope.explaining.checks.positions import is_tokens
from convscope.explaining.explained import Explained
from convscope.explaining.removal import PADDING

UNKNOWN = 1  # the token that stands for all that the training split does not have
BLUR = 1 / 8  # standard deviation of the blur, as a part of each side: what is left of a digit is a spot


@dataclass(frozen=True)
class Fill:
    """``replace(gone)`` are the inputs without the places ``gone``, (M, *space) bool, of M = k·N rows.

    Row r of them is example r mod N of the batch.
    """

    name: str
    replace: Callable[[np.ndarray], Tensor]


def fills(explained: Explained) -> tuple[Fill, Fill]:
    """Return the two fills for a batch of inputs."""
    x = explained.x
    if is_tokens(x):
        unknown = torch.where(x == PADDING, PADDING, torch.full_like(x, UNKNOWN))
        return Fill("left out", lambda gone: left_out(x, gone)), _by("unknown token", x, unknown)
    baseline = torch.as_tensor(explained.baseline, dtype=x.dtype, device=x.device).expand_as(x)
    return _by("mean", x, baseline), _by("blur", x, blurred(x))


def _by(name: str, x: Tensor, other: Tensor) -> Fill:
    def replace(gone: np.ndarray) -> Tensor:
        times = len(gone) // len(x)
        mask = torch.from_numpy(gone).to(x.device)
        mask = mask if is_tokens(x) else mask[:, None]
        repeats = (times, *[1] * (x.ndim - 1))
        return torch.where(mask, other.repeat(repeats), x.repeat(repeats))

    return Fill(name, replace)


def left_out(tokens: Tensor, gone: np.ndarray) -> Tensor:
    """Return tokens (M, L) without those gone (M, L): the others close up, with padding behind them.

    Row r of ``gone`` is of row r mod N of the tokens (N, L). Of a text that is gone whole one unknown token is left.

    >>> left_out(torch.tensor([[5, 6, 7]]), np.array([[True, False, False], [True, True, True]])).tolist()
    [[6, 7, 0], [1, 0, 0]]
    """
    taken = torch.from_numpy(gone).to(tokens.device)
    every = torch.where(taken, PADDING, tokens.repeat(len(gone) // len(tokens), 1))
    order = (every == PADDING).to(torch.uint8).argsort(dim=1, stable=True)
    closed = every.gather(1, order)
    closed[:, 0] = torch.where(closed[:, 0] == PADDING, UNKNOWN, closed[:, 0])
    return closed


def blurred(x: Tensor) -> Tensor:
    """Return inputs (N, C, *space) under a Gaussian blur of an eighth of each side, borders repeated."""
    from scipy.ndimage import gaussian_filter

    sigma = (0.0, 0.0, *(BLUR * side for side in x.shape[2:]))
    values = gaussian_filter(x.detach().cpu().numpy(), sigma, mode="nearest")
    return torch.from_numpy(values).to(x)
