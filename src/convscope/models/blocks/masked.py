"""Layers for sequences that see nothing behind the end of each, so that no padding changes an answer.

A sequence is a signal (N, C, T), or tokens (N, L) with 0 behind their end, which an embedding makes (N, C, L). Shorter
signals of a batch are padded with zeros. A signal ends at the last step at which any channel is not exactly 0;
standardised values hardly ever are, and where they are, what is left out says no more than the mean. A network for
signals of one length needs none of this: its layers are told no mask, and are PyTorch's own.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional

PADDING = 0  # the token behind the end of a text


def inside(x: Tensor) -> Tensor:
    """Return 1 up to the last step of each signal (N, C, T) that is not 0 in all channels, else 0: (N, 1, T).

    Of tokens (N, L) those count that are not 0: (N, 1, L).

    >>> inside(torch.tensor([[[5.0, 0.0, 2.0, 0.0]], [[0.0, 0.0, 0.0, 0.0]]])).tolist()
    [[[1.0, 1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0, 0.0]]]
    """
    if not x.is_floating_point():
        return (x != PADDING).to(torch.get_default_dtype())[:, None]
    # Counted in float32, since bfloat16 tells steps apart up to 256 only.
    steps = torch.arange(1, x.shape[2] + 1, device=x.device, dtype=torch.float32)
    last = torch.where((x != 0).any(1), steps, 1.0).amax(1, keepdim=True)  # (N, 1)
    return (steps <= last).to(x.dtype)[:, None]


class Told(nn.Module):
    """A layer that is told where signals are, where they differ in length: ``forward(x, mask)``."""


class Chain(nn.Sequential):
    """Layers one after the other for signals of different lengths, each told where these are if it asks."""

    def forward(self, input: Tensor) -> Tensor:
        """Return what the last layer makes of signals (N, C, T) or tokens (N, L)."""
        mask = inside(input)
        for layer in self:
            input = layer(input, mask) if isinstance(layer, Told) else layer(input)
        return input


def chain(layers: dict[str, nn.Module], size: tuple[int, ...] | None) -> nn.Sequential:
    """Return layers as a chain: PyTorch's own for signals of one length, else one that masks."""
    return (Chain if size is None else nn.Sequential)(OrderedDict(layers))


class Embedded(Told):
    """The embedding of tokens (N, L) as a signal (N, width, L), 0 behind the end of each."""

    def __init__(self, vocabulary: int, width: int):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=PADDING)

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return it."""
        x = self.embedding(tokens).transpose(1, 2)
        return x if mask is None else x * mask.to(x.dtype)


class Within(Told):
    """What lies inside the signals (N, C, T), 0 behind the end of each."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return it."""
        return x if mask is None else x * mask


class MaskedNorm(nn.BatchNorm1d):
    """Batch norm whose mean and variance are those of the steps inside the signals of a batch."""

    def forward(self, input: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return (x - mean) / √(variance + eps) · weight + bias; behind the end of a signal any number."""
        if mask is None or not self.training:
            return super().forward(input)
        assert self.running_mean is not None and self.running_var is not None and self.momentum is not None
        count = mask.sum()
        mean = (input * mask).sum((0, 2)) / count  # (C,)
        apart = (input - mean[:, None]) * mask
        variance = apart.square().sum((0, 2)) / count
        with torch.no_grad():
            self.running_mean.lerp_(mean.to(self.running_mean.dtype), self.momentum)
            unbiased = (variance * count / (count - 1).clamp(min=1)).to(self.running_var.dtype)
            self.running_var.lerp_(unbiased, self.momentum)
            if self.num_batches_tracked is not None:
                self.num_batches_tracked.add_(1)
        scale = (variance + self.eps).rsqrt()
        if not self.affine:
            return (input - mean[:, None]) * scale[:, None]
        return (input - mean[:, None]) * (self.weight * scale)[:, None] + self.bias[:, None]


def norm(channels: int, *, masked: bool) -> nn.BatchNorm1d:
    """Return a batch norm, of steps inside the signals where they are ``masked``."""
    return MaskedNorm(channels) if masked else nn.BatchNorm1d(channels)


class Unit(Told):
    """A convolution that keeps the length, batch norm, and ReLU unless ``relu`` is false.

    Zeros are laid around a signal: of an even kernel one more behind it; where it is ``causal`` all before it, so that
    no step is computed from later ones.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, masked: bool, dilation: int = 1, relu: bool = True,
        causal: bool = False,
    ):  # fmt: skip
        super().__init__()
        around = dilation * (kernel - 1)
        self.around = (around, 0) if causal else (around // 2, around - around // 2)
        within = self.around[0] if self.around[0] == self.around[1] else 0
        self.conv = nn.Conv1d(inputs, outputs, kernel, padding=within, dilation=dilation, bias=False)
        self.norm = norm(outputs, masked=masked)
        self.relu = nn.ReLU() if relu else nn.Identity()

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return (N, outputs, T), 0 behind the end of each signal."""
        if self.around[0] != self.around[1]:
            x = functional.pad(x, self.around)
        x = self.conv(x)
        if mask is None:
            return self.relu(self.norm(x))
        return self.relu(self.norm(x, mask)) * mask


class Mean(Told):
    """The mean of each channel over the steps of a signal: (N, C, 1)."""

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return the means of x (N, C, T)."""
        return (x * mask).sum(2, keepdim=True) / mask.sum(2, keepdim=True)


class Last(Told):
    """The last step of each signal: (N, C, 1)."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return it of x (N, C, T)."""
        if mask is None:
            return x[:, :, -1:]
        end = mask - functional.pad(mask[:, :, 1:], (0, 1))  # 1 at the last step
        return (x * end).sum(2, keepdim=True)


def pool(size: tuple[int, ...] | None) -> nn.Module:
    """Return what takes the mean of each channel over time, (N, C, 1)."""
    return Mean() if size is None else nn.AdaptiveAvgPool1d(1)
