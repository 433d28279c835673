"""Inputs made to make a channel or a class large, and how large real ones make it (Erhan et al. 2009).

The picture is kept within the range of the inputs that are given, channel by channel, so that what it reaches can be
compared with what they do. Gradients are taken before a rectifier or a softmax, behind which most units have none at
first, or have them for what speaks against the other classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from convscope.explaining.explained import Explained
from convscope.explaining.units import Units, in_batches, units_of

STEPS, RATE = 128, 0.1
COARSEST = 4  # the side of the coarsest of the octaves that a picture is made of
JITTER = 16  # the input's side over it is how far it is moved at most, each step
ROUGHNESS = 4.0  # what differences between neighbours cost, in parts of what was gained
BENDS = frozenset((
    "relu", "leaky_relu", "selu", "elu", "gelu", "gelu_tanh", "silu", "softplus", "clip", "sigmoid", "tanh", "softmax",
    "log_softmax",
))  # fmt: skip
Progress = Callable[[int, int], None]  # how much is done, of how much


@dataclass(frozen=True, eq=False)
class Maximised:
    """Pictures (P, C, *space), as the network takes inputs, one for each of the ``channels`` of a node.

    ``reached`` (P,) are the activations of the pictures, the mean over the channel's places; ``largest`` (P,) the same
    of the real inputs that were given, of which ``rows`` (P,) have it, and ``inputs`` are looked at. A picture that
    reaches less than a real input shows nothing of what the channel is for. ``node`` is where it is measured: before
    the rectifier or softmax of the node that was asked for.
    """

    node: str
    channels: tuple[int, ...]
    pictures: np.ndarray
    reached: np.ndarray
    largest: np.ndarray
    rows: np.ndarray
    inputs: int


def maximise_activation(
    explained: Explained,
    channels: Sequence[int],
    node: str | None = None,
    *,
    steps: int = STEPS,
    seed: int = 0,
    progress: Progress = lambda done, total: None,
) -> Maximised:
    """Return a picture for each of some channels of a node, or of some classes where ``node`` is None.

    Starting from little noise around the baseline, a picture climbs the gradient of the channel's mean (Adam), moved at
    random each step and kept smooth. The real inputs are those of ``explained``: they give the range of the picture and
    the scale of its roughness. The same ``seed`` gives the same picture, on one machine and number of threads.
    ``progress`` hears after each step how many of how many are done.

    Raises ``ShapeError`` for no such channel and ``ConfigError`` as ``units_of``.

    >>> network = torch.nn.Conv2d(1, 2, 1, bias=False)
    >>> found = maximise_activation(Explained(network, torch.rand(4, 1, 6, 6)), [1], "correlate", steps=2)
    >>> found.pictures.shape, found.inputs
    ((1, 1, 6, 6), 4)
    """
    node = _before_bends(explained, node)
    with units_of(explained, node) as units:
        numbers = torch.tensor([units.checked(channel) for channel in channels])
        with torch.no_grad():
            real = in_batches(explained, lambda x: _means(units, x)[:, numbers])  # (N, P)
        pictures = _climb(units, explained, numbers, real.std(0), _told(steps, progress), seed)
        with torch.no_grad():
            reached = _means(units, pictures).gather(1, numbers[:, None])[:, 0]
    rows = real.argmax(0)
    return Maximised(
        units.node.name, tuple(channels), pictures.numpy(), reached.numpy(), real.max(0), rows, len(explained.x)
    )


def _before_bends(explained: Explained, node: str | None) -> str | None:
    """Return the node before the functions of single numbers that a node, by default the output, ends in."""
    graph = explained.graph
    if graph is None:
        return node
    name = next(iter(graph.outputs.values())) if node is None else graph[node].name
    while graph[name].op in BENDS:
        name = graph[name].inputs["x"]
    return name


def _means(units: Units, x: Tensor) -> Tensor:
    """Return the mean over places of each channel, (N, K)."""
    values = units.values(x)
    return values if values.ndim == 2 else values.flatten(2).mean(2)


def _climb(
    units: Units, explained: Explained, numbers: Tensor, spread: np.ndarray, steps: Iterable[int], seed: int
) -> Tensor:
    """Return the pictures (P, C, *space) after the steps."""
    x = explained.x
    low, high = _range(x)
    random = torch.Generator().manual_seed(seed)
    start = torch.as_tensor(explained.baseline, dtype=x.dtype)
    start = (start if start.ndim < x.ndim else start[:1]).expand(1, *x.shape[1:])
    inside = ((start - low) / (high - low)).clamp(0.02, 0.98)
    middle = torch.logit(inside)  # a sigmoid brings numbers into the range
    octaves = [
        (0.1 * torch.randn((len(numbers), x.shape[1], *space), generator=random, dtype=x.dtype)).requires_grad_()
        for space in _octaves(tuple(x.shape[2:]))
    ]
    scale = torch.as_tensor(spread, dtype=x.dtype).clamp(min=1e-6)
    optimiser = torch.optim.Adam(octaves, lr=RATE)
    for _ in steps:
        shifts = [_shift(length, random) for length in x.shape[2:]]
        with torch.enable_grad():
            share = torch.sigmoid(middle + _together(octaves))
            moved = torch.roll(low + (high - low) * share, shifts, tuple(range(2, x.ndim)))
            gains = _means(units, moved).gather(1, numbers[:, None])[:, 0] / scale
            slopes = torch.autograd.grad(
                (ROUGHNESS * gains.detach().clamp(min=1) * _roughness(share) - gains).sum(), octaves
            )
        for octave, slope in zip(octaves, slopes, strict=True):
            octave.grad = slope
        optimiser.step()
    return (low + (high - low) * torch.sigmoid(middle + _together(octaves))).detach()


def _told(steps: int, progress: Progress) -> Iterator[int]:
    """Yield the numbers of the steps, and tell of each when it is done."""
    for step in range(steps):
        yield step
        progress(step + 1, steps)


def _octaves(space: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield the size of the picture, half of it, and so on, down to ``COARSEST``.

    >>> list(_octaves((28,)))
    [(28,), (14,), (7,)]
    """
    yield space
    if max(space) // 2 >= COARSEST:
        yield from _octaves(tuple(max(1, length // 2) for length in space))


def _together(octaves: Sequence[Tensor]) -> Tensor:
    """Return the sum of all octaves, each enlarged to the first."""
    first, *others = octaves
    mode = {3: "linear", 4: "bilinear", 5: "trilinear"}[first.ndim]
    return first + sum(
        (interpolate(octave, size=first.shape[2:], mode=mode, align_corners=False) for octave in others),
        torch.zeros_like(first),
    )


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
