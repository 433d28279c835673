"""A network of kernels that nobody learned: how often each responds more than usual, and one layer that is learned.

The kernels are those of MiniRocket (Dempster et al. 2021): of nine weights three are 2 and six are -1, in each of the
84 ways, at dilations of 1, 2, 4, ... steps. Where MiniRocket draws thresholds from the training signals, the responses
here are normalised, and the thresholds are the same quantiles of a normal distribution for every kernel.
"""

from __future__ import annotations

from statistics import NormalDist

import torch
from torch import Tensor, nn

from convscope.models.blocks.masked import MaskedNorm, Told, chain
from convscope.tasks.signals.minirocket import LENGTH, PLACES

COUNT = len(PLACES)  # 84
DILATIONS = 8  # at most, so that a kernel spans up to 1,025 steps
SHARPNESS = 4.0  # a response this much above a threshold, in standard deviations over 4, counts for 0.73


def kernels(channels: int, dilation: int) -> Tensor:
    """Return the 84 kernels (84, channels, 9): each sees one channel up to nine, drawn anew for each dilation.

    >>> kernels(1, 1)[0, 0].tolist()
    [2.0, 2.0, 2.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0]
    """
    weights = torch.full((COUNT, 1, LENGTH), -1.0)
    for row, places in zip(weights, PLACES, strict=True):
        row[0, list(places)] = 2.0
    draw = torch.Generator().manual_seed(dilation)
    counts = 2 ** (torch.rand(COUNT, generator=draw) * torch.tensor(min(channels, 9) + 1.0).log2())
    order = torch.rand(COUNT, channels, generator=draw).argsort(1)
    return weights * (order < counts.long()[:, None])[..., None]


class Fixed(nn.Conv1d):
    """A convolution that keeps the length, by the 84 kernels: they are kept with the weights, and never learned."""

    weight: Tensor  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, channels: int, dilation: int):
        around = dilation * (LENGTH // 2)
        super().__init__(channels, COUNT, LENGTH, padding=around, dilation=dilation, bias=False)
        del self.weight
        self.register_buffer("weight", kernels(channels, dilation))


class Shares(Told):
    """The share of a signal (N, C, T) above each threshold, for each kernel: (N, thresholds × kernels, 1).

    A response counts by the logistic function of its distance from the threshold, so that near ones count in part.
    """

    def __init__(self, channels: int, dilations: list[int], thresholds: int, *, masked: bool):
        super().__init__()
        self.convs = nn.ModuleList([Fixed(channels, dilation) for dilation in dilations])
        self.norm = (MaskedNorm if masked else nn.BatchNorm1d)(COUNT * len(dilations), affine=False)
        self.thresholds = [NormalDist().inv_cdf((k + 0.5) / thresholds) for k in range(thresholds)]

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the shares, 0..1."""
        responses = torch.cat([conv(x) for conv in self.convs], 1)
        responses = self.norm(responses) if mask is None else self.norm(responses, mask)
        counted = (torch.sigmoid(SHARPNESS * (responses - threshold)) for threshold in self.thresholds)
        if mask is None:
            return torch.cat([count.mean(2, keepdim=True) for count in counted], 1)
        return torch.cat([(count * mask).sum(2, keepdim=True) / mask.sum(2, keepdim=True) for count in counted], 1)


def fixed_kernels(
    *, classes: int, channels: int = 1, size: tuple[int, ...] | None = None, thresholds: int = 8, dropout: float = 0.5
) -> nn.Sequential:
    """Build 84 fixed kernels at each dilation that fits, their shares above ``thresholds``, and one linear layer."""
    dilations = [2**k for k in range(DILATIONS) if size is None or k == 0 or 2**k * (LENGTH - 1) < size[0]]
    features = COUNT * len(dilations) * thresholds
    return chain(
        {
            "shares": Shares(channels, dilations, thresholds, masked=size is None), "norm": nn.BatchNorm1d(features),
            "flatten": nn.Flatten(), "dropout": nn.Dropout(dropout), "fc": nn.Linear(features, classes),
        },
        size,
    )  # fmt: skip
