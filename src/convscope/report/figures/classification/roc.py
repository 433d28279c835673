"""The receiver operating characteristic: hits against false alarms."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import MaxNLocator

from convscope.report.contents import Contents
from convscope.report.figures.classification.one_vs_rest import GRID, lines, plot
from convscope.report.figures.style import FAINT, HALF, Drawing, canvas, percent_axis


def draw(contents: Contents) -> Drawing | None:
    """Draw the curve of the positive class, or of each class against the rest; of good curves only the corner."""
    drawn = lines(contents, _height, "auc")
    if not drawn:
        return None
    corner = _corner(drawn[-1].height)
    figure = canvas(HALF, HALF - 0.3)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1)
    plot(axes, drawn, at=(0.36, 0.16), measure="area under the curve")
    axes.set(xlim=(-0.01 * corner, corner), ylim=(1 - corner, 1 + 0.01 * corner))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
        percent_axis(axis)
    axes.set_xlabel("false alarms (share of the others)")
    axes.set_ylabel("found (share of the class)")
    axes.grid()
    zoomed = f" Only the upper left corner is shown, up to {100 * corner:.0f} % false alarms." if corner < 1 else ""
    return Drawing(
        figure,
        "ROC: found against false alarms",
        "Ask the network for one class and lower the probability it must state: it finds more of the class and"
        " raises more false alarms. A good curve hugs the upper left corner (area 1); the diagonal is guessing (area"
        " 0.5)." + zoomed,
    )


def _height(member: np.ndarray, scores: np.ndarray) -> np.ndarray:
    from sklearn.metrics import roc_curve

    alarms, recall, _ = roc_curve(member, scores)
    return np.interp(GRID, alarms, recall)  # of equal abscissae the last counts: the most that can be found there


def _corner(height: np.ndarray) -> float:
    """Return the smallest window whose left half already holds the bend of the curve."""
    return next((c for c in (0.05, 0.2) if np.interp(c / 2, GRID, height) > 1 - c / 2), 1.0)
