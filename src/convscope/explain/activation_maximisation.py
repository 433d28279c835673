"""Inputs made to make a channel or a class large, and how large real ones make it (Erhan et al. 2009).

The picture is kept within the range of the inputs that are given, channel by channel, so that what it reaches can be
compared with what they do. Gradients are taken before a rectifier, behind which most units have none at first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from convscope.explain.explained import Explained
from convscope.explain.units import Units, in_batches, units_of

STEPS, RATE = 256, 0.05
JITTER = 16  # the input's side over it is how far it is moved at most, each step
ROUGHNESS = 4.0  # what differences between neighbours cost, in standard deviations of the activation
RECTIFIERS = frozenset(("relu", "leaky_relu", "selu", "elu", "gelu", "gelu_tanh", "silu", "softplus", "clip"))


@dataclass(frozen=True, eq=False)
class Maximised:
    """Pictures (P, C, *space), as the network takes inputs, one for each of the ``channels`` of a node.

    ``reached`` (P,) are the activations of the pictures, the mean over the channel's places; ``largest`` (P,) the same
    of the real inputs that were given, of which ``rows`` (P,) have it, and ``inputs`` are looked at. A picture that
    reaches less than a real input shows nothing of what the channel is for. ``node`` is where it is measured: before
    the rectifier of the node that was asked for.
    """

    node: str
    channels: tuple[int, ...]
    pictures: np.ndarray
    reached: np.ndarray
    largest: np.ndarray
    rows: np.ndarray
    inputs: int


def maximise_activation(
    explained: Explained, channels: Sequence[int], node: str | None = None, *, steps: int = STEPS, seed: int = 0
) -> Maximised:
    """Return a picture for each of some channels of a node, or of some classes where ``node`` is None.

    Starting from little noise around the baseline, a picture climbs the gradient of the channel's mean (Adam), moved at
    random each step and kept smooth. The real inputs are those of ``explained``: they give the range of the picture and
    the scale of its roughness. The same ``seed`` gives the same picture, on one machine and number of threads.

    Raises ``ShapeError`` for no such channel and ``ConfigError`` as ``units_of``.

    >>> network = torch.nn.Conv2d(1, 2, 1, bias=False)
    >>> found = maximise_activation(Explained(network, torch.rand(4, 1, 6, 6)), [1], "correlate", steps=2)
    >>> found.pictures.shape, found.inputs
    ((1, 1, 6, 6), 4)
    """
    node = _before_rectifier(explained, node)
    with units_of(explained, node) as units:
        numbers = torch.tensor([units.checked(channel) for channel in channels])
        with torch.no_grad():
            real = in_batches(explained, lambda x: _means(units, x)[:, numbers])  # (N, P)
        pictures = _climb(units, explained, numbers, real.std(0), steps, seed)
        with torch.no_grad():
            reached = _means(units, pictures).gather(1, numbers[:, None])[:, 0]
    rows = real.argmax(0)
    return Maximised(
        units.node.name, tuple(channels), pictures.numpy(), reached.numpy(), real.max(0), rows, len(explained.x)
    )


def _before_rectifier(explained: Explained, node: str | None) -> str | None:
    graph = explained.graph
    if node is None or graph is None or graph[node].op not in RECTIFIERS:
        return node
    return graph[node].inputs["x"]


def _means(units: Units, x: Tensor) -> Tensor:
    """Return the mean over places of each channel, (N, K)."""
    values = units.values(x)
    return values if values.ndim == 2 else values.flatten(2).mean(2)


def _climb(units: Units, explained: Explained, numbers: Tensor, spread: np.ndarray, steps: int, seed: int) -> Tensor:
    """Return the pictures (P, C, *space) after so many steps."""
    x = explained.x
    low, high = _range(x)
    random = torch.Generator().manual_seed(seed)
    start = torch.as_tensor(explained.baseline, dtype=x.dtype)
    start = (start if start.ndim < x.ndim else start[:1]).expand(1, *x.shape[1:])
    inside = ((start - low) / (high - low)).clamp(0.02, 0.98)
    noise = 0.1 * torch.randn((len(numbers), *x.shape[1:]), generator=random, dtype=x.dtype)
    free = (torch.logit(inside) + noise).requires_grad_()  # a sigmoid brings it into the range
    scale = torch.as_tensor(spread, dtype=x.dtype).clamp(min=1e-6)
    optimiser = torch.optim.Adam([free], lr=RATE)
    for _ in range(steps):
        shifts = [_shift(length, random) for length in x.shape[2:]]
        with torch.enable_grad():
            share = torch.sigmoid(free)
            moved = torch.roll(low + (high - low) * share, shifts, tuple(range(2, x.ndim)))
            gains = _means(units, moved).gather(1, numbers[:, None])[:, 0] / scale
            (slope,) = torch.autograd.grad((ROUGHNESS * _roughness(share) - gains).sum(), free)
        free.grad = slope
        optimiser.step()
    return (low + (high - low) * torch.sigmoid(free)).detach()


def _shift(length: int, random: torch.Generator) -> int:
    most = length // JITTER
    return int(torch.randint(-most, most + 1, (), generator=random))


def _range(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the smallest and largest number of each channel, (1, C, 1, ...)."""
    channels = x.transpose(0, 1).flatten(1)
    shape = (1, -1, *[1] * (x.ndim - 2))
    low, high = channels.amin(1).view(shape), channels.amax(1).view(shape)
    return low, torch.maximum(high, low + 1e-6)


def _roughness(share: Tensor) -> Tensor:
    """Return the mean squared difference of neighbours, summed over the axes: (P,)."""
    return sum(
        (share.diff(dim=axis).square().flatten(1).mean(1) for axis in range(2, share.ndim) if share.shape[axis] > 1),
        torch.zeros(len(share), dtype=share.dtype),
    )
