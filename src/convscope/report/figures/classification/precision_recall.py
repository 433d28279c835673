"""Precision against recall."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import MaxNLocator

from convscope.report.contents import Contents
from convscope.report.figures.classification.one_vs_rest import GRID, lines, plot
from convscope.report.figures.style import HALF, Drawing, canvas, percent_axis


def draw(contents: Contents) -> Drawing | None:
    """Draw the curve of the positive class, or of each class against the rest; of good curves only the corner."""
    drawn = lines(contents, _height, "average_precision")
    if not drawn:
        return None
    corner = next((c for c in (0.05, 0.2) if np.interp(1 - c / 2, GRID, drawn[-1].height) > 1 - c / 2), 1.0)
    figure = canvas(HALF, HALF - 0.3)
    axes = figure.subplots()
    plot(axes, drawn, at=(0.06, 0.16), measure="average precision")
    axes.set(xlim=(1 - corner, 1 + 0.01 * corner), ylim=(1 - corner, 1 + 0.01 * corner))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
        percent_axis(axis)
    axes.set_xlabel("found (share of the class: recall)")
    axes.set_ylabel("right (share of the alarms: precision)")
    axes.grid()
    zoomed = f" Only the upper right corner is shown, from {100 * (1 - corner):.0f} %." if corner < 1 else ""
    return Drawing(
        figure,
        "Precision and recall: right against found",
        f"The same walk through the thresholds: of all {contents.noun}s the network calls by this class, how many are"
        " it? A good curve stays at the top until nearly all are found. It is the stricter view where a class is rare."
        + zoomed,
    )


def _height(member: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the best precision that is to be had at each recall or beyond."""
    from sklearn.metrics import precision_recall_curve

    precision, recall, _ = precision_recall_curve(member, scores)
    best = np.maximum.accumulate(precision[:-1])  # recall falls along the array, so this looks at higher recalls
    at = np.searchsorted(-recall[:-1], -GRID, side="right") - 1
    return best[np.clip(at, 0, None)]
