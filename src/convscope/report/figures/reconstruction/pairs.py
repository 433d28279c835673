"""Images, their reconstructions, and the difference: those best given back, of the middle, and the worst."""

from __future__ import annotations

import numpy as np

from convscope.report.contents import Contents
from convscope.report.figures.reconstruction.rows import height, lay_rows
from convscope.report.figures.style import MUTED, WIDE, Drawing, canvas
from convscope.report.sections.reconstruction.contents import GivenBack


def draw(contents: Contents) -> Drawing:
    """Draw three rows for each of the three groups."""
    own: GivenBack = contents.own
    across = max(len(pairs) for _, pairs in own.pairs)
    shape = own.pairs[0][1][0].image.shape
    figure = canvas(WIDE, 3 * (height(3, across, shape) + 0.25))
    for axes, (name, pairs) in zip(figure.subplots(3, 1), own.pairs, strict=True):
        apart = [0.5 + 0.5 * (pair.reconstruction - pair.image) for pair in pairs]
        lay_rows(axes, [[pair.image for pair in pairs], [pair.reconstruction for pair in pairs], apart])
        errors = np.array([pair.error for pair in pairs])
        axes.set_title(f"{name}: squared error {errors.min():.3g} to {errors.max():.3g}", fontsize=8, color=MUTED)
    return Drawing(
        figure,
        "Images and reconstructions",
        "Above the image, below it what the network makes of it, and below that the difference: grey is none, white"
        " where the reconstruction is too bright, black where it is too dark. What is lost is what the code has no room"
        " for.",
    )
