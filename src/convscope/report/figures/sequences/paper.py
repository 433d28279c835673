"""Paper for traces, as an electrocardiogram is drawn on: five small squares to a large one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FixedLocator, MaxNLocator

from convscope.report.figures.style import FAINT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

LARGE = 0.2  # seconds of a large square on the paper of electrocardiographs, which runs at 25 mm a second
LONGEST = 6.0  # seconds up to which that can be told apart
SMALL = 5  # small squares to a large one


def squared(axes: Axes, seconds: float | None, *, down: int = 4) -> None:
    """Draw squares behind a trace: 0.2 s wide where its ``seconds`` are known and few, else at round numbers.

    The limits of the axes stand before. The lines are two for each direction, not one a square, which would be slow.
    """
    fixed = seconds is not None and LARGE <= seconds <= LONGEST
    for axis, lines, limits, across in (
        (axes.xaxis, axes.vlines, axes.get_xlim(), axes.get_ylim()),
        (axes.yaxis, axes.hlines, axes.get_ylim(), axes.get_xlim()),
    ):
        large = _ticks(axis, limits, LARGE if fixed and axis is axes.xaxis else None, 8 if axis is axes.xaxis else down)
        step = (large[1] - large[0]) / SMALL if len(large) > 1 else limits[1] - limits[0]
        small = np.arange(np.floor((limits[0] - large[0]) / step), np.ceil((limits[1] - large[0]) / step) + 1)
        small = large[0] + step * small
        small = small[(small >= limits[0]) & (small <= limits[1])]
        lines(small, *across, color=FAINT, linewidth=0.4, alpha=0.7, zorder=0.5)
        lines(large[(large >= limits[0]) & (large <= limits[1])], *across, color=FAINT, linewidth=0.8, zorder=0.5)
    axes.tick_params(which="both", length=0, labelsize=6.5)
    for side in axes.spines.values():
        side.set_visible(False)


def _ticks(axis: Axis, limits: tuple[float, float], step: float | None, most: int) -> np.ndarray:
    """Set and return the places of the large squares' lines."""
    if step is None:
        places = MaxNLocator(most).tick_values(*limits)
    else:
        places = np.arange(np.ceil(limits[0] / step), limits[1] // step + 1) * step
    inside = [float(place) for place in places if limits[0] <= place <= limits[1]]
    written = inside[:: max(1, -(-len(inside) // most))]
    axis.set_major_locator(FixedLocator(written))
    return np.asarray(places)
