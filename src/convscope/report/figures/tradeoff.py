"""What accuracy costs: against weights, multiply-adds and training time."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from convscope.report.figures.baselines import left_end
from convscope.report.figures.label_placement import place_names
from convscope.report.figures.style import WIDE, Drawing, canvas, grid, percent_axis
from convscope.report.figures.styles import look
from convscope.report.text import large, shorten
from convscope.runs.compare.comparison import Comparison


def draw(found: Comparison) -> Drawing | None:
    """Draw three panels with a logarithmic axis each; nothing for a single network."""
    if len(found.networks) < 2:
        return None
    figure = canvas(WIDE, 4.2)
    panels = figure.subplots(1, 3, sharey=True)
    estimates = [network.figures["accuracy"] for network in found.networks]
    values = np.array([e["value"] for e in estimates])
    spans = np.array([[e["low"], e["high"]] for e in estimates])
    bottom = left_end(estimates[::-1])
    columns = (
        ("weights", [network.weights for network in found.networks], large),
        ("multiply-adds for an image", [network.multiply_adds for network in found.networks], large),
        ("training time", [network.seconds for network in found.networks], _time),
    )
    top = min(1.0, spans.max()) + 0.06 * (spans.max() - bottom)
    shown = np.maximum(values, bottom + 0.02 * (top - bottom))
    for axes, (title, costs, words) in zip(panels, columns, strict=True):
        x = np.maximum(np.array(costs, dtype=float), 1e-3)
        for at, (low, high) in enumerate(spans):
            style = look(at)
            behind = values[at] < bottom
            if not behind:
                axes.plot([x[at]] * 2, [max(low, bottom), high], color=style.colour, linewidth=2, alpha=0.35)
            axes.plot(x[at], shown[at], "v" if behind else style.mark, color=style.colour, markersize=6.5)
        _log_scale(axes, x, words)
        axes.set_title(title)
        grid(axes)
    panels[0].set_ylim(bottom, top)
    panels[0].set_ylabel("accuracy")
    percent_axis(panels[0].yaxis)
    names = [shorten(network.name, 26) for network in found.networks]
    for axes, (_, costs, _) in zip(panels, columns, strict=True):
        at = np.column_stack([np.maximum(np.array(costs, dtype=float), 1e-3), shown])
        place_names(axes, names, at, np.maximum(spans, bottom), [look(n).colour for n in range(len(names))])
    return Drawing(
        figure,
        "Accuracy against cost",
        "The same accuracies against what they took: how many weights the network has, how many multiplications with an"
        " addition it computes for one image, and how long its training lasted. Up and to the left is better. The"
        " horizontal axes are logarithmic: equal steps are equal factors. Bars are 95 % intervals.",
    )


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
