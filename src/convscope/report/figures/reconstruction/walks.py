"""What lies on the way from one image to another, in steps of their codes."""

from __future__ import annotations

from convscope.report.contents import Contents
from convscope.report.figures.reconstruction.rows import height, lay_rows
from convscope.report.figures.style import WIDE, Drawing, canvas
from convscope.report.sections.reconstruction.contents import GivenBack


def draw(contents: Contents) -> Drawing | None:
    """Draw a row for each pair of images."""
    own: GivenBack = contents.own
    if own.walks is None:
        return None
    rows, steps = own.walks.shape[:2]
    figure = canvas(WIDE, height(rows, steps, own.walks.shape[2:]))
    lay_rows(figure.subplots(), [list(row) for row in own.walks])
    return Drawing(
        figure,
        "From one image to another",
        "Each row goes in equal steps from the code of one image to that of another, and shows what the network makes"
        " of each step. Images that resemble nothing in the middle of a row say that codes between those of images mean"
        " nothing.",
    )
