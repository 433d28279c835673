"""What the network learned from: images of each class."""

from __future__ import annotations

import math

import numpy as np

from convscope.data.pictures import Display
from convscope.report.contents import Contents
from convscope.report.figures.contact_sheet import lay, tiles
from convscope.report.figures.style import INK, WIDE, Drawing, canvas
from convscope.report.text import shorten

MOST = 60  # classes shown


def draw(contents: Contents) -> Drawing | None:
    """Draw a row of images per class, in one to three columns of classes."""
    samples = contents.samples
    if samples is None or not len(samples.targets):
        return None
    classes = np.unique(samples.targets)[:MOST]
    columns = 1 if len(classes) <= 4 else 2 if len(classes) <= 20 else 3
    display = Display.of(samples.images)
    per_class = {k: np.flatnonzero(samples.targets == k)[: 12 // columns] for k in classes}
    down = math.ceil(len(classes) / columns)
    images = samples.images[np.concatenate(list(per_class.values()))]
    pictures = iter(tiles(images, display))
    rows = [[next(pictures) for _ in per_class[k]] for k in classes]
    h, w = rows[0][0].shape[:2]
    gap = max(1, h // 16)
    figure = canvas(WIDE, _height(h, w, gap, columns, down))
    for column, axes in enumerate(figure.subplots(1, columns, squeeze=False)[0]):
        part = rows[column * down : (column + 1) * down]
        axes.set_axis_off()
        if not part:
            continue
        lay(axes, part, gap=gap)
        for i in range(len(part)):
            name = shorten(contents.own.classes[classes[column * down + i]], 16)
            axes.annotate(
                name,
                (0, i * (h + gap) + h / 2),
                (-6, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                color=INK,
            )
    beyond = len(contents.own.classes) - MOST
    left_out = f" {beyond} further classes are not shown." if beyond > 0 else ""
    return Drawing(
        figure,
        "Training images",
        f"The first training images of each class. {display.sentence}{left_out}",
    )


def _height(h: int, w: int, gap: int, columns: int, down: int) -> float:
    across = 12 // columns
    width = (WIDE / columns - 1.1) / (across * (w + gap))  # inches a pixel, names taken off
    return max(0.8, min(1.0 / 72, width) * down * (h + gap) + 0.1)
