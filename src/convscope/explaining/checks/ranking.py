"""The methods of explanation in the order of their deletion areas on one run, beside a random order and the edges."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convscope.errors import ConfigError
from convscope.explaining.checks.deletion import Deletion
from convscope.explaining.checks.estimate import Estimate
from convscope.explaining.checks.result import Checks
from convscope.plain import plain
from convscope.text import listed

RANDOM, EDGES = "random order", "edges"  # of the input: what a method is to beat
OTHERS = {"random": RANDOM, "edges": EDGES}


@dataclass(frozen=True)
class Place:
    """One order, a method's or one that it is compared to, under one fill: its area of deletion, and its rank from 1.

    ``random_gain`` and ``edges_gain`` are by how much its area is smaller than theirs; above 0 it is better.
    """

    fill: str
    rank: int
    area: Estimate
    random_gain: Estimate | None
    edges_gain: Estimate | None


@dataclass(frozen=True)
class Row:
    """One order with its places, one under each fill, and the verdict of the checks: "" for what is no method."""

    name: str
    places: tuple[Place, ...]
    passed: bool | None
    verdict: str


@dataclass(frozen=True)
class Ranking:
    """The table, best first, and which of its names change places between the fills."""

    rows: tuple[Row, ...]
    flips: tuple[tuple[str, str], ...]

    @property
    def sentence(self) -> str:
        """What is to be said of the order."""
        fills = " and ".join(place.fill for place in self.rows[0].places)
        if not self.flips:
            return f"The ranks are the same under both fills ({fills})."
        pairs = listed((f"{first} and {second}" for first, second in self.flips), most=len(self.flips))
        return f"Ranks flip between the fills ({fills}): {pairs}."

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {**plain(self), "sentence": self.sentence}


def ranking(checks: Sequence[Checks]) -> Ranking:
    """Return the methods by the area under their deletion curves, a small one first: the mean rank over the fills.

    Raises ``ConfigError`` where there is none, or where they are not of the same inputs and score.
    """
    if not checks:
        raise ConfigError("there are no checks to rank: give those of one method or more")
    beside = [[(each.order, each.deletion) for each in fill.against] for fill in checks[0].deletion]
    for other in checks[1:]:
        if [[(each.order, each.deletion) for each in fill.against] for fill in other.deletion] != beside:
            raise ConfigError(f"{other.method} was checked on other inputs, or another score, than {checks[0].method}")
    by_fill = [_places([each.deletion[at] for each in checks], checks) for at in range(len(beside))]
    names = sorted(by_fill[0], key=lambda name: (sum(places[name].rank for places in by_fill), name))
    of = {each.method: each for each in checks}
    rows = tuple(
        Row(
            name,
            tuple(places[name] for places in by_fill),
            of[name].passed if name in of else None,
            of[name].verdict if name in of else "",
        )
        for name in names
    )
    return Ranking(rows, tuple(pair for pair in itertools.combinations(names, 2) if _flips(pair, by_fill)))


def _places(deletions: Sequence[Deletion], checks: Sequence[Checks]) -> dict[str, Place]:
    """Return the places of all orders under one fill."""
    areas: dict[str, tuple[Estimate, dict[str, Estimate]]] = {
        each.method: (deletion.deletion, {other.order: other.deletion_gain for other in deletion.against})
        for each, deletion in zip(checks, deletions, strict=True)
    }
    areas |= {OTHERS[other.order]: (other.deletion, {}) for other in deletions[0].against}
    order = sorted(areas, key=lambda name: (areas[name][0].value or 0.0, name))
    return {
        name: Place(deletions[0].fill, rank, area, gains.get("random"), gains.get("edges"))
        for rank, name in enumerate(order, 1)
        for area, gains in [areas[name]]
    }


def _flips(pair: tuple[str, str], by_fill: Sequence[dict[str, Place]]) -> bool:
    """Return whether two names stand in one order under one fill and in the other one under another."""
    return len({places[pair[0]].rank < places[pair[1]].rank for places in by_fill}) > 1
