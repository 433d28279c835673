"""How long texts and signals are."""

from __future__ import annotations

import numpy as np

from convscope.report.contents import Contents
from convscope.report.figures.style import BLUE, HALF, Drawing, canvas, grid

BINS = 40
WIDE_RANGE = 20  # times the one in the middle, from which on the longest would press all others to the edge
WORDS = {"sequence": "letters", "text": "characters", "signal": "steps", "recording": "steps"}


def draw(contents: Contents) -> Drawing | None:
    """Draw how many training texts or signals have which length; ``None`` where all are equally long, or of others."""
    lengths = contents.lengths
    if lengths is None or not len(lengths) or lengths.min() == lengths.max():
        return None
    unit, plural = WORDS.get(contents.noun, "steps"), f"{contents.noun}s"
    figure = canvas(HALF, HALF * 0.6)
    axes = figure.subplots()
    edges = borders(lengths)
    axes.stairs(np.histogram(lengths, edges)[0], edges, color=BLUE, fill=True)
    if edges[-1] - edges[-2] > 2 * (edges[1] - edges[0]):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set(xlabel=f"{unit} of a {contents.noun}", ylabel=f"training {plural}")
    grid(axes)
    middle = f"{int(np.median(lengths)):,} in the middle, at most {lengths.max():,}."
    return Drawing(figure, "Lengths", f"{unit.capitalize()} of the training {plural}: {middle}")


def borders(lengths: np.ndarray) -> np.ndarray:
    """Return the edges of the bins, each between two whole numbers: even ones, or growing where lengths differ much.

    >>> borders(np.array([2, 3, 5])).tolist()
    [1.5, 2.5, 3.5, 4.5, 5.5]
    """
    low, high = int(lengths.min()), int(lengths.max())
    if high <= WIDE_RANGE * max(1.0, float(np.median(lengths))):
        step = max(1, -(-(high - low) // BINS))
        return np.arange(low, high + step + 1, step) - 0.5
    return np.unique(np.round(np.geomspace(low, high + 1, BINS))) - 0.5
