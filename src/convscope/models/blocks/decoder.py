"""The way back from coarse maps to fine ones: U-Net's expanding path (Ronneberger et al. 2015)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from convscope.errors import ConfigError, nearest
from convscope.models.blocks.initial import draw_he
from convscope.models.blocks.norms import norm as norm_layer
from convscope.models.blocks.surroundings import Crop

PADDINGS, UPS = ("same", "valid"), ("transposed", "bilinear")
_CONVOLUTION = {2: nn.Conv2d, 3: nn.Conv3d}
_TRANSPOSED = {2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
_POOLING = {2: nn.MaxPool2d, 3: nn.MaxPool3d}
_LINEAR = {2: "bilinear", 3: "trilinear"}


@dataclass(frozen=True)
class Parts:
    """What the levels of a U-Net are made with; level 1 is the finest.

    ``up`` doubles the sides by a transposed convolution, 2 wide and 2 apart, or by a 1×1 convolution and
    interpolation. In the first ``flat`` levels nothing is done along the first axis: windows are 1 there.
    """

    axes: int = 2
    norm: str = "batch"
    padding: str = "same"
    up: str = "transposed"
    flat: int = 0

    def __post_init__(self) -> None:
        for option, value, known in (("padding", self.padding, PADDINGS), ("up", self.up, UPS)):
            if value not in known:
                raise ConfigError(
                    f"option {option!r}: {value!r}{nearest(str(value), known)}; known: {', '.join(known)}"
                )

    def window(self, size: int, level: int) -> tuple[int, ...]:
        """Return a window of ``size`` along each axis of a level, 1 where it is flat.

        >>> Parts(axes=3, flat=1).window(3, 1), Parts(axes=3, flat=1).window(3, 2)
        ((1, 3, 3), (3, 3, 3))
        """
        return (1 if level <= self.flat else size, *(size,) * (self.axes - 1))

    def level(self, inputs: int, outputs: int, level: int) -> OrderedDict[str, nn.Module]:
        """Build what works on maps of one size: two convolutions 3 wide, each with norm and ReLU."""
        window = self.window(3, level)
        around = tuple(size // 2 for size in window) if self.padding == "same" else 0
        parts: OrderedDict[str, nn.Module] = OrderedDict()
        for n, channels in ((1, inputs), (2, outputs)):
            parts[f"conv{n}"] = _CONVOLUTION[self.axes](
                channels, outputs, window, padding=around, bias=self.norm == "none"
            )
            parts[f"norm{n}"] = norm_layer(self.norm, outputs, self.axes)
            parts[f"relu{n}"] = nn.ReLU()
        return parts

    def pooled(self, level: int) -> nn.Module:
        """Build what halves the sides of a level's maps."""
        return _POOLING[self.axes](self.window(2, level))

    def enlarged(self, inputs: int, outputs: int, level: int) -> nn.Module:
        """Build what brings the maps of the next coarser level to a level's size."""
        window = self.window(2, level)
        if self.up == "transposed":
            return _TRANSPOSED[self.axes](inputs, outputs, window, window)
        # A 1×1 convolution commutes with interpolation, whose weights sum to 1, and is cheaper on the smaller maps.
        factor = tuple(map(float, window))
        return nn.Sequential(
            OrderedDict(
                conv=_CONVOLUTION[self.axes](inputs, outputs, 1),
                interpolate=nn.Upsample(scale_factor=factor, mode=_LINEAR[self.axes]),
            )
        )


class Level(nn.Module):
    """Coarser maps (N, inputs, *space), enlarged and joined with ``aside`` channels of a level's own size, if any."""

    conv1: nn.Module
    norm1: nn.Module
    relu1: nn.Module
    conv2: nn.Module
    norm2: nn.Module
    relu2: nn.Module

    def __init__(self, inputs: int, aside: int, outputs: int, level: int, parts: Parts):
        super().__init__()
        self.up = parts.enlarged(inputs, outputs, level)
        self.crop = Crop(centred=True)
        for name, part in parts.level(outputs + aside, outputs, level).items():
            self.add_module(name, part)

    def forward(self, coarser: Tensor, aside: Tensor | None) -> Tensor:
        """Return (N, outputs, *space); ``aside`` is cut to its middle where it is larger, without padding."""
        x = self.up(coarser)
        if aside is not None:
            x = torch.cat((self.crop(aside, x), x), 1)
        x = self.relu1(self.norm1(self.conv1(x)))
        return self.relu2(self.norm2(self.conv2(x)))


class Decoder(nn.Module):
    """Maps of several sizes, the coarsest first, to one of the size of the image: (N, classes, *space).

    ``deepest`` are the channels of the coarsest maps, ``aside`` those of the others, 0 where there are none of a size,
    and ``widths`` those that each level gives; the last one is level 1.
    """

    def __init__(self, deepest: int, aside: Sequence[int], widths: Sequence[int], classes: int, parts: Parts):
        super().__init__()
        self.aside = tuple(aside)
        self.order = tuple(f"level{level}" for level in range(len(aside), 0, -1))
        inputs = deepest
        for level, (channels, width) in enumerate(zip(aside, widths, strict=True)):
            self.add_module(self.order[level], Level(inputs, channels, width, len(aside) - level, parts))
            inputs = width
        draw_he(*self.children())
        self.out = _CONVOLUTION[parts.axes](inputs, classes, 1)
        self.crop = Crop()

    def forward(self, maps: Sequence[Tensor], image: Tensor) -> Tensor:
        """Return a number per class at each position of ``image`` (N, C, *space)."""
        x, *finer = maps
        for name, channels in zip(self.order, self.aside, strict=True):
            x = self.get_submodule(name)(x, finer.pop(0) if channels else None)
        return self.crop(self.out(x), image)
