"""From maps to places: the head of a network that says where points are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from convscope.errors import ConfigError
from convscope.models.branched import Branched

STRIDE = 4  # image pixels a cell of a heat map, at most: finer ones cost more and gained nothing on 69 faces
WIDTH = 48
MARGIN = 1  # cells of a heat map beyond each border of the image, for points that lie just outside


class SoftArgmax(nn.Module):
    """The centre of each of K heat maps (N, K, h + 2, w + 2), after a softmax over its cells: (N, 2K), x and y in turn.

    From 0, the left or upper border of the image, to 1; the outermost cells lie beyond the borders.
    Nibali et al. 2018, "Numerical coordinate regression with convolutional neural networks" (DSNT).

    >>> maps = torch.full((1, 1, 4, 6), -100.0)
    >>> maps[0, 0, 1, 2] = 100.0  # the second of four columns, the first of two rows
    >>> SoftArgmax()(maps).tolist()
    [[0.375, 0.25]]
    """

    def forward(self, maps: Tensor) -> Tensor:
        """Return the places, in float32 also where maps are of lower precision."""
        height, width = maps.shape[2:]
        y, x = (
            (torch.arange(size, dtype=torch.float32, device=maps.device) + (0.5 - MARGIN)) / (size - 2 * MARGIN)
            for size in (height, width)
        )
        places = torch.stack((x.repeat(height), y.repeat_interleave(width)), dim=1)  # (h w, 2)
        return (maps.float().flatten(2).softmax(2) @ places).flatten(1)


class Level(nn.Module):
    """Maps of one size of the backbone, beside what is known from the coarser ones: (N, width, h, w)."""

    def __init__(self, features: int, width: int):
        super().__init__()
        self.aside = nn.Conv2d(features, width, 1, bias=False) if features else None
        self.norm1, self.relu1 = nn.BatchNorm2d(width), nn.ReLU()
        self.conv = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm2, self.relu2 = nn.BatchNorm2d(width), nn.ReLU()

    def forward(self, maps: Tensor | None, coarser: Tensor | None) -> Tensor:
        """Join maps of this size, ``None`` where the backbone has none, and coarser ones, ``None`` at the coarsest."""
        x = None if maps is None or self.aside is None else self.aside(maps)
        if coarser is not None:
            wider = interpolate(coarser, scale_factor=2.0, mode="bilinear") if x is None else _enlarged(coarser, x)
            x = wider if x is None else x + wider
        assert x is not None
        return self.relu2(self.norm2(self.conv(self.relu1(self.norm1(x)))))


def _enlarged(maps: Tensor, like: Tensor) -> Tensor:
    return interpolate(maps, size=like.shape[2:], mode="bilinear")


class Heatmaps(nn.Module):
    """Heat maps from maps of several sizes: the coarse ones say where an object is, the fine ones where its points are.

    ``features`` are the channels of the maps it is given, the coarsest first; the result is doubled ``doublings`` times
    more. Lin et al. 2017, "Feature pyramid networks", and Xiao et al. 2018, "Simple baselines for human pose
    estimation"; bilinear in place of transposed convolutions, which leave a checkerboard. ``outputs`` is twice the
    number of points.
    """

    def __init__(self, features: Sequence[int], doublings: int, outputs: int):
        super().__init__()
        self.levels = nn.ModuleList(Level(channels, WIDTH) for channels in (*features, *[0] * doublings))
        self.maps = nn.Conv2d(WIDTH, outputs // 2, 3, padding=1 + MARGIN)
        self.places = SoftArgmax()

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Return the places (N, 2K) for maps (N, channels, h, w), the coarsest first."""
        return self.places(self.heat(maps))

    def heat(self, maps: Sequence[Tensor]) -> Tensor:
        """Return the heat maps (N, K, h + 2, w + 2), before the softmax."""
        x = None
        for at, level in enumerate(self.levels):
            x = level(maps[at] if at < len(maps) else None, x)
        return self.maps(x)


class Pyramid(Branched):
    """A backbone with a head of heat maps: images (N, C, H, W) to places (N, 2K)."""

    head: Heatmaps

    def forward(self, input: Tensor) -> Tensor:
        """Return the places of points in images (N, C, H, W)."""
        return self.head(self.maps(input))


def pyramid(backbone: nn.Sequential, shapes: Mapping[str, tuple[int, ...]], side: int, outputs: int) -> Pyramid:
    """Return a backbone with a head of heat maps, of which a cell covers at most 4 pixels where that can be had.

    ``shapes`` are those of the maps (N, C, h, w) behind each of its children, in order, for images ``side`` high. The
    head is given the last maps of each size, down to cells of 4 pixels.

    Raises:
        ConfigError: an odd number of ``outputs``, which are x and y of points.
    """
    if outputs % 2:
        raise ConfigError(f"the head heatmap gives x and y of points, an even number of outputs, not {outputs}")
    last = {shape[2:]: name for name, shape in shapes.items() if len(shape) == 4}  # the last one of each size
    coarsest, *finer = sorted(last)
    sizes = [coarsest, *(size for size in finer if side / size[0] >= STRIDE)]
    taps = [last[size] for size in sizes]
    doublings = 0
    while side / sizes[-1][0] / 2**doublings > STRIDE:
        doublings += 1
    return Pyramid(backbone, taps, Heatmaps([shapes[name][1] for name in taps], doublings, outputs))
