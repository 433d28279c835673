"""How every figure looks: one palette, one type size, no more ink than the data needs.

The colours are told apart with any colour vision (checked for the three dichromacies) and in grey print. In the page
each is replaced by a CSS variable, so that the same drawing serves light and dark.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

INK, MUTED, FAINT, PAPER = "#1c2127", "#5d6672", "#d8dde3", "#fffffe"
BLUE, ORANGE, TEAL, GREY = "#2367b0", "#c4570c", "#12876a", "#8b949f"
VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    FAINT: "--faint",
    PAPER: "--paper",
    BLUE: "--blue",
    ORANGE: "--orange",
    TEAL: "--teal",
    GREY: "--grey",
}
WIDE, HALF = 9.6, 4.7  # inches; the page shows 100 pixels to an inch

_SETTINGS: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same picture on every machine
    "font.size": 8.5,
    "text.color": INK,
    "text.parse_math": False,  # a class may be called "$x"
    "axes.edgecolor": GREY,
    "axes.facecolor": "none",
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlepad": 8,
    "axes.unicode_minus": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "xtick.major.width": 0.7,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "svg.fonttype": "none",  # text stays text: small, sharp, searchable, readable aloud
    "svg.hashsalt": "convscope",  # the same figure gives the same file
    "path.simplify_threshold": 0.2,
}


@dataclass(frozen=True)
class Drawing:
    """A figure with its title and two or three sentences on how to read it."""

    figure: Figure
    title: str
    reading: str


@contextmanager
def applied() -> Iterator[None]:
    """Draw and save in this style; the settings in force before return afterwards."""
    with matplotlib.rc_context(_SETTINGS), warnings.catch_warnings():
        # A class name in a script the font lacks is right in the page's SVG, and shown as a box in the PNG.
        warnings.filterwarnings("ignore", r"Glyph .* missing from font")
        warnings.filterwarnings("ignore", r"Matplotlib currently does not support .* natively")
        yield


def canvas(width: float, height: float) -> Figure:
    """Return an empty figure of this size in inches, whose parts make room for each other."""
    return Figure(figsize=(width, height), layout="constrained")


def percent_axis(axis: Axis) -> None:
    """Write the ticks of an axis of shares as percentages, with as many decimals as its range needs."""
    axis.set_major_formatter(PercentFormatter(1, symbol="\u202f%"))


def grid(axes: Axes, which: str = "y") -> None:
    """Draw faint lines at the ticks of one axis, and take its spine away."""
    axes.grid(axis=which)  # pyright: ignore[reportArgumentType]
    axes.spines["left" if which == "y" else "bottom"].set_visible(False)
