"""How every run of a comparison learned, in one figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullLocator

from convscope.report.figures import merit
from convscope.report.figures.style import WIDE, Drawing, canvas, grid
from convscope.report.figures.styles import look
from convscope.report.text import shorten
from convscope.runs.compare.comparison import Comparison
from convscope.tasks.scores import About

APART = 11.0  # points from one name to the next


def draw(comparison: Comparison) -> Drawing | None:
    """Draw validation loss and main figure against the epoch, a line per run; nothing where no run has two epochs."""
    longest = max(run.epochs for network in comparison.networks for run in network.runs)
    if longest < 2:
        return None
    shown = ["loss", *_metric(comparison)]
    figure = canvas(WIDE, 3.6)
    panels = figure.subplots(1, len(shown), squeeze=False)[0]
    for axes, key in zip(panels, shown, strict=True):
        for at, network in enumerate(comparison.networks):
            style = look(at)
            for run in network.runs:
                axes.plot(
                    run.history["epoch"], run.history[f"valid_{key}"], color=style.colour, linestyle=style.line,
                    linewidth=1.3, alpha=0.85 if len(network.runs) == 1 else 0.6,
                )  # fmt: skip
        about = comparison.metrics.get(key, About(key.replace("_", " "), "", "", "lower"))
        axes.set_title(f"Validation {merit.named(about)}")
        axes.set_xlabel("epoch")
        axes.set_xlim(1 if longest > 2 else 0.9, longest)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
        grid(axes)
        _scale(axes, [run.history[f"valid_{key}"] for network in comparison.networks for run in network.runs], about)
    room = max(len(_name(network.name)) for network in comparison.networks) * 0.075 / WIDE + 0.02
    figure.get_layout_engine().set(rect=(0, 0, 1 - room, 1))  # pyright: ignore[reportOptionalMemberAccess, reportCallIssue]
    _names_right(panels[-1], comparison, f"valid_{shown[-1]}")
    several = any(len(network.runs) > 1 for network in comparison.networks)
    return Drawing(
        figure,
        "Learning curves",
        f"The validation {comparison.noun}s after every epoch, a line per training"
        + (", lines of one colour being the same network with other seeds" if several else "")
        + ". Where lines of one network lie as far apart as those of two networks, the difference is the seed's.",
    )


def _metric(comparison: Comparison) -> list[str]:
    """Return the metric that all trainings followed: the main figure if they did, else the first other one."""
    histories = [run.history for network in comparison.networks for run in network.runs]
    followed = [name.removeprefix("valid_") for name in histories[0] if name.startswith("valid_")]
    followed = [name for name in followed if all(f"valid_{name}" in history for history in histories)]
    known = [name for name in followed if name != "loss"]
    return [comparison.main] if comparison.main in known else known[:1]


def _name(name: str) -> str:
    return shorten(name, 22)


def _names_right(axes: Axes, comparison: Comparison, column: str) -> None:
    """Write the names at the right edge, in the order of the lines' ends and pushed apart where these lie close."""
    axes.figure.draw_without_rendering()  # pyright: ignore[reportAttributeAccessIssue]
    ends = [np.mean([run.history[column][-1] for run in network.runs]) for network in comparison.networks]
    points = axes.transData.transform(np.column_stack([np.zeros(len(ends)), ends]))[:, 1] * 72 / axes.figure.dpi
    frame = axes.get_window_extent()
    bottom, top = frame.y0 * 72 / axes.figure.dpi, frame.y1 * 72 / axes.figure.dpi
    order = np.argsort(points)
    places = np.clip(points[order], bottom, top)
    for n in range(1, len(places)):
        places[n] = max(places[n], places[n - 1] + APART)
    for n in range(len(places) - 1, -1, -1):
        highest = top if n == len(places) - 1 else places[n + 1] - APART
        places[n] = min(places[n], highest)
    for at, y in zip(order, places, strict=True):
        note = axes.annotate(
            _name(comparison.networks[at].name), (1, (y - bottom) / (top - bottom)), (8, 0), xycoords="axes fraction",
            textcoords="offset points", color=look(int(at)).colour, va="center",
        )  # fmt: skip
        note.set_in_layout(False)


def _scale(axes: Axes, columns: Sequence[Sequence[float]], about: About) -> None:
    """Show of what falls all, and of what rises the part after the first quarter of the epochs."""
    merit.label(axes.yaxis, about)
    if about.better == "lower":
        values = np.concatenate(columns)
        known = values[np.isfinite(values) & (values > 0)]
        if known.size and known.max() > 20 * known.min():
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter("{x:g}")
            axes.yaxis.set_minor_locator(NullLocator())
        return
    low = min(min(column[len(column) // 4 :]) for column in columns)  # the first would press all else to the edge
    high = max(max(column) for column in columns)
    room = max(0.002, high - low)
    least, most = (0, 1.01) if about.unit == "share" else (-np.inf, np.inf)
    axes.set_ylim(max(least, low - 0.1 * room), min(most, high + 0.05 * room))
