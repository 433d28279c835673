"""The network beside the simple methods."""

from __future__ import annotations

from typing import Any

from convscope.report.contents import Contents
from convscope.report.figures.style import BLUE, GREY, INK, WIDE, Drawing, canvas, grid, percent_axis
from convscope.report.text import percent, places, shorten, span


def draw(contents: Contents) -> Drawing | None:
    """Draw each method's accuracy as a dot with its interval, the best above; one far behind is marked at the edge."""
    if not contents.rivals:
        return None
    rows = [("this network", contents.metrics["accuracy"], BLUE)]
    rows += [(rival.name, rival.accuracy, GREY) for rival in contents.rivals]
    rows.sort(key=lambda row: row[1]["value"])
    left = left_end([row[1] for row in rows])
    figure = canvas(WIDE, 0.7 + 0.34 * len(rows))
    axes = figure.subplots()
    for y, (_, estimate, colour) in enumerate(rows):
        value, ends = estimate["value"], (estimate["low"], estimate["high"])
        if value < left:
            axes.plot(0.012, y, "<", color=colour, markersize=7, transform=axes.get_yaxis_transform())
        else:
            if None not in ends:
                axes.plot(ends, [y, y], color=colour, linewidth=5, alpha=0.4, solid_capstyle="butt")
            axes.plot(value, y, "o", color=colour, markersize=7)
        axes.annotate(
            f"{percent(value, places(estimate))}  ({span(estimate)})",
            (1, y),
            (10, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            color=INK,
            fontweight="bold" if colour == BLUE else "normal",
        )
    axes.set_yticks(range(len(rows)), [shorten(name, 30) for name, *_ in rows])
    for label, (_, _, colour) in zip(axes.get_yticklabels(), rows, strict=True):
        label.set(color=BLUE if colour == BLUE else INK, fontweight="bold" if colour == BLUE else "normal")
    axes.set_xlim(left, 1 + 0.01 * (1 - left))
    axes.set_ylim(-0.6, len(rows) - 0.4)
    percent_axis(axes.xaxis)
    axes.set_xlabel("accuracy")
    grid(axes, "x")
    axes.spines["left"].set_visible(False)
    off = " A triangle marks a method too far behind to be drawn." if rows[0][1]["value"] < left else ""
    return Drawing(
        figure,
        "Did convolution earn its keep?",
        "Each dot is the share of images a method named correctly; the bar around it is the range in which its true"
        " accuracy lies with 95 % confidence. All methods were judged on the same images. The simple methods know"
        f" nothing of convolution: if the network is not clearly to their right, it was not worth its effort.{off}",
    )


def left_end(estimates: list[dict[str, Any]]) -> float:
    """Return where the axis begins, the estimates in rising order: at the lowest, unless it leaves the rest no room."""
    lows = [e["low"] if e["low"] is not None else e["value"] for e in estimates]
    rest = min(lows[1:])
    low = rest if len(lows) > 2 and 1 - lows[0] > 4 * (1 - rest) else lows[0]
    return max(0.0, low - 0.15 * (1 - low))
