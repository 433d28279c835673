"""Training sequences of DNA, coloured by base, below the logo of all sequences of their class."""

from __future__ import annotations

import numpy as np
from matplotlib import colors
from matplotlib.figure import Figure

from convscope.data.transforms.dna import BASES
from convscope.data.transforms.text import text_of
from convscope.report.figures.sequences.glyphs import COLOURS
from convscope.report.figures.sequences.logos import stack
from convscope.report.figures.style import GREY, INK, MUTED, WIDE
from convscope.report.sequences.contents import Examples, Group
from convscope.report.text import shorten
from convscope.text import count

READING = (
    "Training sequences of each class as coloured bases: A green, C blue, G orange, T dark, others grey. Above them, "
    "where all are of one length, what the places of all sequences of the class tell, in bits."
)
LOGO, ROW, HEAD, GAP = 0.75, 0.14, 0.3, 0.2  # inches
LETTERS = 160  # of a longer sequence


def reading(examples: Examples) -> str:
    """Say how to read the picture."""
    return READING


def picture(examples: Examples) -> Figure:
    """Draw each class: its logo, and some of its sequences as rows of cells."""
    heights = [HEAD + (LOGO if group.logo is not None else 0) + ROW * len(group.raw) + GAP for group in examples.groups]
    height = sum(heights)
    figure = Figure(figsize=(WIDE, height))
    top = height
    for group, tall in zip(examples.groups, heights, strict=True):
        _group(figure, group, top, height)
        top -= tall
    return figure


def _group(figure: Figure, group: Group, top: float, height: float) -> None:
    left, wide = 0.035, 0.955
    name = shorten(group.name, 40) if group.name else count(group.size, "sequence")
    figure.text(left, (top - 0.2) / height, name, fontsize=9, fontweight="bold", color=INK)
    if group.name:
        said = count(group.size, "sequence")
        figure.text(left + wide, (top - 0.2) / height, said, fontsize=7, color=MUTED, ha="right")
    top -= HEAD
    rows = [text_of(raw[:LETTERS]) for raw in group.raw]
    longest = max(map(len, rows))
    if group.logo is not None:
        axes = figure.add_axes((left, (top - LOGO + 0.06) / height, wide, (LOGO - 0.1) / height))
        stack(axes, group.logo[:, :LETTERS])
        axes.tick_params(labelbottom=False)
        axes.spines["bottom"].set_visible(False)
        axes.set_xlim(0.5, longest + 0.5)
        top -= LOGO
    axes = figure.add_axes((left, (top - ROW * len(rows)) / height, wide, ROW * len(rows) / height))
    axes.imshow(_cells(rows, longest), aspect="auto", interpolation="none", extent=(0.5, longest + 0.5, len(rows), 0))
    axes.set_yticks([])
    axes.tick_params(labelsize=6, length=2, pad=1)
    for side in axes.spines.values():
        side.set_visible(False)


def _cells(rows: list[str], longest: int) -> np.ndarray:
    """Return sequences as colours (rows, longest, 4), transparent behind the shorter ones."""
    shown = {base: colors.to_rgba(COLOURS[base]) for base in BASES}
    cells = np.zeros((len(rows), longest, 4))
    for at, row in enumerate(rows):
        for place, letter in enumerate(row):
            cells[at, place] = shown.get(letter, colors.to_rgba(GREY, 0.5))
    return cells
