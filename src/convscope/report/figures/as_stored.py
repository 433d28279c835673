"""Training images that nothing varies, with what is learned of each."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from convscope.data.pictures import AS_STORED, Display
from convscope.report.contents import Samples
from convscope.report.figures.captioned import captioned
from convscope.report.figures.style import MUTED


def picture(shown: Samples, captions: Sequence[str], ids: Sequence[str], points: np.ndarray | None) -> Figure:
    """Draw the images in rows below their captions; ``points`` (n, K, 2) are drawn where they lie."""
    lines = max(caption.count("\n") + 1 for caption in captions)
    figure = captioned(None, list(shown.images), captions, ids, lines)
    if points is not None:
        colours = colormaps["turbo"](np.linspace(0.05, 0.95, points.shape[1]))
        for axes, each in zip(figure.axes, points, strict=False):
            h, w = axes.images[0].get_size()
            x, y = ((each + 0.5) * (w / shown.images.shape[3], h / shown.images.shape[2]) - 0.5).T
            inside = (x > -0.5) & (x < w - 0.5) & (y > -0.5) & (y < h - 0.5)
            axes.scatter(x[inside], y[inside], s=3, c=colours[inside], linewidths=0)
    sentence = Display.of(shown.images).sentence
    if sentence != AS_STORED:
        figure.supxlabel("\n".join(textwrap.wrap(sentence, 110)), x=0.01, ha="left", fontsize=8, color=MUTED)
    return figure
