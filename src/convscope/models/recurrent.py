"""Recurrent networks for texts: tokens (N, L) in, 0 behind the end of a text; no padding changes an answer.

A text is read forwards, and backwards from its last token: each direction meets the padding only behind the text, and
what it puts out there is not looked at.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

PADDING = 0
LOWEST = -1e4  # below what a cell puts out, which lies in -1..1; finite in every type


def backwards(tokens: Tensor) -> Tensor:
    """Return where each token (N, L) stands in the reversed text; those of the padding stay.

    >>> backwards(torch.tensor([[5, 6, 7], [5, 6, 0]])).tolist()
    [[2, 1, 0], [1, 0, 2]]
    """
    at = torch.arange(tokens.shape[1], device=tokens.device)[None]
    last = (tokens != PADDING).sum(1, keepdim=True) - 1
    return torch.where(at <= last, last - at, at)


class Recurrent(nn.Module):
    """Layers of cells in both directions over the embeddings of tokens (N, L); the largest of each output over time.

    The vector is (N, 2 × width).
    """

    def __init__(self, cell: type[nn.GRU] | type[nn.LSTM], vocabulary: int, embedding: int, width: int, layers: int):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding, padding_idx=PADDING)
        sizes = [embedding, *[2 * width] * (layers - 1)]
        self.ahead = nn.ModuleList([cell(size, width, batch_first=True) for size in sizes])
        self.back = nn.ModuleList([cell(size, width, batch_first=True) for size in sizes])

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the maxima."""
        x, turned = self.embedding(tokens), backwards(tokens)[..., None]
        for ahead, back in zip(self.ahead, self.back, strict=True):
            reversed_out = back(x.gather(1, turned.expand_as(x)))[0]
            x = torch.cat([ahead(x)[0], reversed_out.gather(1, turned.expand_as(reversed_out))], 2)
        return x.masked_fill((tokens == PADDING)[..., None], LOWEST).amax(1)


def _build(
    cell: type[nn.GRU] | type[nn.LSTM], classes: int, vocabulary: int, embedding: int, width: int, layers: int,
    dropout: float,
) -> nn.Sequential:  # fmt: skip
    return nn.Sequential(
        OrderedDict(
            recurrent=Recurrent(cell, vocabulary, embedding, width, layers),
            dropout=nn.Dropout(dropout),
            fc=nn.Linear(2 * width, classes),
        )
    )


def gru(
    *, classes: int, vocabulary: int, embedding: int = 32, width: int = 96, layers: int = 1, dropout: float = 0.4
) -> nn.Sequential:
    """Build gated recurrent units in both directions (Cho et al. 2014), their maximum over time, and one layer."""
    return _build(nn.GRU, classes, vocabulary, embedding, width, layers, dropout)


def lstm(
    *, classes: int, vocabulary: int, embedding: int = 32, width: int = 96, layers: int = 1, dropout: float = 0.4
) -> nn.Sequential:
    """Build long short-term memory in both directions (Graves, Schmidhuber 2005), maximum over time, one layer."""
    return _build(nn.LSTM, classes, vocabulary, embedding, width, layers, dropout)
