"""The patches of a set's inputs that make a channel largest, cut by what the unit sees there."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from convscope.errors import ConfigError
from convscope.explaining.explained import Explained
from convscope.explaining.units import SeenArea, Units, in_batches, seen_area, units_of

COUNT = 9
Entry = tuple[float, int, int, Tensor]  # value, -row, place as one number, input


@dataclass(frozen=True, eq=False)
class Patch:
    """One patch: of input ``row``, the unit at ``place`` of the channel, its ``value``, and what it sees.

    ``pixels`` (C, *sizes) is the part ``seen.box`` of the input as the network takes it. ``seen.outside`` says how much
    of the unit's field hangs over the border, where it saw padding.
    """

    row: int
    place: tuple[int, ...]
    value: float
    seen: SeenArea
    pixels: np.ndarray


@dataclass(frozen=True, eq=False)
class TopPatches:
    """The patches of a channel of a node, the largest value first, at most one of each input; of ``inputs`` in all."""

    node: str
    channel: int
    patches: tuple[Patch, ...]
    inputs: int


def top_patches(
    explained: Explained, node: str, channel: int, batches: Iterable[Tensor] | None = None, *, count: int = COUNT
) -> TopPatches:
    """Return the ``count`` patches that make a channel of a node largest, at most one of each input.

    ``batches`` are the inputs (n, C, *space) of a split, of the size of ``explained.x``, which is taken where there are
    none; rows are counted through all of them. Of a unit that sees all of its input the patch is the whole input.

    Raises ``ShapeError`` for no such channel, ``ConfigError`` as ``units_of``, and where there is no input.

    By hand: a kernel (1, 1) sums neighbours, of which 3 + 4 are the largest.

    >>> network = torch.nn.Conv1d(1, 1, 2, bias=False)
    >>> _ = network.load_state_dict({"weight": torch.ones(1, 1, 2)})
    >>> found = top_patches(Explained(network, torch.tensor([[[0.0, 3, 4, 1]], [[1.0, 1, 1, 1]]])), "correlate", 0)
    >>> [(patch.row, patch.place, patch.value, patch.pixels.tolist()) for patch in found.patches][0]
    (0, (1,), 7.0, [[3.0, 4.0]])
    """
    return patches_of_channels(explained, node, (channel,), batches, count=count)[0]


def patches_of_channels(
    explained: Explained,
    node: str,
    channels: Sequence[int],
    batches: Iterable[Tensor] | None = None,
    *,
    count: int = COUNT,
) -> tuple[TopPatches, ...]:
    """Return what ``top_patches`` does for each of some channels, of one pass through the inputs."""
    largest: list[list[Entry]] = [[] for _ in channels]
    inputs = 0
    with units_of(explained, node) as units, torch.no_grad():
        numbers = [units.checked(channel) for channel in channels]
        for x in [explained.x] if batches is None else batches:
            values = in_batches(
                explained.of(x), lambda part: units.values(part)[:, numbers].reshape(len(part), len(numbers), -1)
            )  # (n, channels, places)
            for kept, of_channel in zip(largest, values.swapaxes(0, 1), strict=True):
                _keep(kept, of_channel, x, inputs, count)
            inputs += len(x)
        if not inputs:
            raise ConfigError("top patches: at least one input is needed, found none")
        return tuple(
            TopPatches(node, channel, tuple(_cut(units, channel, *entry) for entry in _ordered(kept)), inputs)
            for channel, kept in zip(channels, largest, strict=True)
        )


def _keep(kept: list[Entry], values: np.ndarray, x: Tensor, before: int, count: int) -> None:
    """Put into a heap of at most ``count`` what of a batch (n, places) is larger than its least."""
    for row, at in enumerate(values.argmax(1).tolist()):
        order = float(values[row, at]), -(before + row)
        if len(kept) < count:
            heapq.heappush(kept, (*order, at, x[row].clone()))
        elif order > kept[0][:2]:
            heapq.heapreplace(kept, (*order, at, x[row].clone()))


def _ordered(kept: list[Entry]) -> list[Entry]:
    return sorted(kept, key=lambda entry: entry[:2], reverse=True)


def _cut(units: Units, channel: int, value: float, row: int, at: int, x: Tensor) -> Patch:
    place = tuple(int(i) for i in np.unravel_index(at, units.places)) if units.places else ()
    seen = seen_area(units.graph, units.node, (channel, *place))
    part = x[(slice(None), *(slice(first, last + 1) for first, last in seen.box))]
    return Patch(-row, place, value, seen, part.cpu().numpy().copy())
