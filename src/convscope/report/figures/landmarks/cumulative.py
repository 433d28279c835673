"""The curve of cumulative errors: how many images have at most which error."""

from __future__ import annotations

import numpy as np

from convscope.report.contents import Contents
from convscope.report.figures.style import BLUE, GREY, MUTED, WIDE, Drawing, canvas, grid, percent_axis
from convscope.report.sections.landmarks.contents import Placed
from convscope.tasks.landmarks.evidence import CURVE_END, FAILED, cumulative


def draw(contents: Contents) -> Drawing | None:
    """Draw the curve as far as nine in ten images reach, with what counts as failed."""
    own: Placed = contents.own
    errors = own.errors[np.isfinite(own.errors)]
    if not len(errors):
        return None
    end = max(1.2 * FAILED, float(np.quantile(errors, 0.9)))
    figure = canvas(WIDE, 3.2)
    axes = figure.subplots()
    x, y = cumulative(errors, end)
    axes.step(x, y, where="post", color=BLUE)
    in_pixels = contents.metrics["normaliser"] == "pixels"
    if not in_pixels:
        axes.axvspan(0, CURVE_END, color=BLUE, alpha=0.07, linewidth=0)
        axes.axvline(FAILED, color=GREY, linewidth=1, linestyle=(0, (3, 3)))
        axes.annotate(f"{FAILED:g}: failed beyond", (FAILED, 0.02), (4, 0), textcoords="offset points", color=MUTED)
    axes.set_xlim(0, end)
    axes.set_ylim(0, 1.02)
    percent_axis(axes.yaxis)
    axes.set_xlabel("error in pixels" if in_pixels else f"error, divided by {own.divided}")
    axes.set_ylabel("images with at most this error")
    grid(axes)
    area = "" if in_pixels else f" AUC@{CURVE_END:g} is the mean height of the curve over the tinted part."
    return Drawing(
        figure,
        "Cumulative errors",
        f"How many images (upwards) have at most which mean error (to the right): the steeper, the better.{area}",
    )
