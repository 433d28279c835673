"""The main figure of every network on every split, with the mean over them."""

from __future__ import annotations

from convscope.report.figures.style import INK, WIDE, Drawing, canvas, grid, percent_axis
from convscope.report.figures.styles import look
from convscope.report.quantities import interval, known, value
from convscope.report.text import shorten
from convscope.runs.compare.cross_validation import CrossValidation


def draw(validation: CrossValidation) -> Drawing | None:
    """Draw each network's figure on each split as a stroke, their mean as a dot on its interval; the best above."""
    about = validation.metrics[validation.main]
    rows = [(network, look(at).colour) for at, network in enumerate(validation.networks)][::-1]
    if all(network.mean[validation.main]["value"] is None for network, _ in rows):
        return None
    figure = canvas(WIDE, 0.8 + 0.4 * len(rows))
    axes = figure.subplots()
    for y, (network, colour) in enumerate(rows):
        estimate = network.mean[validation.main]
        each = [split for split in network.by_split[validation.main] if split is not None]
        axes.plot(each, [y] * len(each), "|", color=colour, markersize=12, markeredgewidth=1.3)
        if known(estimate):
            ends = [estimate["low"], estimate["high"]]
            axes.plot(ends, [y, y], color=colour, linewidth=5, alpha=0.3, solid_capstyle="butt")
        if estimate["value"] is not None:
            axes.plot(estimate["value"], y, "o", color=colour, markersize=7)
        told = f"{value(estimate, about)}  ({interval(estimate, about)})"
        axes.annotate(
            told, (1, y), (10, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center",
            color=INK,
        )  # fmt: skip
    axes.set_yticks(range(len(rows)), [shorten(network.name, 34) for network, _ in rows])
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel(about.title)
    if about.unit == "share":
        percent_axis(axes.xaxis)
    grid(axes, "x")
    axes.spines["left"].set_visible(False)
    return Drawing(
        figure,
        f"{about.title} on each of the {validation.kind}",
        f"Each stroke is one of the {len(validation.splits)} {validation.kind}, the dot their mean; the pale bar is its"
        " 95 % interval, wide enough for splits that share training examples.",
    )
