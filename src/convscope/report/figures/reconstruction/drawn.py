"""Pictures of codes that are drawn from the prior."""

from __future__ import annotations

from convscope.report.contents import Contents
from convscope.report.figures.reconstruction.rows import height, lay_rows
from convscope.report.figures.style import WIDE, Drawing, canvas
from convscope.report.sections.reconstruction.contents import GivenBack

ACROSS = 15


def draw(contents: Contents) -> Drawing | None:
    """Draw them in rows."""
    own: GivenBack = contents.own
    if own.drawn is None:
        return None
    rows = [list(own.drawn[first : first + ACROSS]) for first in range(0, len(own.drawn), ACROSS)]
    figure = canvas(WIDE, height(len(rows), ACROSS, own.drawn.shape[1:]))
    lay_rows(figure.subplots(), rows)
    return Drawing(
        figure,
        "Drawn images",
        "Each is the picture of a code drawn from the normal distribution that training holds codes to: no image was"
        " behind it, and none was chosen. Brightness is the probability of white.",
    )
