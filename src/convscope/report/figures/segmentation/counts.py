"""How many objects an image has, and how many were predicted: their limits of agreement."""

from __future__ import annotations

from convscope.report.contents import Contents
from convscope.report.figures.style import BLUE, GREY, HALF, MUTED, WIDE, Drawing, canvas, grid

LIMIT = 1.96  # standard deviations that 95 % of normal differences lie within


def draw(contents: Contents) -> Drawing | None:
    """Draw predicted against true counts, and their differences over their means (Bland and Altman 1986)."""
    counts = contents.own.counts
    if counts is None or len(counts) < 2:
        return None
    truth, predicted = counts.T
    surplus, middle = predicted - truth, (predicted + truth) / 2
    bias, spread = surplus.mean(), surplus.std(ddof=1)
    figure = canvas(WIDE, HALF * 0.72)
    left, right = figure.subplots(1, 2)
    most = max(counts.max(), 1) * 1.05
    left.plot([0, most], [0, most], color=GREY, linewidth=0.8)
    left.plot(truth, predicted, "o", color=BLUE, markersize=4, alpha=0.7, markeredgewidth=0)
    left.set(xlabel="true objects of an image", ylabel="predicted", xlim=(0, most), ylim=(0, most))
    right.plot(middle, surplus, "o", color=BLUE, markersize=4, alpha=0.7, markeredgewidth=0)
    for value, style in ((bias, "-"), (bias - LIMIT * spread, "--"), (bias + LIMIT * spread, "--")):
        right.axhline(value, color=MUTED, linewidth=0.9, linestyle=style)
    right.set(xlabel="mean of both counts", ylabel="predicted less true")
    for axes in (left, right):
        grid(axes)
    return Drawing(
        figure,
        "Counts",
        f"Each dot is an image. On average {abs(bias):.3g} {'more' if bias > 0 else 'fewer'} objects are predicted than"
        f" there are; 95 % of images lie between {bias - LIMIT * spread:.3g} and {bias + LIMIT * spread:.3g} (dashed,"
        " the limits of agreement of Bland and Altman).",
    )
