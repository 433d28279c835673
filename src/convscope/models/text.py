"""Networks of windows over texts: tokens (N, L) in, 0 behind the end of a text; no padding changes an answer."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional

PADDING = 0  # the token behind the end of a text


def largest(tokens: Tensor, embedding: nn.Embedding, conv: nn.Conv1d) -> Tensor:
    """Return the largest response, not below 0, of each kernel (N, width) over the windows of tokens (N, L).

    A window counts where it holds a token of the text, so that one shorter than the kernel has some, too, and the ones
    behind its end, of padding alone, none.
    """
    kernel = conv.kernel_size[0]
    around = functional.pad(tokens, (kernel - 1, kernel - 1))
    responses = torch.relu(conv(embedding(around).transpose(1, 2)))
    counted = functional.max_pool1d((around != PADDING).to(responses.dtype)[:, None], kernel, stride=1)
    return (responses * counted).amax(2)


class Windows(nn.Module):
    """A convolution over the embeddings of tokens (N, L), and the largest response of each kernel: (N, width)."""

    def __init__(self, vocabulary: int, embedding: int, width: int, kernel: int):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding, padding_idx=PADDING)
        self.conv = nn.Conv1d(embedding, width, kernel)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the maxima."""
        return largest(tokens, self.embedding, self.conv)


class ManyWindows(nn.Module):
    """Convolutions of several widths over one embedding of tokens (N, L); the largest responses of all, one vector."""

    def __init__(self, vocabulary: int, embedding: int, width: int, kernels: range):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding, padding_idx=PADDING)
        self.convs = nn.ModuleList([nn.Conv1d(embedding, width, kernel) for kernel in kernels])

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the maxima (N, widths × width)."""
        return torch.cat([largest(tokens, self.embedding, conv) for conv in self.convs], 1)  # pyright: ignore[reportArgumentType]


def text_cnn(
    *, classes: int, vocabulary: int, embedding: int = 10, width: int = 128, kernel: int = 4, hidden: int = 256,
    dropout: float = 0.5,
) -> nn.Sequential:  # fmt: skip
    """Build the network of Collobert et al. 2011: windows of characters, their maximum over time, a hidden layer.

    ``width`` kernels see ``kernel`` tokens each, as ``embedding`` numbers.
    """
    return nn.Sequential(
        OrderedDict(
            windows=Windows(vocabulary, embedding, width, kernel),
            hidden=nn.Linear(width, hidden), relu=nn.ReLU(), dropout=nn.Dropout(dropout),
            fc=nn.Linear(hidden, classes),
        )
    )  # fmt: skip


def text_cnn_wide(
    *, classes: int, vocabulary: int, embedding: int = 32, width: int = 128, shortest: int = 2, longest: int = 7,
    dropout: float = 0.5,
) -> nn.Sequential:  # fmt: skip
    """Build the network of Kim 2014: ``width`` windows of every length from ``shortest`` to ``longest``, one layer."""
    kernels = range(shortest, longest + 1)
    return nn.Sequential(
        OrderedDict(
            windows=ManyWindows(vocabulary, embedding, width, kernels), dropout=nn.Dropout(dropout),
            fc=nn.Linear(width * len(kernels), classes),
        )
    )  # fmt: skip
