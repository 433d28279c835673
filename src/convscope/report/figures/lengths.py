"""How long texts are."""

from __future__ import annotations

import numpy as np

from convscope.report.contents import Contents
from convscope.report.figures.style import BLUE, HALF, Drawing, canvas, grid

BINS = 40


def draw(contents: Contents) -> Drawing | None:
    """Draw how many training texts have which length; ``None`` where all are equally long, or there are no texts."""
    lengths = contents.lengths
    if lengths is None or lengths.min() == lengths.max():
        return None
    step = max(1, -(-int(np.ptp(lengths)) // BINS))
    edges = np.arange(lengths.min(), lengths.max() + step + 1, step) - 0.5
    figure = canvas(HALF, HALF * 0.6)
    axes = figure.subplots()
    axes.stairs(np.histogram(lengths, edges)[0], edges, color=BLUE, fill=True)
    axes.set(xlabel="characters of a text", ylabel="training texts")
    grid(axes)
    middle = f"{int(np.median(lengths)):,} in the middle, at most {lengths.max():,}."
    return Drawing(figure, "Lengths", f"Characters of the training texts: {middle}")
