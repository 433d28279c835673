"""The encoder of a transformer for tokens (N, L) or signals (N, C, T); attention sees no padding behind them."""

from __future__ import annotations

import math
from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional

from convscope.errors import ConfigError
from convscope.models.blocks.masked import PADDING, inside

Size = tuple[int, ...] | None


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

    def forward(self, x: Tensor, seen: Tensor | None) -> Tensor:
        """Return x (N, L, width) after the block; ``seen`` (N, 1, 1, L) says which steps are looked at, if not all."""
        N, L, width = x.shape
        query, key, value = (
            self.qkv(self.norm1(x)).view(N, L, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        )
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        x = x + self.dropout(self.out(attended.transpose(1, 2).reshape(N, L, width)))
        return x + self.dropout(self.down(functional.gelu(self.up(self.norm2(x)))))


class Encoder(nn.Module):
    """Tokens (N, L) or signals (N, C, T) and their places, some blocks, and the mean over the steps: (N, width).

    Without a ``vocabulary`` each step of a signal, ``channels`` numbers, becomes ``width`` by one linear layer. Tokens
    of one length are ``kept`` at all places: (N, L × width). Of signals of one length nothing is ``masked``.
    """

    def __init__(
        self, vocabulary: int | None, channels: int, width: int, layers: int, heads: int, dropout: float, *,
        kept: bool = False, masked: bool = True,
    ):  # fmt: skip
        super().__init__()
        if heads < 1 or width % (2 * heads):
            raise ConfigError(f"width: expected a multiple of twice the {heads} heads, found {width}")
        self.width, self.tokens, self.kept, self.masked = width, vocabulary is not None, kept, masked
        self.embedding = (
            nn.Linear(channels, width) if vocabulary is None else nn.Embedding(vocabulary, width, padding_idx=PADDING)
        )
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList([Block(width, heads, dropout) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)

    def forward(self, input: Tensor) -> Tensor:
        """Return the mean over the steps of each sequence, or all steps."""
        x = self.embedding(input if self.tokens else input.transpose(1, 2))
        x = self.dropout(x + positions(x.shape[1], self.width, x.device))
        seen = inside(input)[:, 0] > 0 if self.masked else None  # (N, L)
        for block in self.blocks:
            x = block(x, None if seen is None else seen[:, None, None])
        x = self.norm(x)
        if seen is None:
            return x.flatten(1) if self.kept else x.mean(1)
        counted = seen[..., None].to(x.dtype)
        return (x * counted).sum(1) / counted.sum(1).clamp(min=1)


def transformer(
    *, classes: int, vocabulary: int | None = None, channels: int = 1, size: Size = None, width: int = 64,
    layers: int = 2, heads: int = 4, dropout: float = 0.1,
) -> nn.Sequential:  # fmt: skip
    """Build an encoder of ``layers`` blocks with ``heads`` heads each (Vaswani et al. 2017), mean over the steps.

    With a ``vocabulary`` it takes tokens, else signals of some ``channels``. Tokens of one length are seen with their
    places.
    """
    kept = vocabulary is not None and size is not None
    encoder = Encoder(vocabulary, channels, width, layers, heads, dropout, kept=kept, masked=size is None)
    features = width * (size[0] if size is not None and kept else 1)
    return nn.Sequential(OrderedDict(encoder=encoder, fc=nn.Linear(features, classes)))
