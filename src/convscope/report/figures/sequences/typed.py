"""What a network answers as a text is typed, letter by letter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from convscope.report.contents import Contents
from convscope.report.figures.style import INK, WIDE, Drawing, canvas, percent_axis
from convscope.report.figures.styles import look
from convscope.report.sequences.contents import Typed
from convscope.report.text import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ACROSS, ROW = 2, 1.5
MOST = 4  # classes with a line


def draw(contents: Contents) -> Drawing | None:
    """Draw the answers to the beginnings of some texts; ``None`` where there are none."""
    shown = contents.sequences
    if shown is None or not shown.typed:
        return None
    down = -(-len(shown.typed) // ACROSS)
    figure = canvas(WIDE, ROW * down + 0.2)
    shares = contents.task == "classification"
    for axes, text in zip(figure.subplots(down, ACROSS, squeeze=False).ravel(), shown.typed, strict=False):
        _panel(axes, text, shown.names, shares=shares)
    for axes in figure.axes[len(shown.typed) :]:
        axes.set_axis_off()
    what = "The probabilities" if shares else "What is answered"
    return Drawing(
        figure,
        "As it is typed",
        f"{what} after each letter, every beginning of the text answered by itself. Where the line turns, the letter "
        "below it changed the network's mind.",
    )


def _panel(axes: Axes, text: Typed, names: tuple[str, ...], *, shares: bool) -> None:
    places = np.arange(len(text.letters))
    values = text.values.reshape(len(places), -1)
    lines = np.argsort(-values[-1], kind="stable")[: MOST if values.shape[1] > 2 else 1].tolist()
    for at, k in enumerate(lines):
        axes.plot(places, values[:, k], color=look(at).colour, marker="o", markersize=2.5, linewidth=1.4)
        name = shorten(names[k], 16)
        axes.text(
            places[-1] + 0.02 * len(places),
            values[-1, k],
            name,
            color=look(at).colour,
            fontsize=7,
            va="center",
            clip_on=False,
        )
    axes.set_xticks(places, ["␣" if letter.isspace() else letter for letter in text.letters])
    axes.tick_params(axis="x", labelsize=8 if len(places) <= 30 else 6, length=0)
    axes.set_title(text.said, fontsize=8, fontweight="normal", color=INK, pad=4)
    if shares:
        axes.set_ylim(-0.02, 1.02)
        percent_axis(axes.yaxis)
    axes.tick_params(axis="y", labelsize=6.5)
    axes.grid(axis="y")
    axes.spines["left"].set_visible(False)
