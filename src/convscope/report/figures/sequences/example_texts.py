"""Training texts, a column a class."""

from __future__ import annotations

import textwrap

from matplotlib.figure import Figure

from convscope.data.transforms.text import text_of
from convscope.report.figures.style import INK, MUTED, WIDE
from convscope.report.sequences.contents import Examples, Group
from convscope.report.text import clean, shorten
from convscope.text import count

READING = "Training texts, at even distances."
LINE, LETTER, LINES = 0.19, 0.083, 3  # inches of a line and of a letter; lines of a text
NARROWEST = 2.2


def reading(examples: Examples) -> str:
    """Say how to read the picture."""
    return READING


def picture(examples: Examples) -> Figure:
    """Draw the texts of each class below its name; long ones in several lines."""
    across = min(len(examples.groups), int(WIDE / NARROWEST))
    wide = int(WIDE / across / LETTER) - 3
    columns = [_lines(group, wide) for group in examples.groups]
    bands = [columns[at : at + across] for at in range(0, len(columns), across)]
    heights = [LINE * (max(map(len, band)) + 2.5) for band in bands]
    height = sum(heights)
    figure = Figure(figsize=(WIDE, height))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0, WIDE), ylim=(height, 0))
    axes.set_axis_off()
    top = 0.0
    groups = iter(examples.groups)
    for band, tall in zip(bands, heights, strict=True):
        for at, lines in enumerate(band):
            group, x = next(groups), 0.1 + at * WIDE / across
            head = f"{shorten(group.name, 28)}  " if group.name else ""
            axes.text(x, top + LINE, head, fontsize=9, fontweight="bold", color=INK)
            if not group.name:
                axes.text(x, top + LINE, count(group.size, "text"), fontsize=7.5, color=MUTED)
            else:
                axes.text(x, top + 1.9 * LINE, count(group.size, "text"), fontsize=7, color=MUTED)
            for line, (text, colour) in enumerate(lines):
                y = top + LINE * (line + 3)
                axes.text(x, y, text, fontsize=8.5, family="DejaVu Sans Mono", color=colour)
        top += tall
    return figure


def _lines(group: Group, wide: int) -> list[tuple[str, str]]:
    """Return the lines of a column with their colours: each text, and below it what is learned where it is no class."""
    lines: list[tuple[str, str]] = []
    for raw, said in zip(group.raw, group.said, strict=True):
        text = clean(text_of(raw[: wide * LINES + 1]))
        wrapped = textwrap.wrap(text, wide, max_lines=LINES, placeholder=" …") or ["␣"]
        lines += [(line, INK) for line in wrapped]
        lines += [(f"  {shorten(said, wide - 2)}", MUTED)] if said else []
    return lines
