"""The examples whose numbers were furthest off, as pictures."""

from __future__ import annotations

import numpy as np

from convscope.data.pictures import Display
from convscope.report.contents import Contents
from convscope.report.figures.contact_sheet import tiles
from convscope.report.figures.style import INK, MUTED, WIDE, Drawing, canvas
from convscope.report.sections.regression.contents import Predicted, Shown
from convscope.report.text import file_name, shorten

ACROSS = 6
LINES = 3  # numbers written at a picture


def draw(contents: Contents) -> Drawing | None:
    """Draw the pictures in rows, each with its true and its predicted numbers."""
    own: Predicted = contents.own
    if not own.worst:
        return None
    images = np.stack([shown.image for shown in own.worst])
    pictures = tiles(images, Display.of(contents.samples.images if contents.samples is not None else images), most=110)
    down = -(-len(pictures) // ACROSS)
    figure = canvas(WIDE, (1.5 + 0.15 * min(LINES, len(own.names))) * down)
    panels = figure.subplots(down, ACROSS, squeeze=False).ravel()
    for axes in panels:
        axes.set_axis_off()
    for axes, shown, picture in zip(panels, own.worst, pictures, strict=False):
        axes.imshow(picture, interpolation="none")
        axes.set_title(_caption(own, shown), fontsize=6.5, fontweight="normal", color=INK, pad=3)
        name = shorten(file_name(shown.id), 24)
        axes.text(0, -0.05, name, transform=axes.transAxes, fontsize=6, color=MUTED, va="top")
    return Drawing(
        figure,
        "Largest errors",
        "The examples with the largest error, counted in standard deviations of each number. Look for wrong targets,"
        " and for what these images have in common.",
    )


def _caption(own: Predicted, shown: Shown) -> str:
    lines = (
        f"{shorten(name, 10)}: {truth:.3g}, said {said:.3g}"
        if len(own.names) > 1
        else f"is {truth:.4g}\nsaid {said:.4g}"
        for name, truth, said in zip(own.names[:LINES], shown.truth, shown.predicted, strict=False)
    )
    return "\n".join(lines)
