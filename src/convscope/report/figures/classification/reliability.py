"""Stated probability against what came true."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from convscope.report.contents import Contents
from convscope.report.figures.style import BLUE, GREY, WIDE, Drawing, canvas, grid, percent_axis
from convscope.report.sections.classification.contents import Classified
from convscope.tasks.metrics.calibration import Reliability, reliability
from convscope.text import percent


def draw(contents: Contents) -> Drawing:
    """Draw accuracy against stated probability in 15 bins, and beside it how many images each bin holds."""
    own: Classified = contents.own
    table = reliability(own.labels, own.probabilities, own.groups)
    figure = canvas(WIDE, 3.6)
    left, right = figure.subplots(1, 2, sharex=True)
    _kept_words(left, table)
    _histogram(right, table, f"{contents.noun}s")
    lowest = table.edges[np.flatnonzero(table.count)[0]]
    left.set_xlim(max(0.0, lowest - 1 / 30), 1.01)
    for axes in (left, right):
        percent_axis(axes.xaxis)
        axes.set_xlabel("probability stated for the answer")
        grid(axes)
    return Drawing(
        figure,
        "Reliability: stated probability against what came true",
        "When the network states 90 %, is it right nine times in ten? Dots on the dashed diagonal keep their word;"
        " below it the network claims too much, above it too little. Bars are 95 % intervals: few"
        f" {'groups' if contents.metrics.get('groups') else f'{contents.noun}s'}, long bars."
        f" The mean distance from the diagonal, weighted by {contents.noun}s, is the calibration error:"
        f" {percent(contents.metrics['ece']['value'])}.",
    )


def _kept_words(axes: Axes, table: Reliability) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=(0, (3, 3)))
    for bin in np.flatnonzero(table.count):
        confidence = table.confidence[bin]
        axes.plot([confidence] * 2, [table.low[bin], table.high[bin]], color=BLUE, linewidth=1.2, alpha=0.6)
        axes.plot(confidence, table.accuracy[bin], "o", color=BLUE, markersize=5, clip_on=False)
    axes.set_ylim(0, 1.02)
    percent_axis(axes.yaxis)
    axes.set_title("How often it was right")


def _histogram(axes: Axes, table: Reliability, what: str) -> None:
    width = np.diff(table.edges)
    axes.bar(table.edges[:-1] + width / 2, table.count, width=0.86 * width, color=GREY)
    axes.set_title(f"How many {what}")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    if max(table.count) > 200:
        axes.set_title(f"How many {what} (each line is ten times the one below)")
        axes.set_yscale("log")
        axes.set_ylim(0.7, 1.5 * max(table.count))
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.yaxis.set_minor_locator(NullLocator())
