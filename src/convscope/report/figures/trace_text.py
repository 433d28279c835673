"""A whole text above a traced number: its tokens, which of them the number sees, and the one where the way ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patches import Rectangle

from convscope.report.figures.style import INK, MUTED, ORANGE, TEAL
from convscope.report.text import shorten
from convscope.text import count
from convscope.tracing.table import name, number
from convscope.tracing.terms import Trace

if TYPE_CHECKING:
    from matplotlib.figure import SubFigure

WIDE, LINES = 40, 9  # characters in a line, and lines: of a longer text the part around what is seen is drawn
FEWEST = 16  # characters that a line is wide at least
LONGEST = 18  # characters of a token


@dataclass(frozen=True)
class Cell:
    """A token as it is drawn: its position in the text, what is written, and where: line, and first character of it."""

    position: int
    written: str
    line: int
    left: int

    @property
    def width(self) -> int:
        """Characters that it takes."""
        return max(1, len(self.written)) + (len(self.written) > 1)


def draw(part: SubFigure, chain: Sequence[Trace], seen: np.ndarray | None, end: int | None) -> None:
    """Draw the tokens of the text that was given; ``seen`` (1, L) are those that the first number depends on.

    ``end`` is the one at which the way ends, if it ends at one.
    """
    letters = chain[0].forward.letters
    at = np.flatnonzero(seen[0, : len(letters)]) if seen is not None else np.array([], int)
    cells = laid_out(letters, int(at[0]) if len(at) else end or 0)
    axes = part.add_axes((0.012, 0.04, 0.6, 0.86))
    axes.set_axis_off()
    across = min(WIDE, max(FEWEST, *(cell.left + cell.width for cell in cells)))  # a short text in large letters
    axes.set(xlim=(-0.6, across + 0.6), ylim=((LINES + 0.2) * across / WIDE, -0.5))
    for cell in cells:
        inside = cell.position in at
        box = Rectangle((cell.left, cell.line + 0.06), cell.width, 0.84, facecolor=TEAL if inside else "none",
                        edgecolor=MUTED, alpha=0.28 if inside else 1.0, linewidth=0.6)  # fmt: skip
        axes.add_patch(box)
        if cell.position == end:
            edge = Rectangle(
                (cell.left, cell.line + 0.06), cell.width, 0.84, fill=False, edgecolor=ORANGE, linewidth=1.8, zorder=3
            )
            axes.add_patch(edge)
        axes.text(cell.left + cell.width / 2, cell.line + 0.5, cell.written, ha="center", va="center",
                  fontsize=8 * WIDE / across, color=INK, family="monospace")  # fmt: skip
    for line, text in enumerate(_lines(chain, letters, at, end, cells)):
        size, weight = (9.5, "bold") if line == 0 else (8.5, "normal")
        part.text(0.64, 0.86 - 0.11 * line, text, fontsize=size, fontweight=weight, va="top", color=INK)


def laid_out(letters: Sequence[str], first_seen: int = 0) -> list[Cell]:
    """Return the tokens in lines, of a text too long for them those from shortly before ``first_seen`` on.

    >>> [(cell.line, cell.left, cell.written) for cell in laid_out(["ana", "y", "eva"])]
    [(0, 0, 'ana'), (0, 4, 'y'), (0, 5, 'eva')]
    >>> laid_out(["a"] * 10_000, 5_000)[0].position
    4980
    """
    written = [shorten(letter, LONGEST).replace(" ", "\N{OPEN BOX}") for letter in letters]
    whole = _cells(written, 0)
    if len(whole) == len(written):
        return whole
    begin = min(first_seen, len(written) - 1)
    before = 0  # characters: about a line of them
    while begin and before + len(written[begin - 1]) < WIDE:
        begin -= 1
        before += len(written[begin]) + 1
    return _cells(written, begin)


def _cells(written: Sequence[str], begin: int) -> list[Cell]:
    """Return the tokens from ``begin`` on, as many as there is room for."""
    cells: list[Cell] = []
    line = left = 0
    for position in range(begin, len(written)):
        cell = Cell(position, written[position], line, left)
        if left and left + cell.width > WIDE:
            line, left = line + 1, 0
            cell = Cell(position, written[position], line, left)
        if line >= LINES:
            break
        cells.append(cell)
        left += cell.width
    return cells


def _lines(
    chain: Sequence[Trace], letters: Sequence[str], at: np.ndarray, end: int | None, cells: Sequence[Cell]
) -> list[str]:
    noun = "letter" if all(len(letter) == 1 for letter in letters) else "token"
    said = (f"{name(chain[0])} = {number(chain[0].total)}", f"{chain[0].engine}: {number(chain[0].value)}")
    lines = [each.replace("-", "\N{MINUS SIGN}") for each in said]
    if len(at):
        lines.append(f"It sees {len(at):,} of {count(len(letters), noun)} (green).")
    if len(cells) < len(letters):
        lines.append(f"Drawn: {noun}s {cells[0].position + 1:,} to {cells[-1].position + 1:,}.")
    if end is not None:
        lines += ["", "Along the largest product in each step the way", f"ends at {noun} {end + 1} (orange):",
                  f"“{shorten(letters[end], LONGEST)}”."]  # fmt: skip
    return lines
