"""Recurrent networks for texts, tokens (N, L), and signals (N, C, T); no padding behind the end changes an answer.

A sequence is read forwards, and backwards from its last step: each direction meets the padding only behind the
sequence, and what it puts out there is not looked at.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from convscope.models.blocks.dropout import Dropout
from convscope.models.blocks.masked import PADDING, inside

LOWEST = -1e4  # below what a cell puts out, which lies in -1..1; finite in every type
Size = tuple[int, ...] | None


def backwards(seen: Tensor) -> Tensor:
    """Return where each step stands in the reversed sequence; those that are not ``seen`` (N, L) stay.

    >>> backwards(torch.tensor([[5, 6, 7], [5, 6, 0]]) != 0).tolist()
    [[2, 1, 0], [1, 0, 2]]
    """
    at = torch.arange(seen.shape[1], device=seen.device)[None]
    last = seen.sum(1, keepdim=True) - 1
    return torch.where(at <= last, last - at, at)


class Recurrent(nn.Module):
    """Layers of cells in both directions; the largest of each output over time, (N, 2 × width).

    Tokens (N, L) are seen as ``embedding`` numbers each; without a ``vocabulary`` signals (N, embedding, T) are taken
    as they are. Of tokens of one length, ``kept``, the outputs at all places are given: (N, 2 × width × L). Signals of
    one length need no mask: then they are not ``masked``.
    """

    def __init__(
        self, cell: type[nn.GRU] | type[nn.LSTM], vocabulary: int | None, embedding: int, width: int, layers: int, *,
        kept: bool = False, masked: bool = True,
    ):  # fmt: skip
        super().__init__()
        self.kept, self.masked = kept, masked
        self.embedding = None if vocabulary is None else nn.Embedding(vocabulary, embedding, padding_idx=PADDING)
        sizes = [embedding, *[2 * width] * (layers - 1)]
        self.ahead = nn.ModuleList([cell(size, width, batch_first=True) for size in sizes])
        self.back = nn.ModuleList([cell(size, width, batch_first=True) for size in sizes])

    def forward(self, input: Tensor) -> Tensor:
        """Return the maxima, or all outputs."""
        x = input.transpose(1, 2) if self.embedding is None else self.embedding(input)
        if not self.masked:
            for ahead, back in zip(self.ahead, self.back, strict=True):
                x = torch.cat([ahead(x)[0], back(x.flip(1))[0].flip(1)], 2)
            return x.flatten(1) if self.kept else x.amax(1)
        seen = inside(input)[:, 0] > 0
        turned = backwards(seen)[..., None]
        for ahead, back in zip(self.ahead, self.back, strict=True):
            reversed_out = back(x.gather(1, turned.expand_as(x)))[0]
            x = torch.cat([ahead(x)[0], reversed_out.gather(1, turned.expand_as(reversed_out))], 2)
        return x.masked_fill(~seen[..., None], LOWEST).amax(1)


def _build(
    cell: type[nn.GRU] | type[nn.LSTM], classes: int, vocabulary: int | None, channels: int, size: Size,
    embedding: int, width: int, layers: int, dropout: float,
) -> nn.Sequential:  # fmt: skip
    kept = vocabulary is not None and size is not None
    read = channels if vocabulary is None else embedding
    return nn.Sequential(
        OrderedDict(
            recurrent=Recurrent(cell, vocabulary, read, width, layers, kept=kept, masked=size is None),
            dropout=Dropout(dropout),
            fc=nn.Linear(2 * width * (size[0] if size is not None and kept else 1), classes),
        )
    )


def gru(
    *, classes: int, vocabulary: int | None = None, channels: int = 1, size: Size = None, embedding: int = 32,
    width: int = 96, layers: int = 1, dropout: float = 0.4,
) -> nn.Sequential:  # fmt: skip
    """Build gated recurrent units in both directions (Cho et al. 2014), their maximum over time, and one layer.

    With a ``vocabulary`` it takes tokens, each as ``embedding`` numbers, else signals of some ``channels``. Tokens of
    one length are seen with their places.
    """
    return _build(nn.GRU, classes, vocabulary, channels, size, embedding, width, layers, dropout)


def lstm(
    *, classes: int, vocabulary: int | None = None, channels: int = 1, size: Size = None, embedding: int = 32,
    width: int = 96, layers: int = 1, dropout: float = 0.4,
) -> nn.Sequential:  # fmt: skip
    """Build long short-term memory in both directions (Graves, Schmidhuber 2005), maximum over time, one layer.

    What goes in is as ``gru`` takes it.
    """
    return _build(nn.LSTM, classes, vocabulary, channels, size, embedding, width, layers, dropout)
