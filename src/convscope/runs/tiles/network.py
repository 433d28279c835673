"""A network that is applied tile by tile: read a part, run it, keep what is asked of it, write it."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from convscope.analysis.locality import NotLocal
from convscope.data.augment.views import View
from convscope.errors import ShapeError
from convscope.graph import Graph
from convscope.graph.record import checked, record, record_forward
from convscope.graph.record.inputs import bound_inputs
from convscope.graph.record.recorder import NeedsValues
from convscope.runs.tiles.plan import TilePlan, Tiles, bytes_each, plan_tiles
from convscope.runs.tiles.windows import Window
from convscope.training.memory import large_blocks_returned, return_freed_memory

MEMORY = 3 * 2**27  # bytes for the values of a tile; measured: PyTorch takes up to 2.3 times as many
LEAST = 256  # sides of an image by which memory is counted
SMALL = 64  # sides of an image on which a network is tried that cannot be recorded without numbers
Cut = Callable[[tuple[slice, ...]], Tensor]
PLAIN = (View(),)


@dataclass(frozen=True, eq=False)
class TiledNetwork:
    """A network (N, C, *space) -> (N, K, *space), applied to images of any size within ``memory`` bytes.

    Exact tiles give the numbers of the whole image, up to rounding; see ``analysis.locality``. With ``tiles`` "auto"
    an image is run whole where it fits, else in exact tiles, else, where the network sees all of it at once, in
    overlapping ones. ``tile`` is the most outputs of a tile along an axis (None: what fits into memory), ``batch`` the
    number of tiles that are run at once. Plans are kept, one a size.

    >>> from torch import nn
    >>> net = TiledNetwork(nn.Conv2d(1, 2, 3, padding=1), channels=1, tile=16)
    >>> image, out = torch.ones(1, 40, 40), np.empty((40, 40, 2), np.float32)
    >>> _ = net.predict(lambda part: image[:, *part], (40, 40), out)
    >>> str(net.plan((40, 40))), bool(np.allclose(out, net.module(image[None])[0].permute(1, 2, 0).detach()))
    ('9 exact tiles: overlapping by 2 × 2', True)
    """

    module: nn.Module
    channels: int
    tiles: Tiles = "auto"
    tile: int | None = None
    memory: int = MEMORY
    batch: int = 1
    _plans: dict[tuple[int, ...], TilePlan] = field(default_factory=dict[tuple[int, ...], TilePlan], init=False)
    _bytes: list[float] = field(default_factory=list[float], init=False)  # of each position, once it is known

    def plan(self, size: Sequence[int]) -> TilePlan:
        """Return how an image of a size is divided.

        Raises ``ConfigError`` where exact tiles are asked of a network that has none, with the node that forbids them.
        """
        size = tuple(size)
        if size not in self._plans:
            budget = math.inf if self.tiles == "whole" or self.tile else self.memory / self.batch / self._each(size)
            self._plans[size] = plan_tiles(
                self.module, self._record, size, tiles=self.tiles, longest=self.tile, budget=budget
            )
        return self._plans[size]

    def predict(
        self,
        cut: Cut,
        size: Sequence[int],
        out: np.ndarray,
        *,
        head: Callable[[Tensor], Tensor] | None = None,
        views: Sequence[View] = PLAIN,
    ) -> np.ndarray:
        """Write what the network gives for an image of a size into ``out`` (*size, K) float32, and return that.

        ``cut`` gives the network's input (C, *part) for a part of the image; each number of it may depend on the part's
        pixel there only. ``head`` is applied to the network's outputs (N, K, *part), place by place. Over several
        ``views``, of the last two axes, what the head gives is averaged, each laid back as the image is: each view of
        the whole image is what the network would see of it, and is divided by itself. ``out`` may be a memory map.

        Raises ``ShapeError`` for an ``out`` of another shape or type.
        """
        size = tuple(size)
        if out.shape[:-1] != size or out.ndim != len(size) + 1 or out.dtype != np.float32:
            raise ShapeError(f"out must be (*{size}, K) float32, found {out.shape} {out.dtype}")
        plans = [self.plan(_laid_size(view, size)) for view in views]
        once = len(views) == 1 and plans[0].how != "gaussian"
        if not once:
            out[...] = 0
        # A process that trains keeps what is freed: gigabytes in blocks that fit no other tile.
        divided = any(plan.number > 1 for plan in plans)
        with large_blocks_returned() if divided else contextlib.nullcontext(), torch.inference_mode():
            for view, plan in zip(views, plans, strict=True):
                for tiles, y in self._outputs(cut, view, plan, head):
                    for tile, values in zip(tiles, y, strict=True):
                        _write(out, values, tile, view, size, None if once else 1 / len(views))
        return out

    def _outputs(
        self, cut: Cut, view: View, plan: TilePlan, head: Callable[[Tensor], Tensor] | None
    ) -> Iterator[tuple[list[tuple[Window, ...]], Tensor]]:
        """Yield tiles of one size, with what is to be written of each (tiles, K, *written)."""
        device = next((array.device for array in self.module.parameters()), torch.device("cpu"))
        for tiles in _batches(itertools.product(*plan.windows), self.batch):
            parts = [_laid(view, cut(_in_image(view, [window.read for window in tile], plan.size))) for tile in tiles]
            y = self.module(torch.stack(parts).to(device))
            kept = tuple(slice(a.write[0] - a.read[0], a.write[1] - a.read[0]) for a in tiles[0])
            y = y[(..., *kept)]
            y = (y if head is None else head(y)).float().cpu()
            if plan.number > 1:
                return_freed_memory()
            yield tiles, y

    def _record(self, size: Sequence[int]) -> Graph:
        """Return the graph for one image of a size, computing no numbers: the image may be larger than memory."""
        try:
            model = checked(self.module)
            return record_forward(model, bound_inputs(model, (self.channels, *size)), 1, fake=True).graph
        except NeedsValues as reason:
            raise NotLocal(type(self.module).__name__, f"asks for numbers ({reason})") from None

    def _each(self, size: tuple[int, ...]) -> float:
        """Return how many bytes a position takes, found once; of a small image borders would count for too much."""
        if not self._bytes:
            try:
                graph = self._record([max(n, LEAST) for n in size])
            except NotLocal:
                graph = record(self.module, (self.channels, *(min(n, SMALL) for n in size)))
            self._bytes.append(bytes_each(graph))
        return self._bytes[0]


def _batches(tiles: Iterator[tuple[Window, ...]], size: int) -> Iterator[list[tuple[Window, ...]]]:
    """Yield up to ``size`` tiles that read as much, and write the same of it."""
    waiting: dict[tuple[tuple[int, int, int], ...], list[tuple[Window, ...]]] = {}
    for tile in tiles:
        form = tuple((window.length, window.write[0] - window.read[0], window.kept) for window in tile)
        alike = waiting.setdefault(form, [])
        alike.append(tile)
        if len(alike) == size:
            yield waiting.pop(form)
    yield from waiting.values()


def _laid_size(view: View, size: tuple[int, ...]) -> tuple[int, ...]:
    """Return the size of a view of an image: that of its last two axes changes places."""
    return size if len(size) < 2 else (*size[:-2], *view.size(size[-2], size[-1]))


def _in_image(view: View, spans: Sequence[tuple[int, int]], size: tuple[int, ...]) -> tuple[slice, ...]:
    """Return which part of the image a part of its view, which has a ``size``, shows."""
    if len(spans) > 1:
        height, width = view.size(size[-2], size[-1])
        spans = [*spans[:-2], *view.shows(spans[-2], spans[-1], height, width)]
    return tuple(slice(*span) for span in spans)


def _laid(view: View, x: Tensor) -> Tensor:
    """Return a part (C, *part) of the image as the view shows it."""
    if view == View():
        return x
    return view(x.flatten(0, -3)[None])[0].unflatten(0, x.shape[:-2])


def _write(
    out: np.ndarray, values: Tensor, tile: tuple[Window, ...], view: View, size: tuple[int, ...], share: float | None
) -> None:
    """Add a tile's outputs (K, *written), as the view shows them, to the image's, or set them without a ``share``."""
    if share is not None:
        values = values * share
    for axis, window in enumerate(tile, start=1):
        if window.weight is not None:
            values = values * torch.from_numpy(window.weight).reshape(-1, *(1,) * (values.ndim - axis - 1))
    if view != View():
        values = view.undo(values.flatten(0, -3)[None])[0].unflatten(0, values.shape[:-2])
    part = _in_image(view, [window.write for window in tile], _laid_size(view, size))
    laid = values.movedim(0, -1).numpy()
    if share is None:
        out[part] = laid
    else:
        out[part] += laid
