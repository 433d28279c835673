"""How an image is divided: as a whole where memory allows it, else into exact tiles, else into overlapping ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm  # pyright: ignore[reportPrivateUsage]
from torch.nn.modules.dropout import _DropoutNd  # pyright: ignore[reportPrivateUsage]

from convscope.analysis.locality import Locality, NotLocal, locality
from convscope.analysis.memory import memory
from convscope.analysis.parameters import parameters
from convscope.errors import ConfigError
from convscope.graph import Graph
from convscope.runs.tiles import windows as lay
from convscope.runs.tiles.windows import Window

Tiles = Literal["auto", "exact", "gaussian", "whole"]
Record = Callable[[Sequence[int]], Graph]
MOST_WORK = 8  # times that exact tiles may compute each position: as often as half overlapping ones of a volume do
STEP = 32  # what overlapping tiles are a multiple of: the strides of nearly every network divide it


@dataclass(frozen=True, eq=False)
class TilePlan:
    """The tiles of an image of a size: every combination of one window of each spatial axis.

    ``reason`` says why they are no exact ones, or by how much these overlap; empty for the whole image.
    """

    size: tuple[int, ...]
    how: Literal["exact", "gaussian", "whole"]
    windows: tuple[tuple[Window, ...], ...]
    reason: str = ""

    @property
    def number(self) -> int:
        """How many tiles there are."""
        return math.prod(map(len, self.windows))

    @property
    def work(self) -> float:
        """How many positions are computed for each of the image's: 1 for the whole image."""
        return math.prod(sum(window.length for window in line) for line in self.windows) / math.prod(self.size)

    def __str__(self) -> str:
        tiles = "the whole image" if self.how == "whole" else f"{self.number} {self.how} tiles"
        return f"{tiles}: {self.reason}" if self.reason else tiles


def plan_tiles(
    module: nn.Module, record: Record, size: Sequence[int], *, tiles: Tiles, longest: int | None, budget: float
) -> TilePlan:
    """Return the tiles of an image of a size.

    ``longest``: the most outputs of a tile along an axis, by default as many as a ``budget`` of positions allows.

    Raises:
        ConfigError: exact tiles of a network that has none, with the node and what to do.
    """
    size = tuple(size)
    fits = math.prod(size) <= budget if longest is None else max(size) <= longest
    if tiles == "whole" or fits:
        return TilePlan(size, "whole", tuple(map(lay.whole, size)))
    reason = ""
    if tiles != "gaussian":
        try:
            return _exact(module, record, size, longest, budget, MOST_WORK if tiles == "auto" else math.inf)
        except NotLocal as error:
            reason = str(error)
            if tiles == "exact":
                raise ConfigError(
                    f"--tiles exact: {reason}: no tiles give the numbers of the whole image; take --tiles gaussian"
                ) from None
    each = [longest] * len(size) if longest else _sides(size, [0] * len(size), budget)
    each = [max(side // STEP, 1) * STEP for side in each]
    return TilePlan(size, "gaussian", tuple(map(lay.gaussian, size, each)), reason)


def bytes_each(graph: Graph) -> float:
    """Return how much memory the values of an image take at most, for each of its positions."""
    counted = parameters(graph)
    held = memory(graph, counted).inference - counted.bytes - counted.buffer_bytes
    return held / math.prod(graph.inputs[0].shape[2:])


def _exact(
    module: nn.Module, record: Record, size: tuple[int, ...], longest: int | None, budget: float, most_work: float
) -> TilePlan:
    for name, part in module.named_modules():
        if part.training and isinstance(part, _BatchNorm | _DropoutNd):
            raise NotLocal(name or type(part).__name__, "is in training mode; call eval() first")
    network = locality(record(size))
    if longest:
        each = [longest] * len(size)
    else:
        halo = [_halo(network, axis) for axis in range(len(size))]
        each = _sides(size, halo, budget)
        _refuse_work(network, size, each, halo, most_work)
    windows = lay.exact(record, network, each)
    return TilePlan(size, "exact", windows, f"overlapping by {' × '.join(map(_overlap, windows))}")


def _refuse_work(
    network: Locality, size: tuple[int, ...], each: Sequence[int], halo: Sequence[int], most_work: float
) -> None:
    """Raise where memory has room for little more than the halo of a tile."""
    sides = list(zip(size, each, halo, network.grid, strict=True))
    work = math.prod(1 if side >= length else (side + around) / side for length, side, around, _ in sides)
    if work <= most_work and all(side >= min(grid, length) for length, side, _, grid in sides):
        return
    across = " × ".join(map(str, halo))
    raise NotLocal(network.graph.model, f"sees {across} positions around each: too many for the memory of a tile")


def _halo(network: Locality, axis: int) -> int:
    """Return how many positions around a tile are read, from and to the grid."""
    grid = network.grid[axis]
    return sum(-(-side // grid) * grid for side in network.halo(axis))


def _overlap(windows: Sequence[Window]) -> str:
    return str(max(window.length - window.kept for window in windows))


def _sides(size: tuple[int, ...], halo: Sequence[int], budget: float) -> list[int]:
    """Return how many outputs a tile may have along each axis, so that with its halo it holds ``budget`` positions."""
    sides, left = [0] * len(size), budget
    for at, axis in enumerate(sorted(range(len(size)), key=lambda axis: size[axis])):  # a short axis stays whole
        side = min(round(left ** (1 / (len(size) - at))), size[axis])
        left /= max(side, 1)
        sides[axis] = side if side == size[axis] else max(side - halo[axis], 1)
    return sides
