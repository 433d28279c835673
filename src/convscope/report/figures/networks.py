"""The main figure of every network of a comparison, with its interval and its seeds."""

from __future__ import annotations

from convscope.report.figures import merit
from convscope.report.figures.style import INK, WIDE, Drawing, canvas, grid
from convscope.report.figures.styles import look
from convscope.report.text import shorten
from convscope.runs.compare.comparison import Comparison
from convscope.tasks import quantities
from convscope.text import inside


def draw(comparison: Comparison) -> Drawing:
    """Draw each network's figure as a dot with its interval, the best above, and each of its runs as a small one."""
    main, about = comparison.main, comparison.metrics[comparison.main]
    rows = [(network, look(at).colour) for at, network in enumerate(comparison.networks)][::-1]
    estimates = [network.figures[main] for network, _ in rows]
    end = merit.worst_end(estimates, about) if len(rows) > 1 else None
    figure = canvas(WIDE, 0.7 + 0.36 * len(rows))
    axes = figure.subplots()
    several = any(len(network.runs) > 1 for network, _ in rows)
    behind = [end is not None and merit.is_beyond(estimate["value"], end, about) for estimate in estimates]
    for y, ((network, colour), estimate) in enumerate(zip(rows, estimates, strict=True)):
        if behind[y]:
            merit.mark_behind(axes, y, about, colour)
        else:
            if quantities.known(estimate):
                span = (estimate["low"], estimate["high"])
                axes.plot(span, [y, y], color=colour, linewidth=5, alpha=0.3, solid_capstyle="butt")
            if len(network.runs) > 1:
                each = [value for run in network.runs if (value := run.figures[main]) is not None]
                axes.plot(each, [y] * len(each), "|", color=colour, markersize=11, markeredgewidth=1.3)
            axes.plot(estimate["value"], y, "o", color=colour, markersize=7)
        axes.annotate(
            f"{quantities.value(estimate, about)}  ({quantities.bounds(estimate, about)})", (1, y), (10, 0),
            xycoords=("axes fraction", "data"), textcoords="offset points", va="center", color=INK,
        )  # fmt: skip
    axes.set_yticks(range(len(rows)), [shorten(network.name, 34) for network, _ in rows])
    axes.tick_params(axis="y", labelcolor=INK)
    if end is not None:
        axes.set_xlim(left=end) if about.better == "higher" else axes.set_xlim(right=end)
    if about.unit == "share":
        axes.set_xlim(right=min(1.005, axes.get_xlim()[1]))
    axes.set_ylim(-0.6, len(rows) - 0.4)
    merit.label(axes.xaxis, about)
    axes.set_xlabel(merit.named(about))
    grid(axes, "x")
    axes.spines["left"].set_visible(False)
    off = " A triangle marks a network too far behind to be drawn." if any(behind) else ""
    return Drawing(
        figure,
        f"{about.title} of each network",
        f"Each dot is the {inside(about.title)} on the {comparison.examples:,} {comparison.noun}s ({about.meaning});"
        " the pale bar is its 95 % interval."
        + (" Strokes are single trainings, one per seed, and the dot is their mean." if several else "")
        + " Bars of two networks may overlap and the difference still be sure, because both answered for the same"
        f" {comparison.noun}s: the differences below tell.{off}",
    )
