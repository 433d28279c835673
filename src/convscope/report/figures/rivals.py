"""The network beside the simple methods."""

from __future__ import annotations

from matplotlib.ticker import PercentFormatter

from convscope.report.contents import Contents
from convscope.report.figures.style import BLUE, GREY, INK, MUTED, WIDE, Drawing, canvas
from convscope.report.text import percent, places, shorten


def draw(contents: Contents) -> Drawing | None:
    """Draw each method's accuracy as a dot with its interval, the best above."""
    if not contents.rivals:
        return None
    rows = [("this network", contents.metrics["accuracy"], BLUE)]
    rows += [(rival.name, rival.accuracy, GREY) for rival in contents.rivals]
    rows.sort(key=lambda row: row[1]["value"])
    figure = canvas(WIDE, 0.75 + 0.34 * len(rows))
    axes = figure.subplots()
    for y, (_, estimate, colour) in enumerate(rows):
        low, high = estimate["low"], estimate["high"]
        if low is not None and high is not None:
            axes.plot([low, high], [y, y], color=colour, linewidth=4, alpha=0.45, solid_capstyle="butt")
        axes.plot(estimate["value"], y, "o", color=colour, markersize=7)
        axes.annotate(
            percent(estimate["value"], places(estimate)),
            (high if high is not None else estimate["value"], y),
            (8, 0),
            textcoords="offset points",
            va="center",
            color=INK,
            fontweight="bold" if colour == BLUE else "normal",
        )
    axes.set_yticks(range(len(rows)), [shorten(name, 30) for name, *_ in rows])
    for label, (_, _, colour) in zip(axes.get_yticklabels(), rows, strict=True):
        label.set_color(BLUE if colour == BLUE else INK)
    low = min(row[1]["low"] if row[1]["low"] is not None else row[1]["value"] for row in rows)
    axes.set_xlim(max(0, low - 0.05), 1.0 + 0.08 * (1 - max(0, low - 0.05)))
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xticks([tick for tick in axes.get_xticks() if tick <= 1.0001 and tick >= axes.get_xlim()[0]])
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xlabel("accuracy")
    axes.grid(axis="x")
    axes.spines["left"].set_visible(False)
    return Drawing(
        figure,
        "Did convolution earn its keep?",
        "Each dot is the share of images a method named correctly; the bar around it is the range in which its true accuracy"
        " lies with 95 % confidence. All methods were judged on the same images. The simple methods know nothing of"
        " convolution: if the network is not clearly to their right, it was not worth its effort.",
    )
