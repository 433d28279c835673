"""What the answer in the middle of an image rests on."""

from __future__ import annotations

import numpy as np
from matplotlib.patches import Rectangle

from convscope.data.pictures import as_shown
from convscope.report.contents import Contents
from convscope.report.figures.style import GREY, HALF, ORANGE, WIDE, Drawing, canvas
from convscope.report.sections.segmentation.contents import Masked


def draw(contents: Contents) -> Drawing | None:
    """Draw an image with the receptive field of its middle pixel, and how much each pixel moves the answer there."""
    own: Masked = contents.own
    effect, seen = own.field, own.seen
    if effect is None or seen is None or seen.ndim != 3:
        return None
    figure = canvas(WIDE, HALF)
    left, right = figure.subplots(1, 2)
    picture = np.moveaxis(seen, -1, 0)
    left.imshow(as_shown(picture), cmap="gray")
    right.imshow(np.sqrt(effect.energy), cmap="Blues", vmin=0, interpolation="nearest")
    for axes in (left, right):
        for spans, colour in ((effect.spans, GREY), ([effect.run(axis) for axis in range(2)], ORANGE)):
            (top, bottom), (first, last) = spans
            axes.add_patch(
                Rectangle((first - 0.5, top - 0.5), last - first + 1, bottom - top + 1, fill=False, ec=colour, lw=1.5)
            )
        axes.plot(effect.at[1], effect.at[0], "+", color=ORANGE, markersize=7)
        axes.set_axis_off()
    wide = effect.run(1)
    return Drawing(
        figure,
        "Receptive field",
        "The answer at the cross depends on the pixels in the grey box and on no other, as far as the image goes: its"
        f" receptive field, {effect.sizes[0]} × {effect.sizes[1]}. 90 % of what moves it lies in the orange box,"
        f" {wide[1] - wide[0] + 1} pixels wide. To the right: how much each pixel moves the answer (root of the squared"
        " gradient).",
    )
