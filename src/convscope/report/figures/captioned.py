"""Pictures of a few examples in rows, each below what there is to say of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from convscope.data.pictures import Display
from convscope.report.contents import Samples
from convscope.report.figures.contact_sheet import tiles
from convscope.report.figures.style import INK, MUTED, WIDE, canvas
from convscope.report.text import file_name, shorten

ACROSS = 6


def captioned(
    samples: Samples | None, images: Sequence[np.ndarray], captions: Sequence[str], ids: Sequence[str], lines: int
) -> Figure:
    """Draw raw images (C, H, W), six in a row; captions have up to ``lines`` lines, names of files stand below.

    They are shown by the rule that suits ``samples``, or else themselves.
    """
    stacked = np.stack(images)
    pictures = tiles(stacked, Display.of(samples.images if samples is not None else stacked), most=110)
    down = -(-len(pictures) // ACROSS)
    figure = canvas(WIDE, (1.5 + 0.15 * lines) * down)
    panels = figure.subplots(down, ACROSS, squeeze=False).ravel()
    for axes in panels:
        axes.set_axis_off()
    for axes, picture, caption, name in zip(panels, pictures, captions, ids, strict=False):
        axes.imshow(picture, interpolation="none")
        axes.set_title(caption, fontsize=6.5, fontweight="normal", color=INK, pad=3)
        shown = shorten(file_name(name), 24)
        axes.text(0, -0.05, shown, transform=axes.transAxes, fontsize=6, color=MUTED, va="top")
    return figure
