"""The examples whose numbers were furthest off, as pictures."""

from __future__ import annotations

import math

from convscope.report.contents import Contents
from convscope.report.figures.captioned import captioned
from convscope.report.figures.style import Drawing
from convscope.report.sections.regression.contents import Predicted, Shown
from convscope.report.text import shorten

LINES = 3  # numbers written at a picture


def draw(contents: Contents) -> Drawing | None:
    """Draw the pictures in rows, each with its true and its predicted numbers."""
    own: Predicted = contents.own
    if not own.worst:
        return None
    figure = captioned(
        contents,
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
    lines = (
        f"{shorten(name, 8)}: {_is(truth)}, said {said:.4g}" if len(own.names) > 1 else f"{_is(truth)}\nsaid {said:.4g}"
        for name, truth, said in zip(own.names[:LINES], shown.truth, shown.predicted, strict=False)
    )
    return "\n".join(lines)


def _is(truth: float) -> str:
    return "not known" if math.isnan(truth) else f"is {truth:.4g}"
