"""The encoder of a transformer for texts: tokens (N, L) in; attention does not see the padding behind a text."""

from __future__ import annotations

import math
from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional

from convscope.errors import ConfigError

PADDING = 0


def positions(length: int, width: int, device: torch.device) -> Tensor:
    """Return the sines and cosines (length, width) that tell places apart, for any length (Vaswani et al. 2017).

    >>> positions(2, 4, torch.device("cpu"))[0].tolist()
    [0.0, 0.0, 1.0, 1.0]
    """
    rates = torch.exp(torch.arange(0, width, 2, device=device) * (-math.log(10_000.0) / width))
    angles = torch.arange(length, device=device)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], 1)


class Block(nn.Module):
    """Attention among the tokens, then two layers at each; the norm comes before (Xiong et al. 2020)."""

    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        """Return x (N, L, width) after the block; ``seen`` (N, 1, 1, L) says which tokens are looked at."""
        N, L, width = x.shape
        query, key, value = (
            self.qkv(self.norm1(x)).view(N, L, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        )
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        x = x + self.dropout(self.out(attended.transpose(1, 2).reshape(N, L, width)))
        return x + self.dropout(self.down(functional.gelu(self.up(self.norm2(x)))))


class Encoder(nn.Module):
    """Embeddings and places of tokens (N, L), some blocks, and the mean over the tokens: (N, width)."""

    def __init__(self, vocabulary: int, width: int, layers: int, heads: int, dropout: float):
        super().__init__()
        if heads < 1 or width % (2 * heads):
            raise ConfigError(f"width: expected a multiple of twice the {heads} heads, found {width}")
        self.width = width
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=PADDING)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList([Block(width, heads, dropout) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the mean over the tokens of each text."""
        seen = tokens != PADDING
        x = self.dropout(self.embedding(tokens) + positions(tokens.shape[1], self.width, tokens.device))
        for block in self.blocks:
            x = block(x, seen[:, None, None])
        counted = seen[..., None].to(x.dtype)
        return (self.norm(x) * counted).sum(1) / counted.sum(1).clamp(min=1)


def transformer(
    *, classes: int, vocabulary: int, width: int = 64, layers: int = 2, heads: int = 4, dropout: float = 0.1
) -> nn.Sequential:
    """Build an encoder of ``layers`` blocks with ``heads`` heads each (Vaswani et al. 2017), mean over the tokens."""
    return nn.Sequential(
        OrderedDict(encoder=Encoder(vocabulary, width, layers, heads, dropout), fc=nn.Linear(width, classes))
    )
