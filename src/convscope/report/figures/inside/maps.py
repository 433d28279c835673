"""The feature maps of one layer for one example, each in its own range, which stands below it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from convscope.explain.feature_maps import FeatureMaps
from convscope.report.figures.inside.colours import SIGNED, UNSIGNED, coloured, is_signed, plain
from convscope.report.figures.style import INK, MUTED, WIDE, Drawing, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ACROSS, DOWN = 10, 8
PAGE = ACROSS * DOWN  # maps of a page
PIXELS = 150  # of a map along its longer side: more cannot be seen, and would make the page heavy
GAP, LABEL = 0.06, 0.17  # inches between maps, and for the line below one
TALLEST = 7.0  # inches of a signal's maps


def pages(layer: FeatureMaps) -> list[slice]:
    """Return which maps stand on each page of a layer.

    >>> pages(FeatureMaps("a", "relu", np.zeros((100, 2, 2))))
    [slice(0, 80, None), slice(80, 160, None)]
    """
    if layer.values.ndim < 3:
        return [slice(0, len(layer.values))]
    return [slice(first, first + PAGE) for first in range(0, len(layer.values), PAGE)]


def draw(layer: FeatureMaps, at: slice) -> Drawing:
    """Draw some maps of a layer: pictures in rows, of volumes their middle slice; of a signal all as one picture."""
    signed = is_signed(layer.values)
    figure = _of_signal(layer, signed) if layer.values.ndim == 2 else _pictures(layer, at, signed)
    colours = "orange below zero, violet above" if signed else "dark to bright"
    count = len(layer.values)
    shown = len(layer.values[at])
    which = f"{shown:,} of {count:,} maps, from number {at.start}" if shown < count else f"{count:,} maps"
    size = "×".join(map(str, layer.values.shape[1:]))
    silent = f" {layer.silent:,} of the {count:,} are the same number everywhere." if layer.silent else ""
    middle = " Of each volume the middle slice is shown." if layer.values.ndim == 4 else ""
    each = "One scale for all." if layer.values.ndim == 2 else "Each in its own range, which stands below it:"
    return Drawing(
        figure, f"{layer.node} ({layer.op})", f"{which} of {size}. {each} {colours}.{middle}{silent}"
    )  # fmt: skip


def _pictures(layer: FeatureMaps, at: slice, signed: bool) -> Figure:
    values, ranges = layer.values[at], layer.ranges[at]
    height, width = values.shape[-2:]
    across = min(ACROSS, max(4, len(values)))
    wide = min((WIDE - GAP * across) / across, 1.6)
    tall = min(2.2 * wide, wide * height / width)
    down = math.ceil(len(values) / across)
    step = tall + LABEL + GAP
    figure = Figure(figsize=(WIDE, max(0.3, down * step)))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0, WIDE), ylim=(down * step, 0))
    axes.set_axis_off()
    for number, (each, (low, high)) in enumerate(zip(values, ranges, strict=True)):
        x, y = (number % across) * (wide + GAP), (number // across) * step
        picture = coloured(_thinned(each if each.ndim == 2 else each[len(each) // 2]), signed)
        axes.imshow(picture, extent=(x, x + wide, y + tall, y), interpolation="none", aspect="auto")
        text = f"{at.start + number}: {plain(low)} … {plain(high)}"
        axes.text(x, y + tall + 0.03, text, fontsize=5.0, color=MUTED, va="top")
    axes.set(xlim=(0, WIDE), ylim=(down * step, 0))  # imshow moves them
    return figure


def _thinned(picture: np.ndarray) -> np.ndarray:
    """Return a map of at most ``PIXELS`` a side: means of blocks of pixels."""
    step = max(1, -(-max(picture.shape) // PIXELS))
    if step == 1:
        return picture
    height, width = (max(1, n // step) for n in picture.shape)
    cut = picture[: height * step, : width * step]
    if cut.shape != (height * step, width * step):  # narrower than one block
        return picture[::step, ::step]
    return cut.reshape(height, step, width, step).mean((1, 3))


def _of_signal(layer: FeatureMaps, signed: bool) -> Figure:
    channels, _ = layer.values.shape
    figure = canvas(WIDE, min(TALLEST, max(1.1, 0.09 * channels + 0.6)))
    axes = figure.subplots()
    limit = float(np.abs(layer.values).max()) or 1.0
    image = axes.imshow(
        layer.values, SIGNED if signed else UNSIGNED, vmin=-limit if signed else 0.0, vmax=limit, aspect="auto",
        interpolation="none",
    )  # fmt: skip
    _bare(axes)
    axes.set_xlabel("step")
    axes.set_ylabel("channel")
    bar = figure.colorbar(image, ax=axes, fraction=0.03, pad=0.01)
    bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    if channels <= 32:
        for number, (low, high) in enumerate(layer.ranges):
            axes.text(
                1.002, 1 - (number + 0.5) / channels, f"{plain(low)} … {plain(high)}", fontsize=4.5, color=INK,
                va="center", transform=axes.transAxes,
            )  # fmt: skip
    return figure


def _bare(axes: Axes, sides: Sequence[str] = ("left", "bottom")) -> None:
    axes.tick_params(length=0, labelsize=7)
    for side in sides:
        axes.spines[side].set_visible(False)
