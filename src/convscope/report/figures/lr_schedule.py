"""How large the steps were: learning rate and momentum."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import MaxNLocator

from convscope.report.contents import Contents
from convscope.report.figures.curves import thin
from convscope.report.figures.style import BLUE, TEAL, WIDE, Drawing, canvas, grid


def draw(contents: Contents) -> Drawing | None:
    """Draw both against the step, one above the other."""
    steps = contents.steps
    if not steps:
        return None
    shown = [("lr", "Learning rate", BLUE), ("momentum", "Momentum", TEAL)]
    shown = [(key, *rest) for key, *rest in shown if key in steps and np.isfinite(steps[key]).all()]
    if not shown:
        return None
    figure = canvas(WIDE, 2.1)
    for axes, (key, title, colour) in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
        axes.plot(*thin(steps["step"], steps[key]), color=colour)
        axes.set_title(title)
        axes.set_xlabel("step (one batch each)")
        axes.set_ylim(0, 1.08 * max(steps[key].max(), 1e-12))
        axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
        axes.margins(x=0.01)
        grid(axes)
    return Drawing(
        figure,
        "Learning rate and momentum: how large its steps were",
        "The learning rate says how far the weights move after each batch, momentum how much of the last direction"
        " they keep. In a one-cycle plan they run against each other: while steps are large, little of the old"
        " direction is kept.",
    )
