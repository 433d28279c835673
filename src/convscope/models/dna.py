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
from convscope.models.blocks.dropout import Dropout
from convscope.models.blocks.masked import PADDING
from convscope.models.recurrent import LOWEST, backwards

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


def other_strand(bases: Tensor, tokens: Tensor) -> Tensor:
    """Return the probabilities (N, 4, L) of the bases on the other strand, read from its begin; padding stays behind.

    Letters are in the order A, C, G, T, so that the opposite of each is the same one counted from the end.
    """
    return bases.flip(1).gather(2, backwards(tokens != PADDING)[:, None].expand_as(bases))


class OfBases(nn.Module):
    """What is the same for networks of DNA: a vector of numbers from the bases of tokens (N, L).

    With ``strand_symmetric`` the same kernels also read the other strand, and of each number the larger one counts: a
    sequence and its reverse complement get the same vector (Shrikumar, Greenside and Kundaje 2017).
    """

    def __init__(self, vocabulary: int, *, strand_symmetric: bool):
        super().__init__()
        self.bases, self.strand_symmetric = Bases(vocabulary), strand_symmetric

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the vector of each sequence."""
        bases = self.bases(tokens)
        vector = self.vector(bases, tokens)
        if not self.strand_symmetric:
            return vector
        return torch.maximum(vector, self.vector(other_strand(bases, tokens), tokens))

    def vector(self, bases: Tensor, tokens: Tensor) -> Tensor:
        """Return the vector of bases (N, 4, L), some of which are padding, where tokens (N, L) are 0."""
        raise NotImplementedError


class Places(OfBases):
    """A convolution over DNA (N, L), and its responses at every place (N, width × L)."""

    def __init__(self, vocabulary: int, width: int, kernel: int, dropout: float, *, strand_symmetric: bool = False):
        super().__init__(vocabulary, strand_symmetric=strand_symmetric)
        self.conv = nn.Conv1d(len(BASES), width, kernel, padding="same")
        self.norm, self.dropout = nn.BatchNorm1d(width), Dropout(dropout)

    def vector(self, bases: Tensor, tokens: Tensor) -> Tensor:
        """Return the responses."""
        return self.dropout(torch.relu(self.norm(self.conv(bases)))).flatten(1)


class Motifs(OfBases):
    """A convolution over DNA (N, L), and the largest response of each kernel (N, width)."""

    def __init__(self, vocabulary: int, width: int, kernel: int, *, strand_symmetric: bool = False):
        super().__init__(vocabulary, strand_symmetric=strand_symmetric)
        self.kernel = kernel
        self.conv = nn.Conv1d(len(BASES), width, kernel)

    def vector(self, bases: Tensor, tokens: Tensor) -> Tensor:
        """Return the maxima."""
        edge = self.kernel - 1
        responses = torch.relu(self.conv(functional.pad(bases, (edge, edge))))
        there = functional.pad((tokens != PADDING).to(responses.dtype)[:, None], (edge, edge))
        return (responses * functional.max_pool1d(there, self.kernel, stride=1)).amax(2)


class MotifsInOrder(OfBases):
    """A convolution over DNA (N, L), and cells in both directions over its responses: (N, 2 × cells).

    The largest output over time; where every sequence has the length ``kept``, the outputs at all places.
    """

    def __init__(
        self, vocabulary: int, width: int, kernel: int, cells: int, dropout: float, kept: int | None, *,
        strand_symmetric: bool = False,
    ):  # fmt: skip
        super().__init__(vocabulary, strand_symmetric=strand_symmetric)
        self.kept = kept
        self.conv = nn.Conv1d(len(BASES), width, kernel, padding="same")
        self.dropout = Dropout(dropout)
        self.ahead, self.back = nn.LSTM(width, cells, batch_first=True), nn.LSTM(width, cells, batch_first=True)

    def vector(self, bases: Tensor, tokens: Tensor) -> Tensor:
        """Return the outputs."""
        seen = tokens != PADDING
        turned = backwards(seen)[..., None]
        seen = seen[..., None]
        x = self.dropout(torch.relu(self.conv(bases)).transpose(1, 2)) * seen
        reversed_out = self.back(x.gather(1, turned.expand_as(x)))[0]
        x = torch.cat([self.ahead(x)[0], reversed_out.gather(1, turned.expand_as(reversed_out))], 2)
        return x.flatten(1) if self.kept else x.masked_fill(~seen, LOWEST).amax(1)


def conv_dna(
    *, classes: int, vocabulary: int, size: tuple[int, ...] | None = None, width: int = 64, kernel: int = 19,
    hidden: int = 64, dropout: float = 0.5, strand_symmetric: bool = False,
) -> nn.Sequential:  # fmt: skip
    """Build 64 kernels over 19 letters (Kelley et al. 2016, Basset), dropout and a hidden layer.

    Sequences of one length, ``size``, are seen with the place of each response; of others the largest one counts. With
    ``strand_symmetric`` the reverse complement of a sequence gets the same answer.
    """
    if size:
        motifs: nn.Module = Places(vocabulary, width, kernel, dropout / 2, strand_symmetric=strand_symmetric)
    else:
        motifs = Motifs(vocabulary, width, kernel, strand_symmetric=strand_symmetric)
    features = width * size[0] if size else width
    return _headed(motifs, features, hidden, classes, dropout)


def danq(
    *, classes: int, vocabulary: int, size: tuple[int, ...] | None = None, width: int = 64, kernel: int = 19,
    cells: int = 32, hidden: int = 64, dropout: float = 0.5, strand_symmetric: bool = False,
) -> nn.Sequential:  # fmt: skip
    """Build the network of Quang and Xie 2016: kernels over 19 letters, LSTM in both directions, a hidden layer.

    With ``strand_symmetric`` the reverse complement of a sequence gets the same answer.
    """
    kept = size[0] if size else None
    motifs = MotifsInOrder(vocabulary, width, kernel, cells, dropout / 2, kept, strand_symmetric=strand_symmetric)
    return _headed(motifs, 2 * cells * (kept or 1), hidden, classes, dropout)


def _headed(motifs: nn.Module, features: int, hidden: int, classes: int, dropout: float) -> nn.Sequential:
    from collections import OrderedDict

    return nn.Sequential(
        OrderedDict(
            motifs=motifs, dropout=Dropout(dropout), hidden=nn.Linear(features, hidden), relu=nn.ReLU(),
            dropout2=Dropout(dropout), fc=nn.Linear(hidden, classes),
        )
    )  # fmt: skip
