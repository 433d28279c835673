"""The examples whose labels were told worst, as pictures."""

from __future__ import annotations

import numpy as np

from convscope.report.contents import Contents
from convscope.report.figures.captioned import captioned
from convscope.report.figures.style import Drawing
from convscope.report.sections.multilabel.contents import LINES, Shown, Told
from convscope.report.text import shorten
from convscope.tasks.multilabel.evidence import THRESHOLD


def draw(contents: Contents) -> Drawing | None:
    """Draw the pictures in rows, each with the labels that the network missed or made up."""
    own: Told = contents.own
    if not own.worst:
        return None
    figure = captioned(
        contents.samples,
        [shown.image for shown in own.worst],
        [_caption(own, shown) for shown in own.worst],
        [shown.id for shown in own.worst],
        lines=LINES,
    )
    return Drawing(
        figure,
        "Furthest off",
        "The examples whose labels surprised the network most, with the labels it missed and those it made up, and the"
        " probability it stated for each. Look for wrong labels, and for what these images have in common.",
    )


def _caption(own: Told, shown: Shown) -> str:
    """Name the labels that are wrong, those told worst first; the most surprising one where none is."""
    apart = np.abs(shown.truth - shown.probabilities)
    order = np.argsort(-apart, kind="stable")
    wrong = [k for k in order if (shown.probabilities[k] >= THRESHOLD) != bool(shown.truth[k])] or [order[0]]
    lines = [
        f"{'has' if shown.truth[k] else 'no'} {shorten(own.names[k], 10)}, said {shown.probabilities[k]:.2f}"
        for k in wrong[:LINES]
    ]
    if len(wrong) > LINES:
        lines[-1] = f"and {len(wrong) - LINES + 1} more"
    return "\n".join(lines)
