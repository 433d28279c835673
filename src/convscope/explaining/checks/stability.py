"""Whether a map stays when its input changes by less than anybody can see (Ghorbani, Abid and Zou 2019)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from convscope.errors import ConfigError
from convscope.explaining.checks.estimate import Estimate, mean_of
from convscope.explaining.checks.likeness import spearman
from convscope.explaining.checks.positions import is_tokens, positions
from convscope.explaining.explained import Explained
from convscope.explaining.methods import Method
from convscope.explaining.score import Score

NOISE = 0.01  # standard deviation, as a part of the range of the inputs


def stability(method: Method, explained: Explained, score: Score, original: np.ndarray, seed: int = 0) -> Estimate:
    """Return Spearman's correlation of the magnitudes of a map with those of its input under noise.

    The noise is normal, its standard deviation 1 % of the range of the inputs of the batch. Raises ``ConfigError`` for
    tokens: a letter cannot change a little.
    """
    x = explained.x
    if is_tokens(x):
        raise ConfigError("a token cannot change a little")
    there = positions(x)
    noisy = x + _within(there, x) * NOISE * (x.max() - x.min()) * _normal(x, seed)
    maps = method.compute(explained.of(noisy), score).map
    return mean_of(spearman(abs(original), abs(maps), there))


def _normal(x: Tensor, seed: int) -> Tensor:
    return torch.randn(x.shape, generator=torch.Generator().manual_seed(seed), dtype=x.dtype).to(x.device)


def _within(there: np.ndarray, x: Tensor) -> Tensor:
    """Return 1 where there is an input, 0 behind the end of a shorter one: noise there would make it longer."""
    return torch.from_numpy(there).to(x)[:, None]
