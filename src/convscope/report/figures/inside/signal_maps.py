"""The feature maps of one layer for a signal or a text: a row for each channel."""

from __future__ import annotations

import numpy as np

from convscope.explaining.feature_maps import FeatureMaps
from convscope.report.figures.inside.colours import SIGNED, UNSIGNED, is_signed, plain
from convscope.report.figures.style import MUTED, WIDE, Drawing, canvas

TALLEST = 7.0  # inches
NAMED = 48  # channels up to which the range of each stands beside it


def draw(layer: FeatureMaps) -> Drawing:
    """Draw the maps (C, T) on one scale."""
    channels, steps = layer.values.shape
    signed = is_signed(layer.values)
    figure = canvas(WIDE, min(TALLEST, max(1.1, 0.12 * channels + 0.6)))
    axes = figure.subplots()
    limit = float(np.abs(layer.values).max()) or 1.0
    image = axes.imshow(
        layer.values, SIGNED if signed else UNSIGNED, vmin=-limit if signed else 0.0, vmax=limit, aspect="auto",
        interpolation="none",
    )  # fmt: skip
    axes.tick_params(length=0, labelsize=7)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("step")
    axes.set_ylabel("channel")
    bar = figure.colorbar(image, ax=axes, fraction=0.03, pad=0.09 if channels <= NAMED else 0.01)
    bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    for number, (low, high) in enumerate(layer.ranges if channels <= NAMED else ()):
        axes.annotate(
            f"{plain(low)} … {plain(high)}", (steps - 0.5, number), (4, 0), textcoords="offset points", fontsize=5,
            color=MUTED, va="center", annotation_clip=False,
        )  # fmt: skip
    colours = "orange below zero, violet above" if signed else "dark to bright"
    beside = " The range of each stands on its right." if channels <= NAMED else ""
    return Drawing(
        figure,
        f"{layer.node} ({layer.op})",
        f"{channels:,} maps of {steps:,} steps, a row each, all on one scale: {colours}.{beside}",
    )
