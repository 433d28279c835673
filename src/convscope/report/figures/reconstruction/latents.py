"""How much each number of a code tells of its image."""

from __future__ import annotations

import numpy as np

from convscope.report.contents import Contents
from convscope.report.figures.style import BLUE, HALF, Drawing, canvas, grid


def draw(contents: Contents) -> Drawing | None:
    """Draw a bar for each number of the code, the most telling first."""
    latents = contents.metrics.get("latents")
    if latents is None:
        return None
    told = np.sort(np.array(latents["kl"]))[::-1]
    figure = canvas(HALF, 2.4)
    axes = figure.subplots()
    axes.bar(np.arange(1, len(told) + 1), told, color=BLUE)
    axes.set_xlabel("number of the code, the most telling first")
    axes.set_ylabel("nats")
    grid(axes)
    unused = latents["units"] - latents["active"]
    collapsed = f" {unused} of {latents['units']} collapsed: they say nothing." if unused else " All are used."
    return Drawing(
        figure,
        "What each number of the code tells",
        "The Kullback-Leibler divergence of each from the prior, averaged over images; 0 is a number that is the same"
        f" for all.{collapsed}",
    )
