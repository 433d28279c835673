"""Feature maps of an example that the network got right, beside those of one that it got wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colormaps

from convscope.data.pictures import as_shown, tile
from convscope.report.contents import Contents
from convscope.report.figures.inside.colours import SIGNED, UNSIGNED, is_signed, shares
from convscope.report.figures.style import INK, MUTED, WIDE, Drawing
from convscope.report.inside.contents import Seen
from convscope.report.text import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAPS, SIDE = 6, 56  # of a layer, and pixels of a map
HEAD, ROW, GAP, BETWEEN = 0.32, 0.75, 0.05, 0.3  # inches


def draw(contents: Contents) -> Drawing | None:
    """Draw the image and, layer by layer, the maps of the channels that differ most within the first example."""
    shown = contents.inside.pair if contents.inside is not None else ()
    if not shown or not shown[0].layers:
        return None
    from matplotlib.figure import Figure

    rows = len(shown[0].layers)
    wide = (WIDE - BETWEEN) / 2
    figure = Figure(figsize=(WIDE, HEAD + ROW * rows + 0.1))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    channels = [_channels(layer.values) for layer in shown[0].layers]
    for at, example in enumerate(shown[:2]):
        _example(axes, example, channels, at * (wide + BETWEEN))
    axes.set(xlim=(0, WIDE), ylim=(HEAD + ROW * rows + 0.1, 0))
    axes.set_axis_off()
    names = "Left a better answer, right a worse one: " if len(shown) > 1 else ""
    return Drawing(
        figure, "What its layers make of an image",
        f"{names}the last layer of each size, of its maps those {MAPS} that vary most. Each map in its own range: dark "
        "to bright, or orange below zero and violet above.",
    )  # fmt: skip


def _example(axes: Axes, example: Seen, channels: list[np.ndarray], left: float) -> None:
    axes.text(left, HEAD - 0.12, shorten(example.said, 64), fontsize=8, color=INK)
    picture = tile(as_shown(example.image), 112)
    side = ROW - 0.14
    axes.imshow(picture, extent=(left, left + side, HEAD + side, HEAD), aspect="auto", interpolation="nearest")
    step = side + GAP
    for row, (layer, numbers) in enumerate(zip(example.layers, channels, strict=True)):
        top, start = HEAD + row * ROW, left + step
        signed = is_signed(layer.values)
        tiles = [_square(shares(layer.values[number], signed)) for number in numbers]
        colours = colormaps[SIGNED if signed else UNSIGNED](np.concatenate(tiles, 1))
        colours[np.isnan(np.concatenate(tiles, 1)), 3] = 0.0
        axes.imshow(
            colours, extent=(start, start + step * len(tiles), top + side, top), aspect="auto", interpolation="nearest"
        )
        size = "×".join(map(str, layer.values.shape))
        axes.text(start, top + side + 0.03, f"{layer.node}: {size}", fontsize=5.5, color=MUTED, va="top")


def _square(values: np.ndarray) -> np.ndarray:
    """Return a map as a square of ``SIDE`` pixels, with a gap behind it that is NaN."""
    rows = np.arange(SIDE) * values.shape[0] // SIDE
    columns = np.arange(SIDE) * values.shape[1] // SIDE
    return np.pad(values[rows][:, columns], ((0, 0), (0, round(SIDE * GAP / (ROW - 0.14)))), constant_values=np.nan)


def _channels(values: np.ndarray) -> np.ndarray:
    spread = values.reshape(len(values), -1).std(1)
    return np.sort(np.argsort(-spread, kind="stable")[:MAPS])
