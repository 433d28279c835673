"""How large true and predicted objects are."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import NullFormatter, StrMethodFormatter

from convscope.report.contents import Contents
from convscope.report.figures.style import BLUE, HALF, ORANGE, Drawing, canvas, grid

BINS = 30


def draw(contents: Contents) -> Drawing | None:
    """Draw the sizes of objects in pixels, true and predicted."""
    areas = contents.own.areas
    if areas is None or not all(len(sizes) for sizes in areas):
        return None
    largest = max(sizes.max() for sizes in areas)
    edges = np.unique(np.geomspace(1, largest + 1, BINS).round(2))
    figure = canvas(HALF, HALF * 0.72)
    axes = figure.subplots()
    for sizes, colour, label in zip(areas, (BLUE, ORANGE), ("true", "predicted"), strict=True):
        axes.stairs(
            np.histogram(sizes, edges)[0], edges, color=colour, label=f"{label} ({len(sizes):,})", linewidth=1.4
        )
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))  # those of powers are mathematics, which is off here
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set(xlabel="pixels of an object", ylabel="objects")
    axes.legend(frameon=False)
    grid(axes)
    return Drawing(
        figure,
        "Sizes",
        "Many small predicted objects that have no counterpart are specks; fewer and larger ones than there are have"
        " grown together.",
    )
