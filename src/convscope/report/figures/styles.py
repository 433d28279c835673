"""How the networks of a comparison are told apart in every figure: by colour first, then by line and mark."""

from __future__ import annotations

from dataclasses import dataclass

from convscope.report.figures.style import BLUE, GREY, INK, ORANGE, TEAL

COLOURS = (BLUE, ORANGE, TEAL, INK, GREY)
_LINES = ("-", (0, (4, 2)), (0, (1, 1.5)))
_MARKS = ("o", "s", "^")
POINT_MARKS = ("o", "s", "^", "D", "v")  # of as many points as can be told apart by their marks


@dataclass(frozen=True)
class Look:
    """One network's colour, line style and mark."""

    colour: str
    line: str | tuple[int, tuple[float, ...]]
    mark: str


def look(at: int) -> Look:
    """Return the look of the ``at``-th network: fifteen that differ, then the same again."""
    turn = at // len(COLOURS) % len(_LINES)
    return Look(COLOURS[at % len(COLOURS)], _LINES[turn], _MARKS[turn])
