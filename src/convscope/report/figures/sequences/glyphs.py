"""Bases as letters of any height, for logos."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.patches import PathPatch
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D

from convscope.data.transforms.dna import BASES
from convscope.report.figures.style import BLUE, INK, ORANGE, TEAL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path

COLOURS = dict(zip(BASES, (TEAL, BLUE, ORANGE, INK), strict=True))


@cache
def _outline(letter: str) -> Path:
    """Return a letter's outline, in a square from 0 to 1."""
    path = TextPath((0, 0), letter, size=1, prop=FontProperties(family="DejaVu Sans", weight="bold"))
    box = path.get_extents()
    return path.transformed(Affine2D().translate(-box.x0, -box.y0).scale(1 / box.width, 1 / box.height))


def letter(axes: Axes, name: str, x: float, y: float, height: float, width: float = 0.92) -> None:
    """Draw a letter over its place ``x``, from ``y`` up to ``y + height``; downwards where the height is below 0."""
    base, tall = (y, height) if height >= 0 else (y + height, -height)
    path = _outline(name).transformed(Affine2D().scale(width, tall).translate(x - width / 2, base))
    axes.add_patch(PathPatch(path, facecolor=COLOURS.get(name, INK), edgecolor="none", linewidth=0))


def column(axes: Axes, x: float, heights: np.ndarray) -> None:
    """Draw the bases of a logo's column (4,) over each other, the highest on top."""
    base = 0.0
    for row in np.argsort(heights, kind="stable"):
        if heights[row] > 0.005:
            letter(axes, BASES[row], x, base, float(heights[row]))
            base += float(heights[row])
