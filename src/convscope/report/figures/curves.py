"""Loss and metrics while the network learned."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullLocator

from convscope.report.contents import Contents
from convscope.report.figures import merit
from convscope.report.figures.style import BLUE, INK, MUTED, ORANGE, WIDE, Drawing, canvas, grid
from convscope.tasks.scores import About
from convscope.text import inside

POINTS = 600  # of a curve: more than the page has pixels for
MOST = 6  # panels
CLEAR = 2  # points from the end of a line to its name, above or below


def draw(contents: Contents) -> Drawing | None:
    """Draw the loss and each metric against the epoch, per step for training, per epoch for validation."""
    if not contents.epochs or not contents.steps:
        return None
    names = [name.removeprefix("valid_") for name in contents.epochs if name.startswith("valid_")]
    names = [name for name in names if name in contents.steps][:MOST]
    rows = -(-len(names) // 2)
    figure = canvas(WIDE, 3.3 * rows)
    panels = figure.subplots(rows, 2, squeeze=False).ravel()
    for axes, name in zip(panels, names, strict=False):
        _panel(axes, contents, name)
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    return Drawing(
        figure,
        "Loss and metrics by epoch",
        f"Each batch of training {contents.noun}s gives one pale value; the orange line is their moving average, the"
        f" blue dots are the validation {contents.noun}s, which the network did not learn from."
        f"{_directions(contents, names)} Where orange goes on improving while blue gets worse, the network is learning"
        f" the training {contents.noun}s by heart. The dashed line marks the epoch whose weights were kept."
        + _of_stages(contents),
    )


def _about(contents: Contents, name: str) -> About:
    """Return what a column of the history means; the loss of training is nobody's figure of merit."""
    plain = About(name.replace("_", " ").capitalize(), "", "", "lower")
    return plain if name == "loss" else contents.about.get(name, plain)


def _directions(contents: Contents, names: list[str]) -> str:
    ways = {"lower": "should fall", "higher": "should rise"}
    said = [f"{inside(about.title)} {ways[about.better]}" for about in (_about(contents, name) for name in names)]
    return f" {said[0][:1].upper()}{said[0][1:]}{''.join(f', {each}' for each in said[1:])}."


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


def _panel(axes: Axes, contents: Contents, name: str) -> None:
    steps, epochs, about = contents.steps, contents.epochs, _about(contents, name)
    valid = epochs[f"valid_{name}"]
    x, raw, average = thin(steps["epoch"], steps[name], steps[f"{name}_average"])
    axes.plot(x, raw, color=ORANGE, alpha=0.22, linewidth=0.7)
    axes.plot(x, average, color=ORANGE)
    axes.plot(epochs["epoch"], valid, color=BLUE, marker="o", markersize=4)
    axes.set_title(about.title[:1].upper() + about.title[1:])
    axes.set_xlabel("epoch")
    axes.set_xlim(0, max(x[-1], epochs["epoch"][-1]) * 1.005)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
    grid(axes)
    _mark_stages(axes, contents, named=True)
    mark_kept(axes, contents, named=name == "loss")
    _name_lines(axes, average[-1], valid[-1])
    scale = _falling if about.better == "lower" else _rising
    scale(axes, np.asarray(steps[f"{name}_average"]), np.asarray(valid, dtype=float), about)
    merit.label(axes.yaxis, about)


def _name_lines(axes: Axes, train: float, valid: float) -> None:
    """Write the names beside the line ends, above one another in the order of the values."""
    ends: list[tuple[str, float, Any]] = [("training", train, ORANGE), ("validation", valid, BLUE)]
    (low_name, low, low_colour), (high_name, high, high_colour) = sorted(ends, key=lambda end: end[1])
    for name, y, colour, va, up in (
        (low_name, low, low_colour, "top", -CLEAR),
        (high_name, high, high_colour, "bottom", CLEAR),
    ):
        axes.annotate(
            name, (1, y), (6, up), xycoords=("axes fraction", "data"), textcoords="offset points", color=colour, va=va
        )


def _falling(axes: Axes, average: np.ndarray, valid: np.ndarray, about: About) -> None:
    """Begin the axis at 0; make it logarithmic where the values span more than a factor of 20."""
    values = np.concatenate([average, valid])
    positive = values[np.isfinite(values) & (values > 0)]
    if positive.size and positive.max() > 20 * positive.min():
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_title(f"{about.title} (each line is ten times the one below)")
    elif not (values < 0).any():
        axes.set_ylim(bottom=0)


def _rising(axes: Axes, average: np.ndarray, valid: np.ndarray, about: About) -> None:
    """Begin the axis where the values are after a quarter: the first steps would press all else against the edge."""
    settled = average[len(average) // 4 :]
    low = min(np.nanmin(settled), np.nanmin(valid))
    best = 1.0 if about.unit == "share" else max(np.nanmax(settled), np.nanmax(valid))
    bottom = low - 0.15 * (best - low)
    if best > low:
        axes.set_ylim(max(0, bottom) if about.unit == "share" else bottom, best + 0.02 * (best - low))
