"""Threshold curves of one class against the rest: what the ROC and the precision-recall figure share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from convscope.report.contents import Contents
from convscope.report.figures.style import BLUE, GREY, INK, ORANGE, PAPER, TEAL
from convscope.report.sections.classification.contents import Classified
from convscope.report.text import decimal, shorten

# Good curves bend close to 0 or 1, so places lie closer there.
GRID = np.unique(np.concatenate([np.linspace(0, 0.05, 201), np.linspace(0, 1, 801), np.linspace(0.95, 1, 201)]))
NAMED = (ORANGE, TEAL)  # colours of the weakest classes, weakest first
CROWD = 30  # with more classes than this only the named ones are drawn

Curve = Callable[[np.ndarray, np.ndarray], np.ndarray]  # member (n,) bool, scores (n,) -> height over GRID


@dataclass(frozen=True)
class Line:
    """One curve over ``GRID`` with its name and its area."""

    name: str
    height: np.ndarray
    area: float | None
    colour: str
    width: float


def lines(contents: Contents, curve: Curve, area: str) -> list[Line]:
    """Return the curves to draw, unimportant ones first.

    Of two classes the positive one; of more the two with the smallest area, the others in grey, and the mean of all.
    """
    own: Classified = contents.own
    labels, probabilities, metrics = own.labels, own.probabilities, contents.metrics
    if binary := metrics.get("binary"):
        k = own.classes.index(binary["positive"])
        value = metrics["per_class"][k][area]["value"]
        if value is None:
            return []
        return [Line(binary["positive"], curve(labels == k, probabilities[:, k]), value, BLUE, 2)]
    known = [k for k, row in enumerate(metrics["per_class"]) if row[area]["value"] is not None]
    if not known:
        return []
    known.sort(key=lambda k: -metrics["per_class"][k][area]["value"])
    heights = {k: curve(labels == k, probabilities[:, k]) for k in known}
    drawn = []
    for rank, k in enumerate(reversed(known)):
        row = metrics["per_class"][k]
        colour, width = (NAMED[rank], 1.4) if rank < len(NAMED) else (GREY, 0.6)
        drawn.append(Line(row["class"], heights[k], row[area]["value"], colour, width))
    mean = Line("mean of all classes", np.mean(list(heights.values()), axis=0), metrics[area]["value"], BLUE, 2)
    if len(drawn) > CROWD:
        drawn = drawn[: len(NAMED)]
    return [*reversed(drawn), mean]


def plot(axes: Axes, drawn: list[Line], *, at: tuple[float, float], measure: str) -> None:
    """Draw the curves, and list the named ones with their areas from a place in axes fractions upwards."""
    for line in drawn:
        axes.plot(GRID, line.height, color=line.colour, linewidth=line.width)
    named = [line for line in drawn if line.colour != GREY]
    others = len(drawn) - len(named)
    words = [("grey: all others", GREY, "normal")] if others else []
    words += [(f"{shorten(line.name, 24)}: {decimal(line.area, 4)}", line.colour, "bold") for line in named]
    for i, (text, colour, weight) in enumerate([*words, (measure, INK, "normal")]):
        place = (at[0], at[1] + 0.07 * i)
        axes.annotate(text, place, xycoords="axes fraction", color=colour, fontweight=weight, bbox=_BEHIND)


_BEHIND = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.5, "alpha": 0.85}
