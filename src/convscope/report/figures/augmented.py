"""What augmentation makes of the training images."""

from __future__ import annotations

import numpy as np

from convscope.report.contents import Contents
from convscope.report.figures.contact import lay, tiles
from convscope.report.figures.pictures import Display
from convscope.report.figures.style import MUTED, WIDE, Drawing, canvas


def draw(contents: Contents) -> Drawing | None:
    """Draw a row an image: as stored on the left, as the network saw it in several epochs on the right."""
    shown = contents.augmented
    if shown is None or not len(shown.images):
        return None
    display = Display.of(contents.samples.images if contents.samples is not None else shown.images)
    n, k = shown.variants.shape[:2]
    made = tiles(
        np.concatenate([shown.images[:, None], shown.variants], axis=1).reshape(-1, *shown.images.shape[1:]), display
    )
    rows = [made[i * (k + 1) : (i + 1) * (k + 1)] for i in range(n)]
    h, w = rows[0][0].shape[:2]
    gap = max(1, h // 16)
    figure = canvas(WIDE, max(1.0, min(1 / 72, 6.5 / ((k + 1) * (w + gap))) * n * (h + gap) + 0.35))
    left, right = figure.subplots(1, 2, width_ratios=(1, k + 0.1))
    for axes, part, words in (
        (left, [row[:1] for row in rows], "as stored"),
        (right, [row[1:] for row in rows], "as trained on"),
    ):
        lay(axes, part, gap=gap)
        axes.set_title(words, color=MUTED, fontweight="normal", fontsize=8.5, pad=5)
    return Drawing(
        figure,
        "How images were varied while learning",
        "Each epoch sees a slightly different version of every training image, so that the network cannot learn"
        " them by heart. The class must stay recognisable to you in every version: if it does not, the augmentation"
        " is too strong. Images that are judged are never varied.",
    )
