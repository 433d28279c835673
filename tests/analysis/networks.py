"""Random small networks, each made from its number; and what an input moves in them, found by trying."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

MOST = 400  # numbers of an array, so that every input can be tried
SIDES = {1: (5, 14), 2: (4, 8), 3: (3, 4)}
PLAIN = (nn.ReLU, nn.SELU, nn.GELU, nn.Sigmoid, nn.Tanh, nn.PReLU, nn.Dropout, nn.Identity)
Shape = tuple[int, ...]


class Calls(nn.Module):
    """A function of some modules' outputs."""

    def __init__(self, function: Callable[..., Tensor], *parts: nn.Module):
        super().__init__()
        self.parts = nn.ModuleList(parts)
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, *(part(x) for part in self.parts))


def network(number: int, *, steps: int = 4) -> tuple[nn.Module, Shape]:
    """Return network ``number``, always the same, and the shape of its input."""
    draw = Random(number)
    torch.manual_seed(number)
    rank = draw.choice((1, 2, 2, 3))
    shape = (draw.randint(1, 2), *(draw.randint(*SIDES[rank]) for _ in range(rank)))
    layers, x = _chain(draw, shape, draw.randint(1, steps))
    if draw.random() < 0.5:
        layers += [nn.Flatten(), nn.Linear(math.prod(x[1:]), 3)]
    return nn.Sequential(*(layers or [nn.ReLU()])).double().eval(), shape


def _chain(draw: Random, shape: Shape, steps: int) -> tuple[list[nn.Module], Shape]:
    """Return layers one after the other and the shape of what leaves them, found by running each."""
    x, layers = torch.zeros(1, *shape), []
    for _ in range(steps):
        layer = draw.choice(STEPS)(draw, tuple(x.shape[1:]))
        try:
            with torch.no_grad():
                y = layer.eval()(x)
        except (RuntimeError, ValueError):  # it does not fit
            continue
        if 0 < y.numel() <= MOST and y.ndim == x.ndim and y.isfinite().all():  # a maximum of padding alone is -inf
            x, layers = y, [*layers, layer]
    return layers, tuple(x.shape)


def _of(name: str, shape: Shape) -> Any:
    """Return the layer of a name for as many axes as there are behind the channels: Conv2d for (C, H, W)."""
    return getattr(nn, f"{name}{len(shape) - 1}d")


def _each(draw: Random, shape: Shape, low: int, high: int) -> Shape:
    return tuple(draw.randint(low, high) for _ in shape[1:])


def _groups(draw: Random, channels: int) -> int:
    return draw.choice([g for g in (1, 1, 2, 4) if channels % g == 0])


def _conv(draw: Random, shape: Shape) -> nn.Module:
    groups = _groups(draw, shape[0])
    return _of("Conv", shape)(
        shape[0], groups * draw.randint(1, 2), _each(draw, shape, 1, 3), _each(draw, shape, 1, 3),
        _each(draw, shape, 0, 2), _each(draw, shape, 1, 3), groups, bias=draw.random() < 0.5,
        padding_mode=draw.choice(("zeros", "zeros", "zeros", "circular", "replicate", "reflect")),
    )  # fmt: skip


def _same(draw: Random, shape: Shape) -> nn.Module:
    """A convolution that keeps the size, written out with padding that may differ at the two ends, or as "same"."""
    kernel, dilation = draw.randint(1, 3), draw.randint(1, 2)
    if draw.random() < 0.3:
        return _of("Conv", shape)(shape[0], shape[0], kernel, dilation=dilation, padding="same")
    around = dilation * (kernel - 1)
    ends = (around // 2, around - around // 2) * len(shape[1:])
    conv = _of("Conv", shape)(shape[0], shape[0], kernel, dilation=dilation)
    return nn.Sequential(Calls(lambda x: F.pad(x, ends)), conv)


def _transposed(draw: Random, shape: Shape) -> nn.Module:
    groups, stride = _groups(draw, shape[0]), _each(draw, shape, 1, 3)
    return _of("ConvTranspose", shape)(
        shape[0], groups, _each(draw, shape, 1, 3), stride, _each(draw, shape, 0, 1),
        tuple(draw.randint(0, s - 1) for s in stride), groups, draw.random() < 0.5, draw.randint(1, 2),
    )  # fmt: skip


def _pool(draw: Random, shape: Shape) -> nn.Module:
    size, stride = draw.randint(1, 3), draw.randint(1, 3)
    ends, ceil = draw.randint(0, size // 2), draw.random() < 0.5
    if draw.random() < 0.5:
        return _of("MaxPool", shape)(size, stride, ends, draw.randint(1, 2), ceil_mode=ceil)
    return _of("AvgPool", shape)(size, stride, ends, ceil_mode=ceil, count_include_pad=draw.random() < 0.5)


def _padded(draw: Random, shape: Shape) -> nn.Module:
    ends = [draw.randint(-1, 2) for _ in (*shape[1:], *shape[1:])]
    return Calls(lambda x: F.pad(x, ends))


def _residual(draw: Random, shape: Shape) -> nn.Module:
    return Calls(lambda x, y: F.relu(x + y), _same(draw, shape))


def _branches(draw: Random, shape: Shape) -> nn.Module:
    """Two ways through, cut to one size, and set beside each other, added or multiplied."""
    (one, a), (other, b) = _chain(draw, shape, 2), _chain(draw, shape, 2)
    parts = nn.Sequential(*one), nn.Sequential(*other)
    size = [slice(0, min(n, m)) for n, m in zip(a[2:], b[2:], strict=True)]
    if draw.random() < 0.5:
        return Calls(lambda x, y, z: torch.cat([y[:, :, *size], z[:, :, *size]], 1), *parts)
    if a[1] == b[1]:
        return Calls(lambda x, y, z: y[:, :, *size] + z[:, :, *size], *parts)
    return Calls(lambda x, y, z: y[:, :, *size].mean(1, keepdim=True) * z[:, :, *size], *parts)


def _norm(draw: Random, shape: Shape) -> nn.Module:
    """A normalisation; with the usual eps of 1e-5 those of a nearly constant map would enlarge rounding 300 times."""
    batch = _of("BatchNorm", shape)(shape[0])
    batch.running_mean.normal_()
    batch.running_var.uniform_(0.5, 2)
    layered = Calls(lambda x: F.layer_norm(x, x.shape[-1:], eps=0.1))
    grouped = nn.GroupNorm(_groups(draw, shape[0]), shape[0], 0.1)
    return draw.choice((batch, batch, layered, grouped, _of("InstanceNorm", shape)(shape[0], 0.1)))


def _other(draw: Random, shape: Shape) -> nn.Module:
    turned = Calls(lambda x: x.transpose(-1, 1).contiguous())  # PyTorch's gradient of a batch norm's scale needs it
    sliced = Calls(lambda x: x[..., ::2].flip(-1))
    gated = Calls(lambda x: x * x.mean(tuple(range(2, x.ndim)), keepdim=True).sigmoid())
    largest = Calls(lambda x: x.amax(1, keepdim=True))
    weighed = Calls(lambda x: x.softmax(-1))
    larger = nn.Upsample(scale_factor=2)  # not linear: a NaN times a weight of 0 is one, and moves nothing
    again = Calls(lambda x: x.flatten(1).unflatten(1, (-1, *(1,) * (x.ndim - 3), x.shape[-1])))
    halves = Calls(lambda x: torch.cat(x.chunk(2, -1)[::-1], -1))
    attended = Calls(lambda x: (x @ x.mT).softmax(-1) @ x)  # written out: PyTorch's own makes a NaN a 0
    pooled = _of(draw.choice(("AdaptiveAvgPool", "AdaptiveMaxPool")), shape)(draw.randint(1, 3))
    found = (turned, sliced, gated, largest, weighed, larger, again, halves, attended, pooled, draw.choice(PLAIN)())
    return draw.choice(found)


STEPS = (_conv, _conv, _conv, _same, _transposed, _pool, _padded, _residual, _branches, _norm, _other)


def moved(network: nn.Module, shape: Shape) -> np.ndarray:
    """Return a table (inputs, outputs) of what each input moves: a NaN there reaches all that is made of it."""
    number = math.prod(shape)
    x = torch.rand(number, number, dtype=torch.float64) + 0.5
    x.fill_diagonal_(math.nan)
    with torch.no_grad():
        found = network(x.reshape(number, *shape))
    return found.isnan().reshape(number, -1).numpy()
