"""How every run of a comparison learned, in one figure."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullLocator

from convscope.report.figures.style import WIDE, Drawing, canvas, grid, percent_axis
from convscope.report.figures.styles import look
from convscope.report.text import shorten
from convscope.runs.compare.comparison import Comparison

APART = 11.0  # points from one name to the next


def draw(found: Comparison) -> Drawing | None:
    """Draw validation loss and accuracy against the epoch, a line a run; nothing where no run has two epochs."""
    longest = max(run.epochs for network in found.networks for run in network.runs)
    if longest < 2:
        return None
    figure = canvas(WIDE, 3.6)
    panels = figure.subplots(1, 2)
    for axes, what in zip(panels, ("loss", "accuracy"), strict=True):
        for at, network in enumerate(found.networks):
            style = look(at)
            for run in network.runs:
                axes.plot(
                    run.history["epoch"], run.history[f"valid_{what}"], color=style.colour, linestyle=style.line,
                    linewidth=1.3, alpha=0.85 if len(network.runs) == 1 else 0.6,
                )  # fmt: skip
        axes.set_title(f"Validation {what}")
        axes.set_xlabel("epoch")
        axes.set_xlim(1 if longest > 2 else 0.9, longest)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
        grid(axes)
    _loss_scale(panels[0], found)
    _accuracy_scale(panels[1], found)
    room = max(len(_name(network.name)) for network in found.networks) * 0.075 / WIDE + 0.02
    figure.get_layout_engine().set(rect=(0, 0, 1 - room, 1))  # pyright: ignore[reportOptionalMemberAccess, reportCallIssue]
    _names_right(panels[1], found)
    several = any(len(network.runs) > 1 for network in found.networks)
    return Drawing(
        figure,
        "Learning curves",
        "The validation images after every epoch, a line a training"
        + (", lines of one colour being the same network with other seeds" if several else "")
        + ". Where lines of one network lie as far apart as those of two networks, the difference is the seed's.",
    )


def _name(name: str) -> str:
    return shorten(name, 22)


def _names_right(axes: Axes, found: Comparison) -> None:
    """Write the names at the right edge, in the order of the lines' ends and pushed apart where these lie close."""
    axes.figure.draw_without_rendering()  # pyright: ignore[reportAttributeAccessIssue]
    ends = [np.mean([run.history["valid_accuracy"][-1] for run in network.runs]) for network in found.networks]
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
            _name(found.networks[at].name), (1, (y - bottom) / (top - bottom)), (8, 0), xycoords="axes fraction",
            textcoords="offset points", color=look(int(at)).colour, va="center",
        )  # fmt: skip
        note.set_in_layout(False)


def _loss_scale(axes: Axes, found: Comparison) -> None:
    losses = np.array([v for network in found.networks for run in network.runs for v in run.history["valid_loss"]])
    known = losses[np.isfinite(losses) & (losses > 0)]
    if known.size and known.max() > 20 * known.min():
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_locator(NullLocator())


def _accuracy_scale(axes: Axes, found: Comparison) -> None:
    """Begin where the runs are after a quarter of their epochs: the first would press all else against the edge."""
    columns = [run.history["valid_accuracy"] for network in found.networks for run in network.runs]
    low = min(min(column[len(column) // 4 :]) for column in columns)
    high = max(max(column) for column in columns)
    room = max(0.002, high - low)
    axes.set_ylim(max(0, low - 0.1 * room), min(1.01, high + 0.05 * room))
    percent_axis(axes.yaxis)
