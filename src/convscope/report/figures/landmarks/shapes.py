"""True and predicted points, drawn over the images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from convscope.data.pictures import Display
from convscope.report.contents import Contents
from convscope.report.figures.style import BLUE, INK, MUTED, ORANGE, WIDE, Drawing, canvas
from convscope.report.figures.styles import POINT_MARKS
from convscope.report.sections.landmarks.contents import Drawn, Placed
from convscope.report.text import file_name, shorten

ACROSS = 4


def worst(contents: Contents) -> Drawing | None:
    """Draw the images with the largest errors."""
    own: Placed = contents.own
    return _drawn(
        contents, own.worst, "Largest errors",
        "The images with the largest mean error, the worst first: true points in blue, predicted ones in orange, and a"
        f" line between the two.{_marks(own)} Look for wrong points, turned or cut objects, and several objects in one"
        " image.",
    )  # fmt: skip


def best(contents: Contents) -> Drawing | None:
    """Draw the images with the smallest errors."""
    own: Placed = contents.own
    return _drawn(
        contents, own.best[::-1], "Smallest errors",
        f"The images with the smallest mean error, the best first.{_marks(own)}",
    )  # fmt: skip


def _marks(own: Placed) -> str:
    return " Each point has its own mark." if 1 < len(own.names) <= len(POINT_MARKS) else ""


def _drawn(contents: Contents, shown: Sequence[Drawn], title: str, reading: str) -> Drawing | None:
    if not shown:
        return None
    images = np.stack([each.image for each in shown])
    display = Display.of(contents.samples.images if contents.samples is not None else images)
    down = -(-len(shown) // ACROSS)
    height, width = images.shape[2:]
    figure = canvas(WIDE, down * (WIDE / ACROSS * height / width + 0.3) + 0.3 * bool(_marks(contents.own)))
    panels = figure.subplots(down, ACROSS, squeeze=False).ravel()
    for axes in panels:
        axes.set_axis_off()
    if _marks(contents.own):
        _legend(figure, contents.own.names)
    for axes, each in zip(panels, shown, strict=False):
        axes.imshow(display.show(each.image))
        _points(axes, each)
        axes.set_xlim(-0.5, width - 0.5)
        axes.set_ylim(height - 0.5, -0.5)
        axes.set_title(f"{each.error:.3f}" if each.error < 10 else f"{each.error:.0f}", fontsize=8, color=INK, pad=3)
        name = shorten(file_name(each.id), 30)
        axes.text(0, -0.02, name, transform=axes.transAxes, fontsize=6, color=MUTED, va="top")
    return Drawing(figure, title, reading)


def _points(axes: Axes, each: Drawn) -> None:
    """Draw true and predicted points: few with a mark each and a light outline, many as dots."""
    for true, said in zip(each.truth, each.predicted, strict=True):
        if np.isfinite(true).all():
            axes.plot(*zip(true, said, strict=True), color=ORANGE, linewidth=0.5, alpha=0.7)
    few, size = len(each.truth) <= len(POINT_MARKS), 2.5 if len(each.truth) > 20 else 4
    for points, colour in ((each.truth, BLUE), (each.predicted, ORANGE)):
        if not few:
            axes.plot(*points.T, "o", color=colour, markersize=size, markeredgewidth=0)
            continue
        for mark, point in zip(POINT_MARKS, points, strict=False):
            axes.plot(*point, mark, color=colour, markersize=6, markeredgecolor="white", markeredgewidth=0.6)


def _legend(figure: Figure, names: Sequence[str]) -> None:
    """Name the mark of each point above the images."""
    lines = [
        Line2D([], [], color=MUTED, marker=mark, linestyle="none", label=shorten(name, 18))
        for mark, name in zip(POINT_MARKS, names, strict=False)
    ]
    figure.legend(handles=lines, loc="outside upper left", ncols=len(lines), frameon=False, handletextpad=0.2)
