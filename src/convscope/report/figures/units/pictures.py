"""The pictures made to make each channel large, and how large real examples make it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from convscope.report.figures.inside.colours import plain
from convscope.report.figures.style import BLUE, INK, MUTED, WIDE, Drawing, canvas
from convscope.report.figures.units.fields import LEADS
from convscope.report.text import shorten
from convscope.text import count

if TYPE_CHECKING:
    from convscope.runs.layer_units import LayerUnits

ACROSS = 6


def draw(units: LayerUnits) -> Drawing | None:
    """Draw a picture for each channel; ``None`` where no examples could be read."""
    made, pictures = units.maximised, units.pictures
    if made is None or pictures is None:
        return None
    images = pictures.ndim == 4
    across = ACROSS if images else 2
    down = math.ceil(len(pictures) / across)
    figure = canvas(WIDE, (1.95 if images else 1.5) * down)
    panels = list(figure.subplots(down, across, squeeze=False).ravel())
    for panel in panels[len(pictures) :]:
        panel.set_axis_off()
    limits = _limits(units, pictures)
    for panel, of_channel, picture, reached, largest in zip(
        panels, units.channels, pictures, made.reached, made.largest, strict=False
    ):
        if images and units.display is not None:
            panel.imshow(units.display.show(picture), interpolation="none")
            panel.set(xticks=[], yticks=[])
            panel.spines[:].set_visible(False)
        else:
            for lead in picture[:LEADS]:
                panel.plot(np.arange(len(lead)), lead, color=BLUE, lw=0.9)
            panel.set_ylim(*limits)
            panel.tick_params(labelsize=6)
        panel.set_title(shorten(of_channel.title, 26), fontsize=7, fontweight="normal", color=INK, pad=3)
        fails = ": less than an example" if reached < largest else ""
        panel.set_xlabel(f"reached {plain(float(reached))}{fails}\nexamples up to {plain(float(largest))}",
                         fontsize=6.5, color=MUTED)  # fmt: skip
    below = (
        "" if made.node == units.node
        else f" Measured at layer {made.node}, before the {units.op.replace('_', ' ')}, where gradients are."
    )  # fmt: skip
    noun = f"{units.split} example"
    return Drawing(
        figure,
        f"Pictures made for the channels of layer {units.node}",
        "Each climbs the gradient of its channel's mean over all places, kept smooth and within the range of the "
        f"examples. Below it stands what it reaches, and the largest such mean of {count(made.inputs, noun)}; one that "
        f"reaches less shows nothing of what the channel is for.{below}",
    )  # fmt: skip


def _limits(units: LayerUnits, pictures: np.ndarray) -> tuple[float, float]:
    """Return the range of the pictures and of some examples: one scale, on which little is seen as little."""
    shown = [pictures, *(each.below for each in units.channels if each.below is not None)]
    low, high = (float(end) for end in (min(map(np.min, shown)), max(map(np.max, shown))))
    room = 0.05 * (high - low) or 1.0
    return low - room, high + room
