"""The patches of a set's inputs that make a channel largest, cut by what the unit sees there."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from convscope.errors import ConfigError
from convscope.explaining.explained import Explained
from convscope.explaining.units import SeenArea, Units, in_batches, seen_area, units_of

COUNT = 9


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
    largest: list[tuple[float, int, int, Tensor]] = []  # value, -row, place as one number, input
    inputs = 0
    with units_of(explained, node) as units, torch.no_grad():
        units.checked(channel)
        for x in [explained.x] if batches is None else batches:
            flat = in_batches(explained.of(x), lambda part: units.values(part)[:, channel].reshape(len(part), -1))
            for row, values in enumerate(flat):
                at = int(values.argmax())
                entry = (float(values[at]), -(inputs + row), at, x[row])
                if len(largest) < count:
                    heapq.heappush(largest, entry)
                elif entry[:2] > largest[0][:2]:
                    heapq.heapreplace(largest, entry)
            inputs += len(x)
        if not inputs:
            raise ConfigError("top patches: at least one input is needed, found none")
        ordered = sorted(largest, key=lambda entry: entry[:2], reverse=True)
        patches = tuple(_cut(units, channel, *entry) for entry in ordered)
    return TopPatches(node, channel, patches, inputs)


def _cut(units: Units, channel: int, value: float, row: int, at: int, x: Tensor) -> Patch:
    place = tuple(int(i) for i in np.unravel_index(at, units.places)) if units.places else ()
    seen = seen_area(units.graph, units.node, (channel, *place))
    part = x[(slice(None), *(slice(first, last + 1) for first, last in seen.box))]
    return Patch(-row, place, value, seen, part.cpu().numpy().copy())
