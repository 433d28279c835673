"""In-silico mutagenesis: how a score changes with every single base of a sequence (Zhou and Troyanskaya 2015)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from convscope.data.transforms.dna import BASES, LETTERS
from convscope.explaining.removal import SPECIAL
from convscope.explaining.score import Score, scores

TOKENS = [SPECIAL + LETTERS.index(base) for base in BASES]


def mutagenesis(model: nn.Module, tokens: Tensor, score: Score) -> np.ndarray:
    """Return score(base b at place i) - score(sequence), (4, L) float64, rows in the order A, C, G, T.

    ``tokens`` (1, L) are the sequence; the row of the base that stands at a place is 0 there.
    """
    length = tokens.shape[1]
    mutants = tokens.repeat(len(BASES) * length, 1).view(len(BASES), length, length)
    at = torch.arange(length)
    for row, token in enumerate(TOKENS):
        mutants[row, at, at] = token
    changed = scores(model, mutants.view(-1, length), score) - scores(model, tokens, score)[0]
    changed = changed.reshape(len(BASES), length)
    changed[tokens.numpy() == np.array(TOKENS)[:, None]] = 0.0  # the same sequence: what is left is rounding
    return changed


def importance(changes: np.ndarray) -> np.ndarray:
    """Return how much each place counts for the score, (L,): what it falls by, in the mean over the other bases."""
    others = np.maximum(1, (changes != 0).sum(0))
    return -changes.sum(0) / others
