"""Kernels over DNA as sequence logos."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator

from convscope.report.contents import Contents
from convscope.report.figures.sequences.glyphs import column
from convscope.report.figures.style import INK, MUTED, WIDE, Drawing, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ACROSS, ROW = 3, 1.15
BITS = 2.0  # the most that one of four bases can tell


def draw(contents: Contents) -> Drawing | None:
    """Draw the logos; ``None`` where no kernels see DNA."""
    logos = contents.sequences.logos if contents.sequences else ()
    if not logos:
        return None
    down = -(-len(logos) // ACROSS)
    figure = canvas(WIDE, ROW * down)
    for axes, logo in zip(figure.subplots(down, ACROSS, squeeze=False).ravel(), logos, strict=False):
        stack(axes, logo.heights)
        axes.set_title(logo.name, fontsize=7.5, fontweight="normal", color=INK, pad=3)
        said = f"{logo.sites:,} windows"
        axes.text(1, 1.03, said, transform=axes.transAxes, fontsize=6.5, color=MUTED, ha="right")
    for axes in figure.axes[len(logos) :]:
        axes.set_axis_off()
    return Drawing(
        figure,
        "Kernels as sequence logos",
        "The bases in the windows of training sequences that a kernel of the first layer answers with more than half "
        "of its largest answer. A column is as high as it tells of the base there, in bits (2 where it is always the "
        "same, 0 where all four are as frequent), corrected for the number of windows (Schneider and Stephens 1990); "
        "its letters share it by their frequency. The kernels that tell most are shown.",
    )


def stack(axes: Axes, heights: np.ndarray, *, first: int = 1) -> None:
    """Draw a logo of heights (4, K) in bits; its places are counted from ``first``."""
    for at in range(heights.shape[1]):
        column(axes, at + first, heights[:, at])
    axes.set(xlim=(first - 0.6, first + heights.shape[1] - 0.4), ylim=(0, BITS))
    axes.set_yticks([0, 1, 2])
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.tick_params(labelsize=6, length=0)
    axes.spines["left"].set_visible(False)
