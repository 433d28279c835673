"""The most confident errors, as pictures."""

from __future__ import annotations

import numpy as np

from convscope.data.pictures import Display
from convscope.report.contents import Contents
from convscope.report.figures.contact_sheet import tiles
from convscope.report.figures.style import INK, MUTED, WIDE, Drawing, canvas
from convscope.report.sections.classification.contents import Mistake
from convscope.report.text import file_name, shorten
from convscope.text import percent

ACROSS = 8
MOST = 24
READING = (
    "The errors to which the network gave the highest probability, the highest first. Look for wrong labels, images"
    " that a person could not tell apart either, and for what they have in common."
)


def draw(contents: Contents) -> Drawing | None:
    """Draw the pictures in rows, each with its truth and the answer that was given."""
    shown = [mistake for mistake in contents.own.worst[:MOST] if mistake.image is not None]
    rule = display(contents)
    if not shown or rule is None:
        return None
    pictures = tiles(np.stack([mistake.image for mistake in shown]), rule, most=110)
    down = -(-len(shown) // ACROSS)
    figure = canvas(WIDE, 1.72 * down)
    panels = figure.subplots(down, ACROSS, squeeze=False).ravel()
    for axes in panels:
        axes.set_axis_off()
    for axes, mistake, picture in zip(panels, shown, pictures, strict=False):
        axes.imshow(picture, interpolation="none")
        axes.set_title(caption(contents, mistake, 15), fontsize=7, fontweight="normal", color=INK, pad=3)
        axes.text(
            0, -0.05, shorten(file_name(mistake.id), 24), transform=axes.transAxes, fontsize=6, color=MUTED, va="top"
        )
    return Drawing(figure, "Most confident errors", READING)


def display(contents: Contents) -> Display | None:
    """Return the rule by which this report shows images, the same everywhere; ``None`` where it has none."""
    if contents.samples is not None:
        return Display.of(contents.samples.images)
    images = [mistake.image for mistake in (*contents.own.worst, *contents.own.missed) if mistake.image is not None]
    return Display.of(np.stack(images)) if images else None


def caption(contents: Contents, mistake: Mistake, width: int) -> str:
    """Return two lines: the truth, and the answer with its probability."""
    truth, answer = (contents.own.classes[k] for k in (mistake.truth, mistake.predicted))
    return f"is {shorten(truth, width)}\nsaid {shorten(answer, width - 4)} {percent(mistake.probability, 0)}"
