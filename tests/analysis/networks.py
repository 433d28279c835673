"""Random small networks, and what an input moves in them, found by trying."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

MOST = 400  # numbers of an array, so that every input can be tried
CONV = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
TRANSPOSED = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
MAX = {1: nn.MaxPool1d, 2: nn.MaxPool2d, 3: nn.MaxPool3d}
MEAN = {1: nn.AvgPool1d, 2: nn.AvgPool2d, 3: nn.AvgPool3d}


class Calls(nn.Module):
    """A function of some modules' outputs."""

    def __init__(self, function: Callable[..., Tensor], *parts: nn.Module):
        super().__init__()
        self.parts = nn.ModuleList(parts)
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, *(part(x) for part in self.parts))


@st.composite
def networks(draw: Any, *, steps: int = 4) -> tuple[nn.Module, tuple[int, ...]]:
    """Return a network and the shape of its input; shapes are found by running each layer."""
    rank = draw(st.sampled_from((1, 2, 2, 3)))
    sides = {1: (5, 14), 2: (4, 8), 3: (3, 4)}[rank]
    shape = (draw(st.integers(1, 2)), *(draw(st.integers(*sides)) for _ in range(rank)))
    x, layers = torch.zeros(1, *shape), []
    for _ in range(draw(st.integers(1, steps))):
        layer = draw(st.sampled_from(STEPS))(draw, x.shape, rank)
        try:
            y = layer(x)
        except (RuntimeError, ValueError):  # it does not fit
            continue
        if 0 < y.numel() <= MOST and y.ndim == x.ndim:
            x, layers = y, [*layers, layer]
    if draw(st.booleans()):
        layers += [nn.Flatten(), nn.Linear(math.prod(x.shape[1:]), 3)]
    return nn.Sequential(*(layers or [nn.ReLU()])).double().eval(), shape


def _each(draw: Any, rank: int, low: int, high: int) -> tuple[int, ...]:
    return tuple(draw(st.integers(low, high)) for _ in range(rank))


def _conv(draw: Any, shape: Any, rank: int) -> nn.Module:
    groups = draw(st.sampled_from([g for g in (1, 1, 2, 4) if shape[1] % g == 0]))
    return CONV[rank](
        shape[1], groups * draw(st.integers(1, 2)), _each(draw, rank, 1, 3), _each(draw, rank, 1, 3),
        _each(draw, rank, 0, 2), _each(draw, rank, 1, 3), groups, bias=draw(st.booleans()),
        padding_mode=draw(st.sampled_from(("zeros", "zeros", "circular", "replicate"))),
    )  # fmt: skip


def _same(draw: Any, shape: Any, rank: int) -> nn.Module:
    kernel, dilation = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    around = dilation * (kernel - 1)
    ends = (around // 2, around - around // 2) * rank
    return nn.Sequential(Calls(lambda x: F.pad(x, ends)), CONV[rank](shape[1], shape[1], kernel, dilation=dilation))


def _transposed(draw: Any, shape: Any, rank: int) -> nn.Module:
    groups = draw(st.sampled_from([g for g in (1, 2) if shape[1] % g == 0]))
    return TRANSPOSED[rank](
        shape[1], groups, _each(draw, rank, 1, 3), _each(draw, rank, 1, 3), draw(st.integers(0, 1)),
        0, groups, dilation=draw(st.integers(1, 2)),
    )  # fmt: skip


def _pool(draw: Any, shape: Any, rank: int) -> nn.Module:
    size, stride = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    kind = draw(st.sampled_from((MAX, MEAN)))
    return kind[rank](size, stride, draw(st.integers(0, size // 2)), ceil_mode=draw(st.booleans()))


def _padded(draw: Any, shape: Any, rank: int) -> nn.Module:
    ends = _each(draw, 2 * rank, -1, 2)
    return Calls(lambda x: F.pad(x, ends))


def _residual(draw: Any, shape: Any, rank: int) -> nn.Module:
    return Calls(lambda x, y: F.relu(x + y), _same(draw, shape, rank))


def _branches(draw: Any, shape: Any, rank: int) -> nn.Module:
    one, other = _same(draw, shape, rank), _same(draw, shape, rank)
    if draw(st.booleans()):
        return Calls(lambda x, y, z: torch.cat([y, z], 1), one, other)
    return Calls(lambda x, y, z: y * z, one, other)


def _other(draw: Any, shape: Any, rank: int) -> nn.Module:
    adaptive = getattr(nn, f"AdaptiveAvgPool{rank}d")(draw(st.integers(1, 3)))
    norm = getattr(nn, f"BatchNorm{rank}d")(shape[1])
    turned = Calls(lambda x: x.transpose(-1, 1))
    sliced = Calls(lambda x: x[..., ::2].flip(-1))
    gated = Calls(lambda x: x * x.mean(tuple(range(2, x.ndim)), keepdim=True).sigmoid())
    larger = nn.Upsample(scale_factor=2)  # not linear: a NaN times a weight of 0 is one, and moves nothing
    layered = Calls(lambda x: F.layer_norm(x, x.shape[-1:]))
    again = Calls(lambda x: x.flatten(1).unflatten(1, (-1, *(1,) * (rank - 1), x.shape[-1])))
    return draw(st.sampled_from((adaptive, norm, turned, sliced, gated, larger, layered, again)))


STEPS = (_conv, _conv, _same, _transposed, _pool, _padded, _residual, _branches, _other)


def moved(network: nn.Module, shape: tuple[int, ...]) -> np.ndarray:
    """Return a table (inputs, outputs) of what each input moves: a NaN there reaches all that is made of it."""
    number = math.prod(shape)
    x = torch.rand(number, number, dtype=torch.float64) + 0.5
    x.fill_diagonal_(math.nan)
    with torch.no_grad():
        found = network(x.reshape(number, *shape))
    return found.isnan().reshape(number, -1).numpy()
