"""One scale around zero for what speaks for an answer and what against it, in every picture of sequences."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.ticker import MaxNLocator

from convscope.report.figures.kernels import COLOURS
from convscope.report.figures.style import MUTED, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

VIOLET, PALE = "#5b3a98", "#b9bfc7"
CELLS = COLOURS  # of cells: orange below zero, white at zero, violet above
LINE = LinearSegmentedColormap.from_list("orange-grey-violet", [ORANGE, PALE, VIOLET])  # a white line is none


def around_zero(effects: Iterable[np.ndarray]) -> Normalize:
    """Return the scale of several effects, from minus the largest to the largest."""
    known = [np.nanmax(np.abs(effect), initial=0.0) for effect in effects if np.isfinite(effect).any()]
    limit = float(max(known, default=0.0)) or 1.0
    return Normalize(-limit, limit)


def legend(axes: Axes, norm: Normalize, colours: str | LinearSegmentedColormap, title: str) -> None:
    """Fill axes with the scale's bar."""
    assert axes.figure is not None
    bar = axes.figure.colorbar(
        ScalarMappable(norm, colours), cax=axes, orientation="horizontal", ticks=MaxNLocator(5, symmetric=True)
    )
    bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    axes.set_title(title, fontsize=8, color=MUTED, fontweight="normal", pad=4)
