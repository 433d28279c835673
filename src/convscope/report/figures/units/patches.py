"""The patches of real examples that each channel answers most, cut by what the unit sees exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from convscope.explaining.top_patches import COUNT
from convscope.report.figures.inside.colours import plain
from convscope.report.figures.style import BLUE, FAINT, INK, MUTED, WIDE, Drawing, canvas
from convscope.report.figures.units.fields import FARTHEST, LEADS, name_of
from convscope.report.text import shorten
from convscope.text import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from convscope.runs.layer_units import LayerUnits, TopExample


def draw(units: LayerUnits) -> Drawing | None:
    """Draw a row for each channel; ``None`` where no examples could be read."""
    if not any(each.top for each in units.channels):
        return None
    figure = canvas(WIDE, 1.45 * len(units.channels) + 0.05)
    grid = figure.subplots(len(units.channels), COUNT, squeeze=False)
    for row, of_channel in zip(grid, units.channels, strict=True):
        for panel in row[len(of_channel.top) :]:
            panel.set_axis_off()
        limits = _limits(of_channel.top)
        for panel, top in zip(row, of_channel.top, strict=False):
            if top.raw.ndim == 3:
                _image(panel, top, units)
            else:
                _signal(panel, top, limits)
            panel.set_title(_caption(top), fontsize=6.5, fontweight="normal",
                            color=INK, pad=2)  # fmt: skip
            panel.set_xlabel(shorten(name_of(top.id), 18), fontsize=5.5, labelpad=2)
            panel.set(xticks=[], yticks=[])
        row[0].set_ylabel(shorten(of_channel.title, 20), fontsize=7, color=MUTED)
    shown = " A row has one scale." if units.display is None else f" {units.display.sentence}"
    return Drawing(
        figure,
        f"What the channels of layer {units.node} answer most",
        f"The largest activations of each channel over {count(units.inputs, f'{units.split} example')}, at most one of "
        "each. A patch is what the unit sees there, exactly; pale grey is padding. Above it its activation and its "
        f"example's label, below the example.{shown}",
    )


def _caption(top: TopExample) -> str:
    return plain(top.patch.value) + (f"\nlabel {shorten(top.label, 12)}" if top.label else "")


def _image(axes: Axes, top: TopExample, units: LayerUnits) -> None:
    seen = top.patch.seen
    (first, last), (left, right) = seen.box
    picture = np.zeros((1, 1, 3), np.uint8) if units.display is None else units.display.show(top.raw)
    axes.imshow(picture, interpolation="none", extent=(left - 0.5, right + 0.5, last + 0.5, first - 0.5))
    rows, columns = seen.span if seen.outside <= FARTHEST else seen.box
    axes.set_xlim(columns[0] - 0.5, columns[1] + 0.5)
    axes.set_ylim(rows[1] + 0.5, rows[0] - 0.5)
    axes.set_facecolor(FAINT)
    axes.spines[:].set_visible(False)


def _limits(tops: Sequence[TopExample]) -> tuple[float, float]:
    """Return the range of signals that share a scale, with some room."""
    low = min((float(top.raw[:LEADS].min()) for top in tops), default=0.0)
    high = max((float(top.raw[:LEADS].max()) for top in tops), default=0.0)
    room = 0.05 * (high - low) or 1.0
    return low - room, high + room


def _signal(axes: Axes, top: TopExample, limits: tuple[float, float]) -> None:
    seen = top.patch.seen
    ((first, last),) = seen.box
    for lead in top.raw[:LEADS]:
        axes.plot(np.arange(first, last + 1), lead, color=BLUE, lw=0.9)
    (span,) = seen.span if seen.outside <= FARTHEST else seen.box
    axes.set_xlim(span[0] - 0.5, span[1] + 0.5)
    axes.set_ylim(limits)
    for start, end in ((span[0] - 0.5, first - 0.5), (last + 0.5, span[1] + 0.5)):
        if end > start:
            axes.axvspan(start, end, color=FAINT, lw=0)
    axes.spines["left"].set_visible(False)
