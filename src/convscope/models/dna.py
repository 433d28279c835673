"""Networks for DNA: tokens (N, L) of IUPAC's letters in, each seen as the probabilities of its bases.

Where all sequences have one length, the networks keep where in it something stands: a splice site is one by its place.
Elsewhere they take what is largest along the sequence, and no padding changes an answer.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from convscope.data.transforms.dna import BASES, LETTERS, probabilities
from convscope.errors import ConfigError
from convscope.models.recurrent import LOWEST, backwards

PADDING = 0
VOCABULARY = 2 + len(LETTERS)


class Bases(nn.Module):
    """From tokens (N, L) to the probabilities of A, C, G and T at each place: (N, 4, L)."""

    table: Tensor

    def __init__(self, vocabulary: int):
        super().__init__()
        if vocabulary != VOCABULARY:
            raise ConfigError(
                f"takes DNA, sequences of IUPAC's letters {LETTERS} ({VOCABULARY} tokens), and was given texts of "
                f"{vocabulary} tokens; text_cnn, gru and transformer take any text"
            )
        self.register_buffer("table", torch.tensor(probabilities()))

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the probabilities."""
        return functional.embedding(tokens, self.table).transpose(1, 2)


class Places(nn.Module):
    """A convolution over DNA (N, L), and its responses at every place (N, width × L)."""

    def __init__(self, vocabulary: int, width: int, kernel: int, dropout: float):
        super().__init__()
        self.bases = Bases(vocabulary)
        self.conv = nn.Conv1d(len(BASES), width, kernel, padding="same")
        self.norm, self.dropout = nn.BatchNorm1d(width), nn.Dropout(dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the responses."""
        return self.dropout(torch.relu(self.norm(self.conv(self.bases(tokens))))).flatten(1)


class Motifs(nn.Module):
    """A convolution over DNA (N, L), and the largest response of each kernel (N, width)."""

    def __init__(self, vocabulary: int, width: int, kernel: int):
        super().__init__()
        self.bases, self.kernel = Bases(vocabulary), kernel
        self.conv = nn.Conv1d(len(BASES), width, kernel)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the maxima."""
        around = functional.pad(tokens, (self.kernel - 1, self.kernel - 1))
        responses = torch.relu(self.conv(self.bases(around)))
        counted = functional.max_pool1d((around != PADDING).to(responses.dtype)[:, None], self.kernel, stride=1)
        return (responses * counted).amax(2)


class MotifsInOrder(nn.Module):
    """A convolution over DNA (N, L), and cells in both directions over its responses: (N, 2 × cells).

    The largest output over time; where every sequence has the length ``kept``, the outputs at all places.
    """

    def __init__(self, vocabulary: int, width: int, kernel: int, cells: int, dropout: float, kept: int | None):
        super().__init__()
        self.bases, self.kept = Bases(vocabulary), kept
        self.conv = nn.Conv1d(len(BASES), width, kernel, padding="same")
        self.dropout = nn.Dropout(dropout)
        self.ahead, self.back = nn.LSTM(width, cells, batch_first=True), nn.LSTM(width, cells, batch_first=True)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the vector."""
        seen = tokens != PADDING
        turned = backwards(seen)[..., None]
        seen = seen[..., None]
        x = self.dropout(torch.relu(self.conv(self.bases(tokens))).transpose(1, 2)) * seen
        reversed_out = self.back(x.gather(1, turned.expand_as(x)))[0]
        x = torch.cat([self.ahead(x)[0], reversed_out.gather(1, turned.expand_as(reversed_out))], 2)
        return x.flatten(1) if self.kept else x.masked_fill(~seen, LOWEST).amax(1)


def conv_dna(
    *, classes: int, vocabulary: int, size: tuple[int, ...] | None = None, width: int = 64, kernel: int = 19,
    hidden: int = 64, dropout: float = 0.5,
) -> nn.Sequential:  # fmt: skip
    """Build 64 kernels over 19 letters (Kelley et al. 2016, Basset), dropout and a hidden layer.

    Sequences of one length, ``size``, are seen with the place of each response; of others the largest one counts.
    """
    motifs = Places(vocabulary, width, kernel, dropout / 2) if size else Motifs(vocabulary, width, kernel)
    features = width * size[0] if size else width
    return _headed(motifs, features, hidden, classes, dropout)


def danq(
    *, classes: int, vocabulary: int, size: tuple[int, ...] | None = None, width: int = 64, kernel: int = 19,
    cells: int = 32, hidden: int = 64, dropout: float = 0.5,
) -> nn.Sequential:  # fmt: skip
    """Build the network of Quang and Xie 2016: kernels over 19 letters, LSTM in both directions, a hidden layer."""
    kept = size[0] if size else None
    motifs = MotifsInOrder(vocabulary, width, kernel, cells, dropout / 2, kept)
    return _headed(motifs, 2 * cells * (kept or 1), hidden, classes, dropout)


def _headed(motifs: nn.Module, features: int, hidden: int, classes: int, dropout: float) -> nn.Sequential:
    from collections import OrderedDict

    return nn.Sequential(
        OrderedDict(
            motifs=motifs, dropout=nn.Dropout(dropout), hidden=nn.Linear(features, hidden), relu=nn.ReLU(),
            dropout2=nn.Dropout(dropout), fc=nn.Linear(hidden, classes),
        )
    )  # fmt: skip
