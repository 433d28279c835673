"""Learned embeddings of tokens in the plane of their first two principal components."""

from __future__ import annotations

from convscope.report.contents import Contents
from convscope.report.figures.style import BLUE, FAINT, HALF, INK, Drawing, canvas
from convscope.text import percent


def draw(contents: Contents) -> Drawing | None:
    """Draw the tokens where they lie; ``None`` where a network embeds none."""
    embedded = contents.sequences.embedded if contents.sequences else None
    if embedded is None:
        return None
    figure = canvas(HALF * 1.3, HALF * 1.05)
    axes = figure.subplots()
    axes.axhline(0, color=FAINT, linewidth=0.6)
    axes.axvline(0, color=FAINT, linewidth=0.6)
    axes.plot(*embedded.places.T, linestyle="none", marker=".", markersize=3, color=BLUE)
    for token, (x, y) in zip(embedded.tokens, embedded.places, strict=True):
        axes.annotate(token, (x, y), (0, 2), textcoords="offset points", ha="center", fontsize=8, color=INK)
    axes.margins(0.08)
    first, second = (percent(share, 0) for share in embedded.shares)
    axes.set(xlabel=f"first component, {first} of the variance", ylabel=f"second component, {second}")
    axes.tick_params(labelsize=6.5)
    left = 1 - sum(embedded.shares)
    return Drawing(
        figure,
        "Learned embeddings",
        f"Each token as the numbers that the network learned for it, drawn in the plane in which they differ most; "
        f"{percent(left, 0)} of the differences lie outside it, so that neighbours here may lie apart: the table below "
        "has the nearest of all.",
    )
