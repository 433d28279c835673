"""The curve of cumulative errors: how many images have at most which error."""

from __future__ import annotations

import numpy as np

from convscope.report.contents import Contents
from convscope.report.figures.style import BLUE, GREY, MUTED, WIDE, Drawing, canvas, grid, percent_axis
from convscope.report.sections.landmarks.contents import Placed
from convscope.tasks.landmarks.evidence import CURVE_END, FAILED, cumulative
from convscope.text import count

STRETCH = 3  # times the error of nine in ten images: as far as the axis goes to show the worst


def draw(contents: Contents) -> Drawing | None:
    """Draw the curve to the worst image, or as far as nine in ten reach where few lie far beyond, with what failed."""
    own: Placed = contents.own
    errors = own.errors[np.isfinite(own.errors)]
    if not len(errors):
        return None
    in_pixels = contents.metrics["normaliser"] == "pixels"
    end, beyond = _end(errors, 0 if in_pixels else 1.2 * FAILED)
    figure = canvas(WIDE, 3.2)
    axes = figure.subplots()
    x, y = cumulative(errors, end)
    axes.step(x, y, where="post", color=BLUE)
    if not in_pixels:
        axes.axvspan(0, CURVE_END, color=BLUE, alpha=0.07, linewidth=0)
        axes.axvline(FAILED, color=GREY, linewidth=1, linestyle=(0, (3, 3)))
        axes.annotate(f"{FAILED:g}: failed beyond", (FAILED, 0.02), (4, 0), textcoords="offset points", color=MUTED)
    axes.set_xlim(0, 1.01 * end)
    if beyond:
        axes.annotate(
            f"{count(beyond, 'image')} beyond →", (1, 0.02), (-4, 10), xycoords="axes fraction",
            textcoords="offset points", ha="right", va="bottom", color=MUTED,
        )  # fmt: skip
    axes.set_ylim(0, 1.02)
    percent_axis(axes.yaxis)
    axes.set_xlabel("error in pixels" if in_pixels else f"error, divided by {own.divided}")
    axes.set_ylabel("images with at most this error")
    grid(axes)
    area = "" if in_pixels else f" AUC@{CURVE_END:g} is the mean height of the curve over the tinted part."
    return Drawing(
        figure,
        "Cumulative errors",
        f"How many images (upwards) have at most which mean error (to the right): the steeper, the better."
        f"{area}{_said(errors, beyond)}",
    )


def _end(errors: np.ndarray, least: float) -> tuple[float, int]:
    """Return where the axis ends, at ``least`` or beyond, and how many lie further, who would press all else flat.

    >>> _end(np.array([0.1, 0.2, 0.3]), 0.12)
    (0.3, 0)
    """
    most, worst = (float(value) for value in np.quantile(errors, [0.9, 1]))
    if worst <= max(least, STRETCH * most):
        return max(least, worst) or 1.0, 0
    end = max(least, most)
    return end, int((errors > end).sum())


def _said(errors: np.ndarray, beyond: int) -> str:
    if not beyond:
        return ""
    verb = "lies" if beyond == 1 else "lie"
    return f" {count(beyond, 'image')} {verb} beyond the right edge, the worst at {errors.max():.3g}."
