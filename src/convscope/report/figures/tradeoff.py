"""What the main figure costs: against weights, multiply-adds and training time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from convscope.report.figures import merit
from convscope.report.figures.label_placement import place_names
from convscope.report.figures.style import WIDE, Drawing, canvas, grid
from convscope.report.figures.styles import look
from convscope.report.text import large, shorten
from convscope.runs.compare.comparison import Comparison
from convscope.tasks.scores import About


def draw(comparison: Comparison) -> Drawing | None:
    """Draw three panels with a logarithmic axis each; nothing for a single network."""
    if len(comparison.networks) < 2:
        return None
    about = comparison.metrics[comparison.main]
    figure = canvas(WIDE, 4.2)
    panels = figure.subplots(1, 3, sharey=True)
    estimates = [network.figures[comparison.main] for network in comparison.networks]
    values = np.array([each["value"] for each in estimates])
    spans = np.array([[_end(each, "low"), _end(each, "high")] for each in estimates])
    worst, best = _ends(estimates, spans, about)
    columns = (
        ("weights", [network.weights for network in comparison.networks], large),
        (f"multiply-adds per {comparison.noun}", [network.multiply_adds for network in comparison.networks], large),
        ("training time", [network.seconds for network in comparison.networks], _time),
    )
    behind = [merit.is_beyond(value, worst, about) for value in values]
    low, high = sorted((worst, best))
    shown = np.clip(values, low + 0.02 * (high - low), high - 0.02 * (high - low))
    shown = np.where(behind, shown, values)
    inside = np.clip(spans, low, high)
    for axes, (title, costs, words) in zip(panels, columns, strict=True):
        x = np.maximum(np.array(costs, dtype=float), 1e-3)
        for at, span in enumerate(inside):
            style = look(at)
            if not behind[at]:
                axes.plot([x[at]] * 2, span, color=style.colour, linewidth=2, alpha=0.35)
            mark = ("v" if about.better == "higher" else "^") if behind[at] else style.mark
            axes.plot(x[at], shown[at], mark, color=style.colour, markersize=6.5)
        _log_scale(axes, x, words)
        axes.set_title(title)
        grid(axes)
    panels[0].set_ylim(low, high)
    panels[0].set_ylabel(merit.named(about))
    merit.label(panels[0].yaxis, about)
    names = [shorten(network.name, 26) for network in comparison.networks]
    for axes, (_, costs, _) in zip(panels, columns, strict=True):
        at = np.column_stack([np.maximum(np.array(costs, dtype=float), 1e-3), shown])
        place_names(axes, names, at, inside, [look(n).colour for n in range(len(names))])
    side = "Up" if about.better == "higher" else "Down"
    return Drawing(
        figure,
        f"{about.title} against cost",
        "The same figures against what they took: how many weights the network has, how many multiplications with an"
        f" addition it computes for one {comparison.noun}, and how long its training lasted. {side} and to the left is"
        " better. The horizontal axes are logarithmic: equal steps are equal factors. Bars are 95 % intervals.",
    )


def _end(estimate: Mapping[str, Any], end: str) -> float:
    return estimate["value"] if estimate[end] is None else estimate[end]


def _ends(estimates: Sequence[Mapping[str, Any]], spans: np.ndarray, about: About) -> tuple[float, float]:
    """Return the worse and the better end of the axis."""
    worst = merit.worst_end(estimates[::-1], about)
    if about.better == "lower":
        return worst, spans.min() - 0.06 * (worst - spans.min())
    most = min(1.0, spans.max()) if about.unit == "share" else spans.max()
    return worst, most + 0.06 * (spans.max() - worst)


def _log_scale(axes: Axes, x: np.ndarray, words) -> None:
    low, high = x.min(), x.max()
    room = max(10 ** (0.22 * np.log10(max(high / low, 10))), 1.6)
    axes.set_xscale("log")
    axes.set_xlim(low / room, high * room)
    decades = np.log10(high / low * room**2)
    axes.xaxis.set_major_locator(LogLocator(subs=(1,) if decades > 3 else (1, 3) if decades > 1.2 else (1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _time(value: float) -> str:
    for unit, size in (("h", 3600), ("min", 60)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g} s"
