"""The average precision of each label, beside how frequent it is."""

from __future__ import annotations

from convscope.report.contents import Contents
from convscope.report.figures.style import BLUE, GREY, INK, WIDE, Drawing, canvas, grid
from convscope.report.text import shorten

MOST = 40  # labels drawn, those told worst


def draw(contents: Contents) -> Drawing | None:
    """Draw a dot a label with its interval, the best above, and a stroke for what guessing would reach."""
    rows = [row for row in contents.metrics["labels"] if row["average_precision"]["value"] is not None]
    rows = sorted(rows, key=lambda row: row["average_precision"]["value"])[:MOST]
    if not rows:
        return None
    total = contents.metrics["examples"]
    figure = canvas(WIDE, 0.7 + 0.24 * len(rows))
    axes = figure.subplots()
    for y, row in enumerate(rows):
        estimate = row["average_precision"]
        axes.plot(row["support"] / total, y, "|", color=GREY, markersize=10, markeredgewidth=1.5)
        if estimate["low"] is not None:
            ends = [estimate["low"], estimate["high"]]
            axes.plot(ends, [y, y], color=BLUE, linewidth=4, alpha=0.35, solid_capstyle="butt")
        axes.plot(estimate["value"], y, "o", color=BLUE, markersize=5)
    axes.set_yticks(range(len(rows)), [shorten(row["label"], 30) for row in rows])
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_xlim(0, 1.01)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel("average precision")
    grid(axes, "x")
    axes.spines["left"].set_visible(False)
    beyond = len(contents.metrics["labels"]) - len(rows)
    more = f" {beyond} further labels are not shown." if beyond > 0 else ""
    return Drawing(
        figure,
        "Average precision of each label",
        "Each dot is a label's average precision with its 95 % interval; the grey stroke is how frequent the label is,"
        f" which is what guessing reaches.{more}",
    )
