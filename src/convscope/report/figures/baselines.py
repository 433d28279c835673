"""The network beside the baselines."""

from __future__ import annotations

from convscope.report.contents import Contents
from convscope.report.figures import merit
from convscope.report.figures.style import BLUE, GREY, INK, WIDE, Drawing, canvas, grid
from convscope.report.text import shorten
from convscope.tasks import quantities
from convscope.text import inside


def draw(contents: Contents) -> Drawing | None:
    """Draw each method's main figure as a dot with its interval, the best above; one far behind stands at the edge."""
    if not contents.ranked or contents.figure["value"] is None:
        return None
    about = contents.main
    rows = [("this network", contents.figure, BLUE)]
    rows += [(each.name, each.figure, GREY) for each in contents.ranked]
    rows.sort(key=lambda row: row[1]["value"], reverse=about.better == "lower")
    estimates = [estimate for _, estimate, _ in rows]
    end, best = merit.worst_end(estimates, about), merit.best_value(estimates, about)
    figure = canvas(WIDE, 0.7 + 0.34 * len(rows))
    axes = figure.subplots()
    for y, (_, estimate, colour) in enumerate(rows):
        if merit.is_beyond(estimate["value"], end, about):
            merit.mark_behind(axes, y, about, colour)
        else:
            if quantities.known(estimate):
                span = (estimate["low"], estimate["high"])
                axes.plot(span, [y, y], color=colour, linewidth=5, alpha=0.4, solid_capstyle="butt")
            axes.plot(estimate["value"], y, "o", color=colour, markersize=7)
        axes.annotate(
            f"{quantities.value(estimate, about)}  ({quantities.bounds(estimate, about)})",
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
    axes.set_xlim(*sorted((end, best + 0.01 * (best - end))))
    axes.set_ylim(-0.6, len(rows) - 0.4)
    merit.label(axes.xaxis, about)
    axes.set_xlabel(merit.named(about))
    grid(axes, "x")
    axes.spines["left"].set_visible(False)
    far = merit.is_beyond(rows[0][1]["value"], end, about)
    off = " A triangle marks a method too far behind to be drawn." if far else ""
    side = "right" if about.better == "higher" else "left"
    return Drawing(
        figure,
        f"Network and baselines: did {contents.mechanism} earn its keep?",
        f"Each dot is a method's {inside(about.title)} ({about.meaning}); the bar around it is the range in which its"
        f" true value lies with 95 % confidence. All methods were judged on the same {contents.noun}s. The baselines"
        f" are simple methods without {contents.mechanism}: if the network is not clearly to their {side}, it was"
        f" not worth its effort.{off}",
    )
