"""Loss and accuracy while the network learned."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullLocator

from convscope.report.contents import Contents
from convscope.report.figures.style import BLUE, INK, MUTED, ORANGE, WIDE, Drawing, canvas, grid, percent_axis

POINTS = 600  # of a curve: more than the page has pixels for


def draw(contents: Contents) -> Drawing | None:
    """Draw both against the epoch, per step for training, per epoch for validation."""
    if not contents.epochs or not contents.steps:
        return None
    figure = canvas(WIDE, 3.3)
    loss, accuracy = figure.subplots(1, 2)
    _panel(loss, contents, "loss")
    _panel(accuracy, contents, "accuracy")
    _loss_scale(loss, contents)
    _accuracy_scale(accuracy, contents)
    return Drawing(
        figure,
        "How the network learned",
        "Each batch of training images gives one pale value; the orange line is their moving average, the blue dots"
        " are the validation images, which the network did not learn from. Loss should fall and accuracy rise. Where"
        " orange goes on improving while blue gets worse, the network is learning the training images by heart. The"
        " dashed line marks the epoch whose weights were kept." + _of_stages(contents),
    )


def thin(*columns: np.ndarray, points: int = POINTS) -> list[np.ndarray]:
    """Return each column (n,) at about ``points`` even places, the last one included."""
    n = len(columns[0])
    at = np.unique(np.linspace(0, n - 1, min(n, points)).round().astype(int))
    return [np.asarray(column)[at] for column in columns]


def mark_kept(axes: Axes, contents: Contents, *, named: bool) -> None:
    """Draw the dashed line at the epoch whose weights were kept."""
    kept = contents.metrics.get("chosen_epoch")
    if kept is None:
        return
    axes.axvline(kept, color=INK, linewidth=0.9, linestyle=(0, (3, 3)), zorder=1)
    if named:
        late = kept > axes.get_xlim()[1] / 2  # then there is more room for the words on the left
        axes.annotate(
            f"epoch {kept} kept",
            (kept, 1),
            (-4 if late else 4, -2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="right" if late else "left",
            va="top",
            color=INK,
        )


def _boundaries(contents: Contents) -> list[tuple[int, int]]:
    """Return (last epoch of a stage, number of the next one) wherever one stage follows another."""
    numbers = [int(number) for number in contents.epochs.get("stage", ())]
    return [(end, b) for end, (a, b) in enumerate(pairwise(numbers), 1) if a != b]


def _of_stages(contents: Contents) -> str:
    stages = contents.metrics.get("stages", ())
    if len(stages) < 2:
        return ""
    told = "; ".join(f"stage {number}: {text}" for number, text in enumerate(stages, 1))
    return (
        f" A grey line stands where one stage of the training ends and the next begins. {told[:1].upper()}{told[1:]}."
    )


def _mark_stages(axes: Axes, contents: Contents, *, named: bool) -> None:
    """Draw a line where one stage ends and the next begins, named at its foot."""
    for end, number in _boundaries(contents):
        axes.axvline(end, color=MUTED, linewidth=1.2, zorder=1)
        if named:
            axes.annotate(
                f"stage {number}", (end, 0), (4, 3), xycoords=("data", "axes fraction"), textcoords="offset points",
                color=MUTED, va="bottom",
            )  # fmt: skip


def _panel(axes: Axes, contents: Contents, what: str) -> None:
    steps, epochs = contents.steps, contents.epochs
    x, raw, average = thin(steps["epoch"], steps[what], steps[f"{what}_average"])
    axes.plot(x, raw, color=ORANGE, alpha=0.22, linewidth=0.7)
    axes.plot(x, average, color=ORANGE)
    axes.plot(epochs["epoch"], epochs[f"valid_{what}"], color=BLUE, marker="o", markersize=4)
    axes.set_title(what.capitalize())
    axes.set_xlabel("epoch")
    axes.set_xlim(0, max(x[-1], epochs["epoch"][-1]) * 1.005)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
    grid(axes)
    _mark_stages(axes, contents, named=True)
    mark_kept(axes, contents, named=what == "loss")
    _name_lines(axes, average[-1], epochs[f"valid_{what}"][-1])


def _name_lines(axes: Axes, train: float, valid: float) -> None:
    """Write the names beside the line ends, above one another in the order of the values."""
    ends: list[tuple[str, float, Any]] = [("training", train, ORANGE), ("validation", valid, BLUE)]
    (low_name, low, low_colour), (high_name, high, high_colour) = sorted(ends, key=lambda end: end[1])
    for name, y, colour, va in ((low_name, low, low_colour, "top"), (high_name, high, high_colour, "bottom")):
        axes.annotate(
            name, (1, y), (6, 0), xycoords=("axes fraction", "data"), textcoords="offset points", color=colour, va=va
        )


def _loss_scale(axes: Axes, contents: Contents) -> None:
    values = np.concatenate([contents.steps["loss_average"], contents.epochs["valid_loss"]])
    values = values[np.isfinite(values) & (values > 0)]
    if values.size and values.max() > 20 * values.min():
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_title("Loss (each line is ten times the one below)")
    else:
        axes.set_ylim(bottom=0)


def _accuracy_scale(axes: Axes, contents: Contents) -> None:
    average = contents.steps["accuracy_average"]
    settled = average[len(average) // 4 :]  # the first steps would press all else against the upper edge
    low = min(np.nanmin(settled), np.nanmin(contents.epochs["valid_accuracy"]))
    axes.set_ylim(max(0, low - 0.15 * (1 - low)), 1 + 0.02 * (1 - low))
    percent_axis(axes.yaxis)
