"""What the network learned from: some training images."""

from __future__ import annotations

from convscope.data.pictures import Display
from convscope.report.contents import Contents
from convscope.report.figures.contact_sheet import lay, tiles
from convscope.report.figures.style import WIDE, Drawing, canvas

ACROSS, MOST = 12, 48


def draw(contents: Contents) -> Drawing | None:
    """Draw the images in rows."""
    if contents.samples is None or not len(contents.samples.images):
        return None
    images = contents.samples.images[:MOST]
    display = Display.of(images)
    pictures = tiles(images, display)
    rows = [pictures[at : at + ACROSS] for at in range(0, len(pictures), ACROSS)]
    h, w = pictures[0].shape[:2]
    gap = max(1, h // 16)
    unit = min(1 / 72, (WIDE - 0.2) / (ACROSS * (w + gap)))  # inches a pixel
    figure = canvas(WIDE, max(0.8, unit * len(rows) * (h + gap) + 0.1))
    lay(figure.subplots(), rows, gap=gap)
    return Drawing(figure, "Training images", f"Training images at even distances. {display.sentence}")
