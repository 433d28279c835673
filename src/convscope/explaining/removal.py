"""What a network is given once pieces of a sequence are gone: letters of a text, bases of DNA, steps of a signal.

What stands in for them decides what a score without them means. A text becomes shorter, as texts are; a base becomes
any base, N; a step of a signal becomes the mean of the training split.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from convscope.data.transforms.dna import LETTERS

PADDING, SPECIAL = 0, 2  # tokens: behind the end of a text; how many stand before the letters
ANY = SPECIAL + LETTERS.index("N")
NEARLY = 1e-6  # the mean of a standardised signal, but not exactly: zeros behind its last step would shorten it


def without_tokens(tokens: Tensor, gone: np.ndarray) -> Tensor:
    """Return tokens (L,) without those ``gone`` (M, L): (M, longest) int64, padded behind the shorter ones.

    >>> without_tokens(torch.tensor([5, 6, 7]), np.array([[True, False, False], [False, True, True]])).tolist()
    [[6, 7], [5, 0]]
    """
    left = [tokens[torch.from_numpy(~each)] for each in gone]
    return torch.nn.utils.rnn.pad_sequence(left, batch_first=True, padding_value=PADDING)


def with_any_base(tokens: Tensor, gone: np.ndarray) -> Tensor:
    """Return the tokens (L,) of DNA with N, any base, in place of those ``gone`` (M, L): (M, L)."""
    return torch.where(torch.from_numpy(gone), ANY, tokens)


def with_mean(x: Tensor, gone: np.ndarray) -> Tensor:
    """Return a standardised signal (C, T) with the mean in place of the steps ``gone`` (M, T): (M, C, T)."""
    return torch.where(torch.from_numpy(gone)[:, None], torch.tensor(NEARLY, dtype=x.dtype), x)
