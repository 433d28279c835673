"""What a design warning says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

NAMED = 5  # places that a line names beside the first


@dataclass(frozen=True)
class DesignWarning:
    """A finding at one place of a network: ``place`` is a node's name, or a module's where no node runs it.

    ``code`` names the kind, and silences it. ``number`` is the figure that the finding rests on (positions dropped,
    weights unused, ...). ``reason`` says what is the matter, ``remedy`` what to do about it.
    """

    code: str
    place: str
    number: float
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.code} at {self.place}: {self.reason}; {self.remedy}"


def lines(warnings: Sequence[DesignWarning]) -> list[str]:
    """Return the warnings as text, a line for each code; the first place of a kind is told in full."""
    kinds: dict[str, list[DesignWarning]] = {}
    for warning in warnings:
        kinds.setdefault(warning.code, []).append(warning)
    said: list[str] = []
    for first, *others in kinds.values():
        places = list(dict.fromkeys(warning.place for warning in others if warning.place != first.place))
        more = f", … ({len(places)} in all)" if len(places) > NAMED else ""
        said.append(f"{first}" + (f" (and likewise at {', '.join(places[:NAMED])}{more})" if places else ""))
    return said


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def axis_word(axis: int, rank: int) -> str:
    """Return what a position along a spatial axis is called.

    >>> axis_word(0, 2), axis_word(1, 2), axis_word(0, 1), axis_word(0, 3)
    ('row', 'column', 'position', 'slice')
    """
    return {1: ("position",), 2: ("row", "column"), 3: ("slice", "row", "column")}[rank][axis]
