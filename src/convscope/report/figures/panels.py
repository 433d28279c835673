"""Any pictures, curves, bars and points: what labs show below their cells, and notebooks in place of a view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convscope.report.figures.kernels import COLOURS
from convscope.report.figures.style import BLUE, FAINT, HALF, INK, MUTED, WIDE, canvas, grid
from convscope.report.figures.styles import look

MOST_BARS = 10


def pictures(images: Mapping[str, np.ndarray], across: int, *, numbers: bool = False) -> Figure:
    """Draw images (H, W) or (H, W, 3) in rows, each below its title and above its range of values."""
    across = min(across, len(images))
    down = -(-len(images) // across)
    each = min(WIDE / across, 2.6 if len(images) > 1 else 4.0)
    tall = each * min(2.0, max(0.25, *(image.shape[0] / image.shape[1] for image in images.values())))
    figure = canvas(each * across, (tall + 0.45) * down)
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for axes in panels[len(images) :]:
        axes.set_axis_off()
    for axes, (title, image) in zip(panels, images.items(), strict=False):
        _picture(axes, title, image, numbers=numbers)
    return figure


def _picture(axes: Axes, title: str, image: np.ndarray, *, numbers: bool) -> None:
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():  # a frame: white pixels at the border would be lost on paper
        spine.set(visible=True, color=FAINT)
    low, high = float(np.nanmin(image)), float(np.nanmax(image))
    if image.ndim == 3:
        axes.imshow(np.clip(image / (255 if high > 1 else 1), 0, 1), interpolation="none")
    elif low < 0:
        limit = max(-low, high)
        axes.imshow(image, COLOURS, vmin=-limit, vmax=limit, interpolation="none")
    else:
        axes.imshow(image, "gray", vmin=min(low, 0), vmax=high or 1, interpolation="none")
    axes.set_title(title, fontsize=8, wrap=True)
    axes.text(
        0.5, -0.03, f"{low:.3g} to {high:.3g}", transform=axes.transAxes, ha="center", va="top", fontsize=7, color=MUTED
    )
    if numbers and image.ndim == 2:
        limit = max(-low, high) or 1
        for (row, column), value in np.ndenumerate(image):
            dark = abs(value) > 0.6 * limit if low < 0 else value < 0.5 * limit
            axes.text(column, row, f"{value:.3g}", ha="center", va="center", color="w" if dark else "k", fontsize=6.5)


def lines(curves: Mapping[str, np.ndarray], x: Sequence[float] | None, across: str, up: str) -> Figure:
    """Draw curves in one plot, told apart by colour and kind of line, with a legend."""
    figure = canvas(WIDE * 0.75, 2.6)
    axes = figure.subplots()
    for at, (title, curve) in enumerate(curves.items()):
        style = look(at)
        places = np.arange(len(curve)) if x is None else x
        axes.plot(places, curve, color=style.colour, linestyle=style.line, label=title)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    if len(curves) > 1:
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    else:
        axes.set_title(next(iter(curves)))
    grid(axes)
    return figure


def bars(values: Mapping[str, float], title: str, said: str) -> Figure:
    """Draw the largest of some numbers as bars, each with its name and its number, written by the format ``said``."""
    largest = sorted(values.items(), key=lambda each: -each[1])[:MOST_BARS]
    figure = canvas(WIDE * 0.62, 0.27 * len(largest) + 0.5)
    axes = figure.subplots()
    drawn = axes.barh(range(len(largest)), [value for _, value in largest], color=BLUE, height=0.7)
    axes.bar_label(drawn, [said.format(value) for _, value in largest], padding=3, fontsize=7)
    axes.set_yticks(range(len(largest)), [name for name, _ in largest], color=INK)
    axes.set(xticks=[], ylim=(len(largest) - 0.5, -0.5))
    axes.margins(x=0.2)
    axes.spines[:].set_visible(False)
    axes.set_title(f"{title}{'' if len(values) == len(largest) else f': the {len(largest)} largest of {len(values)}'}")
    return figure


def points(places: np.ndarray, across: str, up: str) -> Figure:
    """Draw points (n, 2) where they lie."""
    figure = canvas(HALF, HALF * 0.8)
    axes = figure.subplots()
    axes.scatter(*places.T, s=6, color=BLUE)
    axes.set(xlabel=across, ylabel=up, xticks=[], yticks=[])
    return figure
