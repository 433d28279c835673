"""The accuracy of every network of a comparison, with its interval and its seeds."""

from __future__ import annotations

from convscope.report.figures.baselines import left_end
from convscope.report.figures.style import INK, WIDE, Drawing, canvas, grid, percent_axis
from convscope.report.figures.styles import look
from convscope.report.text import percent, places, shorten, span
from convscope.runs.compare.comparison import Comparison


def draw(found: Comparison) -> Drawing:
    """Draw each network's accuracy as a dot with its interval, the best above, and each of its runs as a small one."""
    rows = [(network, look(at).colour) for at, network in enumerate(found.networks)][::-1]
    left = left_end([network.figures["accuracy"] for network, _ in rows]) if len(rows) > 1 else None
    figure = canvas(WIDE, 0.7 + 0.36 * len(rows))
    axes = figure.subplots()
    several = any(len(network.runs) > 1 for network, _ in rows)
    for y, (network, colour) in enumerate(rows):
        estimate = network.figures["accuracy"]
        value, low, high = estimate["value"], estimate["low"], estimate["high"]
        if left is not None and value < left:
            axes.plot(0.012, y, "<", color=colour, markersize=7, transform=axes.get_yaxis_transform())
        else:
            axes.plot([low, high], [y, y], color=colour, linewidth=5, alpha=0.3, solid_capstyle="butt")
            if len(network.runs) > 1:
                each = [run.figures["accuracy"] for run in network.runs]
                axes.plot(each, [y] * len(each), "|", color=colour, markersize=11, markeredgewidth=1.3)
            axes.plot(value, y, "o", color=colour, markersize=7)
        axes.annotate(
            f"{percent(value, places(estimate))}  ({span(estimate)})", (1, y), (10, 0),
            xycoords=("axes fraction", "data"), textcoords="offset points", va="center", color=INK,
        )  # fmt: skip
    axes.set_yticks(range(len(rows)), [shorten(network.name, 34) for network, _ in rows])
    axes.tick_params(axis="y", labelcolor=INK)
    if left is not None:
        axes.set_xlim(left, None)
    axes.set_xlim(right=min(1.005, axes.get_xlim()[1]))
    axes.set_ylim(-0.6, len(rows) - 0.4)
    percent_axis(axes.xaxis)
    axes.set_xlabel("accuracy")
    grid(axes, "x")
    axes.spines["left"].set_visible(False)
    off = " A triangle marks a network too far behind to be drawn." if left and _behind(rows, left) else ""
    return Drawing(
        figure,
        "Accuracy of each network",
        f"Each dot is the share of the {found.examples:,} images named correctly; the pale bar is its 95 % interval."
        + (" Strokes are single trainings, one a seed, and the dot is their mean." if several else "")
        + " Bars of two networks may overlap and the difference still be sure, because both answered for the same"
        f" images: the differences below tell.{off}",
    )


def _behind(rows: list, left: float) -> bool:
    return any(network.figures["accuracy"]["value"] < left for network, _ in rows)
