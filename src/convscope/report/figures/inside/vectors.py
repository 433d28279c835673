"""The numbers of a layer without space, in reading order."""

from __future__ import annotations

import math

import numpy as np

from convscope.explaining.feature_maps import FeatureMaps
from convscope.report.figures.inside.colours import SIGNED, UNSIGNED, is_signed, plain
from convscope.report.figures.style import WIDE, Drawing, canvas

ACROSS, MOST = 64, 4096


def draw(layer: FeatureMaps) -> Drawing:
    """Draw the numbers (K,) as cells in rows of 64."""
    shown = layer.values[:MOST]
    across = min(ACROSS, len(shown))
    down = math.ceil(len(shown) / across)
    cells = np.full(down * across, np.nan, np.float32)
    cells[: len(shown)] = shown
    signed = is_signed(shown)
    cell = min(0.3, (WIDE - 1.0) / across)
    figure = canvas(max(3.0, cell * across + 1.0), max(0.7, cell * down + 0.3))
    axes = figure.subplots()
    limit = float(np.abs(shown).max(initial=0.0)) or 1.0
    image = axes.imshow(
        cells.reshape(down, across), SIGNED if signed else UNSIGNED, vmin=-limit if signed else 0.0, vmax=limit,
        interpolation="none",
    )  # fmt: skip
    axes.set_axis_off()
    axes.set_anchor("W")
    bar = figure.colorbar(image, ax=axes, fraction=0.03, pad=0.01, aspect=8)
    bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    bar.ax.tick_params(labelsize=6)
    low, high = float(layer.values.min()), float(layer.values.max())
    more = f" The first {MOST:,} are shown." if len(layer.values) > MOST else ""
    colours = "orange below zero, violet above" if signed else "dark to bright"
    return Drawing(
        figure,
        f"{layer.node} ({layer.op})",
        f"{len(layer.values):,} numbers from {plain(low)} to {plain(high)}, in rows of {across}; {colours}.{more}",
    )
