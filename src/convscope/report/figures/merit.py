"""Axes of a figure of merit: how far they reach, and what their ticks say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from convscope.report.figures.style import percent_axis
from convscope.tasks.scores import About
from convscope.text import inside

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

FAR = 4  # times as far from the best value as all others: so far off, one leaves the others no room


def worst_end(estimates: Sequence[Mapping[str, Any]], about: About) -> float:
    """Return the axis limit on the worse side; ``estimates`` come worst first.

    The limit lies a little beyond the worst interval, or beyond the second worst if the worst would squeeze the others.

    >>> dice = About("Dice", "", "share")
    >>> round(worst_end([{"value": v, "low": v, "high": v} for v in (0.8, 0.9)], dice), 3)
    0.77
    >>> round(worst_end([{"value": v, "low": v, "high": v} for v in (90, 5, 2)], About("Error", "", "px", "lower")), 3)
    5.75
    """
    ends = _ends(estimates, "low" if about.better == "higher" else "high")
    best = best_value(estimates, about)
    distances = [abs(best - end) for end in ends]
    second_worst = max(distances[1:], default=distances[0])
    reach = 1.15 * (second_worst if len(ends) > 2 and distances[0] > FAR * second_worst else distances[0])
    reach = reach or max(0.1 * abs(best), 1e-9)  # all are equally good
    end = best - reach if about.better == "higher" else best + reach
    return min(1.0, max(0.0, end)) if about.unit == "share" else end


def best_value(estimates: Sequence[Mapping[str, Any]], about: About) -> float:
    """Return the best value there can be: 1 of shares, 0 where less is better, else the best end of an interval."""
    if about.better == "lower":
        return min(0.0, *_ends(estimates, "low"))
    return 1.0 if about.unit == "share" else max(_ends(estimates, "high"))


def _ends(estimates: Sequence[Mapping[str, Any]], end: str) -> list[float]:
    """Return one end of each interval, or the value where none is known; figures without a value have no place."""
    known = [each["value"] if each[end] is None else each[end] for each in estimates if each["value"] is not None]
    return known or [0.0]


def is_beyond(value: float | None, end: float, about: About) -> bool:
    """Return whether a value lies beyond the end of the axis, or is not known."""
    return value is None or (value < end if about.better == "higher" else value > end)


def mark_behind(axes: Axes, y: float, about: About, colour: str) -> None:
    """Draw the triangle of a method too far behind to be drawn, at the worse end of a row."""
    x, mark = (0.012, "<") if about.better == "higher" else (0.988, ">")
    axes.plot(x, y, mark, color=colour, markersize=7, transform=axes.get_yaxis_transform())


def label(axis: Axis, about: About) -> None:
    """Write the ticks of an axis in per cent where the figure is a share."""
    if about.unit == "share":
        percent_axis(axis)


def named(about: About) -> str:
    """Return a figure's name with its unit, as an axis is labelled.

    >>> named(About("Mean Dice", "", "share")), named(About("Mean error", "", "px"))
    ('mean Dice', 'mean error, px')
    """
    return inside(about.title) + (f", {about.unit}" if about.unit not in ("", "share") else "")
