"""The error of each point by itself."""

from __future__ import annotations

from convscope.report.contents import Contents
from convscope.report.figures.style import BLUE, INK, WIDE, Drawing, canvas, grid
from convscope.report.text import shorten

NAMED = 30  # points up to which each has its name below
FEW = 5  # up to which the names stand level
EDGE, EACH = 1.2, 1.4  # inches of the scale, and of each of few points


def draw(contents: Contents) -> Drawing:
    """Draw a dot a point with its interval, in the order of the points."""
    rows = contents.metrics["points"]
    few = len(rows) <= FEW
    figure = canvas(EDGE + EACH * len(rows) if few else WIDE, 2.8)
    axes = figure.subplots()
    for at, row in enumerate(rows):
        estimate = row["nme"]
        if estimate["value"] is None:
            continue
        if estimate["low"] is not None:
            ends = [estimate["low"], estimate["high"]]
            axes.plot([at, at], ends, color=BLUE, linewidth=3, alpha=0.35, solid_capstyle="butt")
        axes.plot(at, estimate["value"], "o", color=BLUE, markersize=4)
    if len(rows) <= NAMED:
        turned = {} if few else {"rotation": 60, "ha": "right"}
        axes.set_xticks(range(len(rows)), [shorten(row["name"], 18) for row in rows], **turned)
        axes.tick_params(axis="x", labelcolor=INK)
    else:
        axes.set_xlabel("number of the point, from 0")
    axes.set_xlim(-0.6, len(rows) - 0.4)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("error in pixels" if contents.metrics["normaliser"] == "pixels" else "normalised error")
    grid(axes)
    return Drawing(
        figure,
        "Error of each point",
        "Each dot is a point's mean error, the bar its 95 % interval. Points on an outline, such as a chin, are often"
        " the worst: people who place them do not agree either where along the outline they belong.",
    )
