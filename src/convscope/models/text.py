"""Networks of windows over texts: tokens (N, L) in, 0 behind the end of a text; no padding changes an answer."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from convscope.models.blocks.dropout import Dropout
from convscope.models.blocks.masked import PADDING

LOWEST = -1e4  # added to the response of a window of padding alone: below all that count, finite in every type
PART = 192  # texts whose windows are computed together, so that few are of padding alone


def largest(tokens: Tensor, embedding: nn.Embedding, conv: nn.Conv1d) -> Tensor:
    """Return the largest response, not below 0, of each kernel (N, width) over the windows of tokens (N, L).

    A window counts where it holds a token of the text, so that one shorter than the kernel has some, too, and the ones
    behind its end, of padding alone, none.
    """
    if conv.training:
        return _largest_learning(tokens, embedding, conv)
    kernel = conv.kernel_size[0]
    around = functional.pad(tokens, (kernel - 1, kernel - 1))
    responses = torch.relu(conv(embedding(around).transpose(1, 2)))
    counted = functional.max_pool1d((around != PADDING).to(responses.dtype)[:, None], kernel, stride=1)
    return (responses * counted).amax(2)


def _largest_learning(tokens: Tensor, embedding: nn.Embedding, conv: nn.Conv1d) -> Tensor:
    """Return what ``largest`` does, in a third of the time on short texts, but not as a convolution to look into.

    It is one product over all windows, in which those of padding alone fall below 0, and ReLU at the end.
    """
    kernel = conv.kernel_size[0]
    count = tokens.shape[1] + kernel - 1  # of windows
    letters = embedding(functional.pad(tokens, (kernel - 1, kernel - 1)))  # (N, L', embedding)
    blank = functional.pad(tokens, (kernel - 1, 0), value=PADDING + 1) == PADDING  # a window begins behind the end
    windows = torch.cat(
        [*(letters[:, at : at + count] for at in range(kernel)), blank[..., None].to(letters.dtype)], 2
    )  # (N, count, kernel × embedding + 1)
    weight = functional.pad(conv.weight.transpose(1, 2).flatten(1), (0, 1), value=LOWEST)
    return torch.relu(maximum(functional.linear(windows, weight, conv.bias)))


def maximum(x: Tensor) -> Tensor:
    """Return the largest of each channel over the steps of x (N, T, C).

    Learning, the places are found by a pooling that has the channels side by side: half the time of ``amax``, whose
    gradient goes through all steps.
    """
    if not x.requires_grad:
        return x.amax(1)
    with torch.no_grad():
        places = functional.max_pool2d(x.transpose(1, 2)[:, :, None], (1, x.shape[1]), return_indices=True)[1]
    return x.gather(1, places.flatten(1)[:, None])[:, 0]


def in_parts(tokens: Tensor, responses: Callable[[Tensor], Tensor]) -> Tensor:
    """Return what ``responses`` makes of tokens (N, L), those of many texts in parts of like length, each cut to it."""
    if len(tokens) < 2 * PART:
        return responses(tokens)
    lengths, order = (tokens != PADDING).sum(1).sort(stable=True)
    last = lengths[PART - 1 :: PART].tolist()
    if len(tokens) % PART:
        last.append(int(lengths[-1]))
    parts = [responses(part[:, :longest]) for part, longest in zip(tokens[order].split(PART), last, strict=True)]
    return torch.cat(parts)[order.argsort()]


class Windows(nn.Module):
    """A convolution over the embeddings of tokens (N, L), and the largest response of each kernel: (N, width)."""

    def __init__(self, vocabulary: int, embedding: int, width: int, kernel: int):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding, padding_idx=PADDING)
        self.conv = nn.Conv1d(embedding, width, kernel)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the maxima."""
        return in_parts(tokens, lambda part: largest(part, self.embedding, self.conv))


class ManyWindows(nn.Module):
    """Convolutions of several widths over one embedding of tokens (N, L); the largest responses of all, one vector."""

    def __init__(self, vocabulary: int, embedding: int, width: int, kernels: range):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding, padding_idx=PADDING)
        self.convs = nn.ModuleList([nn.Conv1d(embedding, width, kernel) for kernel in kernels])

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the maxima (N, widths × width)."""
        return in_parts(tokens, self._largest)

    def _largest(self, tokens: Tensor) -> Tensor:
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
            hidden=nn.Linear(width, hidden), relu=nn.ReLU(), dropout=Dropout(dropout),
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
            windows=ManyWindows(vocabulary, embedding, width, kernels), dropout=Dropout(dropout),
            fc=nn.Linear(width * len(kernels), classes),
        )
    )  # fmt: skip
