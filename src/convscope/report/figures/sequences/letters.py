"""Letters of texts, coloured by what they do to the answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from convscope.report.contents import Contents
from convscope.report.figures.sequences.scale import CELLS, around_zero, legend
from convscope.report.figures.style import INK, MUTED, WIDE, Drawing
from convscope.report.sequences.contents import Explained
from convscope.report.text import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CELL, LINE, ABOVE = 0.165, 0.27, 0.24  # inches: the width of a letter, a line of letters, the words above
ACROSS, MOST = 56, 336  # letters of a line, and of a text
FOOT = 0.62  # inches for the scale


def draw(contents: Contents) -> Drawing | None:
    """Draw the texts; ``None`` where no letters were explained."""
    explained = contents.sequences and contents.sequences.explanations
    if not explained or explained.kind != "letters":
        return None
    figure = picture(explained.examples)
    return Drawing(figure, "Letters that count", f"{explained.method} Violet speaks for the answer, orange against it.")


def picture(examples: Sequence[Explained], effect: str = "the score falls by so much without it") -> Figure:
    """Draw each text below what it is and was taken for; ``effect`` says what the colours are."""
    norm = around_zero([example.effect for example in examples])
    lines = [math.ceil(min(MOST, len("".join(example.letters))) / ACROSS) for example in examples]
    height = sum(ABOVE + LINE * n + 0.08 for n in lines) + FOOT
    figure = Figure(figsize=(WIDE, height))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0, WIDE), ylim=(height, 0))
    axes.set_axis_off()
    top = 0.0
    for example, n in zip(examples, lines, strict=True):
        _text(axes, example, norm, top)
        top += ABOVE + LINE * n + 0.08
    bar = figure.add_axes((0.012, 0.24 / height, 0.25, 0.1 / height))
    legend(bar, norm, CELLS, effect)
    return figure


def _text(axes: Axes, example: Explained, norm: Normalize, top: float) -> None:
    axes.text(0.1, top + ABOVE - 0.07, example.said, fontsize=8, color=INK)
    axes.text(WIDE - 0.1, top + ABOVE - 0.07, shorten(example.id, 44), fontsize=7, color=MUTED, ha="right")
    effects = np.repeat(example.effect, [len(piece) for piece in example.letters])
    colours = colormaps[CELLS](norm(np.nan_to_num(effects)))
    for at, letter in enumerate("".join(example.letters)[:MOST]):
        x, y = 0.1 + CELL * (at % ACROSS), top + ABOVE + LINE * (at // ACROSS)
        axes.add_patch(Rectangle((x, y), CELL, LINE - 0.04, facecolor=colours[at], edgecolor="none"))
        shown = "…" if at == MOST - 1 else "" if letter.isspace() else letter
        axes.text(
            x + CELL / 2, y + LINE / 2 - 0.02, shown, ha="center", va="center", fontsize=9, color=ink(colours[at])
        )


def ink(colour: np.ndarray) -> str:
    """Return the colour of a letter on a cell's: black, or white on a dark one; the same in light and dark pages.

    >>> ink(np.array([1.0, 1.0, 1.0, 1.0])), ink(np.array([0.2, 0.0, 0.3, 1.0]))
    ('black', 'white')
    """
    return "white" if float(colour[:3] @ [0.299, 0.587, 0.114]) < 0.5 else "black"
