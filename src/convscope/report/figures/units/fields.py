"""The exact and the effective field of a unit of each channel, over an image or a signal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from convscope.report.explained.look import Look
from convscope.report.figures.explained.colours import UNSIGNED, overlay
from convscope.report.figures.field import outline
from convscope.report.figures.style import BLUE, FAINT, GREY, MUTED, ORANGE, TEAL, WIDE, Drawing, canvas
from convscope.report.text import file_name, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from convscope.runs.layer_units import ChannelUnits, LayerUnits

ACROSS = 4
FARTHEST = 0.75  # of a field may hang over the borders and still be drawn there
LEADS = 3  # channels of a signal that are drawn
LOOK = Look()
READING = (
    "The exact field is all that the unit can see, whatever the weights are; what of it hangs over the border is "
    "padding. The effective field is what moves the unit: the squared gradient in the mean over inputs, of which the "
    "inner box holds 90% along each axis."
)


def draw(units: LayerUnits) -> Drawing:
    """Draw a panel for each channel."""
    images = units.channels[0].seen.mask.ndim == 2
    count = len(units.channels)
    across = min(ACROSS, count) if images else 1
    down = math.ceil(count / across)
    handles, columns = _legend(units, images), min(across, 2) if images and across < 3 else 4
    height = (2.65 if images else 1.35) * down + 0.2 + 0.2 * math.ceil(len(handles) / columns)
    figure = canvas(WIDE * (max(across, 2) / ACROSS if images else 1), height)
    panels = list(figure.subplots(down, across, squeeze=False).ravel())
    for panel, of_channel in zip(panels, units.channels, strict=False):
        (_image if images else _signal)(panel, of_channel, units)
    for panel in panels[count:]:
        panel.set_axis_off()
    figure.legend(handles=handles, loc="outside lower left", ncols=columns, frameon=False, fontsize=7)
    if images:
        bar = figure.colorbar(ScalarMappable(cmap=UNSIGNED), ax=panels, fraction=0.025, pad=0.01, aspect=22)
        bar.set_ticks([0, 1], labels=["0", "most"], fontsize=7)
        bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
        bar.set_label("root of the effective field", fontsize=7)
    place = f" at {', '.join(map(str, units.at))}" if units.at else ""
    return Drawing(
        figure, f"What the unit{place} of layer {units.node} sees", f"{READING} Measured on {units.measured}."
    )


def _image(axes: Axes, of_channel: ChannelUnits, units: LayerUnits) -> None:
    seen, effective = of_channel.seen, of_channel.effective
    space = seen.mask.shape
    below = of_channel.below
    grey = np.full((*space, 3), 128, np.uint8)
    picture = grey if below is None or units.display is None else units.display.show(below)
    energy = np.zeros(space) if effective is None else np.sqrt(effective.energy)
    axes.imshow(overlay(picture, energy, False, LOOK), interpolation="none")
    for ends in outline(seen.mask):
        axes.plot(*ends, color=TEAL, lw=1.6, solid_capstyle="butt")
    if effective is not None:
        axes.add_patch(_box([effective.run(axis) for axis in range(2)], BLUE, 1.2))
    (top, bottom), (left, right) = seen.span
    if 0 < seen.outside <= FARTHEST:
        axes.add_patch(_box(seen.span, GREY, 1.0, ":"))
        axes.set_xlim(min(left, 0) - 1, max(right + 1, space[1]))
        axes.set_ylim(max(bottom + 1, space[0]), min(top, 0) - 1)
    axes.set(xticks=[0, space[1] - 1], yticks=[0, space[0] - 1])
    axes.tick_params(length=0, labelsize=6)
    axes.spines[:].set_visible(False)
    _title(axes, of_channel)


def _box(spans: object, colour: str, width: float, style: str = "-") -> Rectangle:
    (top, bottom), (left, right) = spans  # pyright: ignore[reportGeneralTypeIssues]
    return Rectangle(
        (left - 0.5, top - 0.5), right - left + 1, bottom - top + 1, fill=False, ec=colour, lw=width, ls=style
    )


def _signal(axes: Axes, of_channel: ChannelUnits, units: LayerUnits) -> None:
    seen, effective = of_channel.seen, of_channel.effective
    (length,) = seen.mask.shape
    steps = np.arange(length)
    axes.fill_between(steps, 0, 1, where=list(seen.mask), color=FAINT, alpha=0.6, lw=0, step="mid",
                      transform=axes.get_xaxis_transform())  # fmt: skip
    for lead in () if of_channel.below is None else of_channel.below[:LEADS]:
        axes.plot(steps, lead, color=GREY, lw=0.8)
    if effective is not None:
        first, last = effective.run(0)
        for edge in (first - 0.5, last + 0.5):
            axes.axvline(edge, color=BLUE, lw=1.0)
        root = np.sqrt(effective.energy)
        beside = axes.twinx()
        beside.fill_between(steps, root, color=ORANGE, alpha=0.45, lw=0, step="mid")
        beside.set(ylim=(0, float(root.max()) * 1.05), yticks=[])
        beside.spines[:].set_visible(False)
    axes.set_xlim(-0.5, length - 0.5)
    axes.tick_params(labelsize=6)
    if of_channel is units.channels[-1]:
        axes.set_xlabel("step", fontsize=7)
    _title(axes, of_channel)


def name_of(example: str) -> str:
    """Return the name of an example's file; of one without a file all of its name.

    >>> name_of("images/a.png"), name_of("test/12")
    ('a.png', 'test/12')
    """
    last = file_name(example)
    return last if "." in last else example


def _title(axes: Axes, of_channel: ChannelUnits) -> None:
    below = f", over {shorten(name_of(of_channel.below_id), 18)}" if of_channel.below_id else ""
    axes.set_title(f"{shorten(of_channel.title, 24)}{below}", fontsize=7, fontweight="normal", color=MUTED, pad=3)


def _legend(units: LayerUnits, images: bool) -> list[Line2D | Patch]:
    exact: Line2D | Patch = Line2D([], [], color=TEAL, lw=1.6) if images else Patch(color=FAINT)
    exact.set_label("exact field")
    lines: list[Line2D | Patch] = [exact]
    if any(each.effective is not None for each in units.channels):
        lines += [] if images else [Patch(color=ORANGE, alpha=0.45, label="root of the effective field")]
        lines.append(Line2D([], [], color=BLUE, lw=1.2, label="90% of the effective field along each axis"))
    if images and any(0 < each.seen.outside <= FARTHEST for each in units.channels):
        lines.append(Line2D([], [], color=GREY, ls=":", label="exact field without borders"))
    if not images and any(each.below is not None for each in units.channels):
        lines.append(Line2D([], [], color=GREY, lw=0.8, label="the signal"))
    return lines
