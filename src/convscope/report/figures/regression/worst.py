"""The examples whose numbers were furthest off, as pictures."""

from __future__ import annotations

import math

from convscope.report.contents import Contents
from convscope.report.figures.captioned import captioned
from convscope.report.figures.style import Drawing
from convscope.report.sections.regression.contents import Predicted, Shown
from convscope.report.text import shorten
from convscope.text import told_apart

LINES = 3  # numbers written at a picture


def draw(contents: Contents) -> Drawing | None:
    """Draw the pictures in rows, each with its true and its predicted numbers."""
    own: Predicted = contents.own
    if not own.worst:
        return None
    figure = captioned(
        contents.samples,
        [shown.image for shown in own.worst],
        [_caption(own, shown) for shown in own.worst],
        [shown.id for shown in own.worst],
        lines=min(LINES, len(own.names)),
    )
    return Drawing(
        figure,
        "Largest errors",
        "The examples with the largest error, counted in standard deviations of each number. Look for wrong targets,"
        " and for what these images have in common.",
    )


def _caption(own: Predicted, shown: Shown) -> str:
    digits = 3 if len(own.names) > 1 else 4
    lines = []
    numbers = zip(own.names[:LINES], shown.truth, shown.predicted, own.spread, strict=False)
    for name, truth, predicted, spread in numbers:
        is_so = "not known" if math.isnan(truth) else f"is {told_apart(truth, spread, digits)}"
        said = f"said {told_apart(predicted, spread, digits)}"
        lines.append(f"{shorten(name, 10)}: {is_so}, {said}" if len(own.names) > 1 else f"{is_so}\n{said}")
    return "\n".join(lines)
