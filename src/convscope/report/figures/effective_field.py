"""The effective receptive field: a map of what moves a unit, and its profile along each axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patches import Rectangle

from convscope.analysis.effective_field import EffectiveField
from convscope.report.figures.style import BLUE, FAINT, GREY, MUTED, ORANGE, WIDE, Drawing, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMES = {1: ("position",), 2: ("row", "column"), 3: ("slice", "row", "column")}


def draw(effect: EffectiveField) -> Drawing:
    """Draw the map, of the last two axes, and a profile an axis."""
    rank = effect.energy.ndim
    figure = canvas(WIDE, 3.6)
    panels = figure.subplots(1, rank + (rank > 1), width_ratios=[1.15, *[1.0] * rank] if rank > 1 else None)
    axes = list(np.atleast_1d(panels))
    if rank > 1:
        _map(axes.pop(0), effect)
    for axis, panel in enumerate(axes):
        _profile(panel, effect, axis)
    place = f" at {', '.join(map(str, effect.at))}" if effect.at else ""
    return Drawing(
        figure,
        f"What moves {effect.node}{place}",
        "Dark positions move the unit much when they change, pale ones little. The grey box is its receptive field: all"
        " that can move it at all. The orange box holds 90% of the energy (the squared gradient) along each axis, and"
        f" the central half of the field {effect.centre:.0%} of all; spread evenly it would be {0.5**rank:.0%}."
        f" Measured on {effect.samples} input{'s' * (effect.samples != 1)}.",
    )


def _map(axes: Axes, effect: EffectiveField) -> None:
    """Show the square root of the energy, as a gradient is: the energy itself is nearly a point."""
    energy = np.sqrt(effect.energy.sum(tuple(range(effect.energy.ndim - 2))))
    axes.imshow(energy, cmap="Blues", vmin=0, interpolation="nearest")
    last = range(effect.energy.ndim - 2, effect.energy.ndim)
    for spans, colour, width in (
        ([effect.spans[axis] for axis in last], GREY, 1.2),
        ([effect.run(axis) for axis in last], ORANGE, 1.6),
    ):
        (top, bottom), (left, right) = spans
        box = Rectangle((left - 0.5, top - 0.5), right - left + 1, bottom - top + 1, fill=False, ec=colour, lw=width)
        box.set_clip_on(False)
        axes.add_patch(box)
    axes.set_title("root of the energy", color=MUTED, fontweight="normal", fontsize=8.5)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _profile(axes: Axes, effect: EffectiveField, axis: int) -> None:
    """Show the share of the energy at each position along an axis, field and 90 % run marked."""
    along = effect.along(axis)
    first, last = effect.run(axis)
    axes.axvspan(effect.spans[axis][0] - 0.5, effect.spans[axis][1] + 0.5, color=FAINT, alpha=0.5, lw=0)
    axes.fill_between(np.arange(len(along)), along, color=BLUE, alpha=0.25, lw=0, step="mid")
    axes.step(np.arange(len(along)), along, color=BLUE, where="mid", lw=1.2)
    axes.axvline(first - 0.5, color=ORANGE, lw=1.2)
    axes.axvline(last + 0.5, color=ORANGE, lw=1.2)
    axes.set_xlim(-0.5, len(along) - 0.5)
    axes.set_ylim(0, along.max() * 1.05)
    axes.set_xlabel(NAMES[effect.energy.ndim][axis])
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    title = f"energy: 90% within {last - first + 1} of {effect.sizes[axis]}"
    axes.set_title(title, color=MUTED, fontweight="normal", fontsize=8.5)
