"""Networks for texts: tokens (N, L) in, 0 behind the end of a text; how many such there are changes no answer."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional

PADDING = 0  # the token behind the end of a text


class Windows(nn.Module):
    """A convolution over the embeddings of tokens (N, L), and the largest response of each kernel: (N, width).

    A window counts where it holds a token of the text, so that one shorter than the kernel has some, too, and the ones
    behind its end, of padding alone, none.
    """

    def __init__(self, vocabulary: int, embedding: int, width: int, kernel: int):
        super().__init__()
        self.kernel = kernel
        self.embedding = nn.Embedding(vocabulary, embedding, padding_idx=PADDING)
        self.conv = nn.Conv1d(embedding, width, kernel)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the maxima."""
        around = functional.pad(tokens, (self.kernel - 1, self.kernel - 1))
        responses = torch.relu(self.conv(self.embedding(around).transpose(1, 2)))
        counted = functional.max_pool1d((around != PADDING).float()[:, None], self.kernel, stride=1)
        return (responses * counted).amax(2)  # no response is below 0


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
