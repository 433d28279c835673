"""How the score falls while the places that count most are taken away, and rises while they alone are put back.

Petsiuk, Das and Saenko, RISE, 2018: the area under the score along the way. A map that points at what counts has a
small area of deletion and a large one of insertion; small and large beside what: the same places in an order drawn at
random, and in the order of the edges of the input itself, which needs no network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from convscope.explaining.checks.edges import edges
from convscope.explaining.checks.estimate import Estimate, mean_of
from convscope.explaining.checks.fills import Fill, fills
from convscope.explaining.checks.positions import positions
from convscope.explaining.explained import Explained
from convscope.explaining.score import NUMBERS, Score, scores

STEPS, DRAWS = 16, 3  # of the way from the whole input to nothing; orders drawn at random an example
FEWEST, LARGE = 8, 10_000  # steps, and one order, for inputs of more places: each pass costs more, an area is smoother
AT_ONCE = 256  # inputs whose fill is made together


@dataclass(frozen=True)
class Areas:
    """The mean score along each way, one number an example (N,): what the score is of an example half taken away."""

    deletion: np.ndarray
    insertion: np.ndarray


@dataclass(frozen=True)
class References:
    """What maps of a batch are compared to: for each fill the areas of the other orders, and the scores at both ends.

    None of it depends on a map, so that several methods share it. ``orders`` names ``random``, and ``edges`` for inputs
    that have some; ``whole`` and ``empty`` (N,) are the scores of the inputs and of what is left of them in the end.
    """

    fill: Fill
    whole: np.ndarray
    empty: np.ndarray
    orders: Mapping[str, Areas]


@dataclass(frozen=True)
class Comparison:
    """A map's order beside another one: the other's areas, and by how much the map's is better (above 0: it is)."""

    order: str
    deletion: Estimate
    insertion: Estimate
    deletion_gain: Estimate
    insertion_gain: Estimate

    @property
    def better(self) -> bool:
        """Whether the score falls faster by the map than by the other order: the whole interval says so."""
        return self.deletion_gain.above_zero


@dataclass(frozen=True)
class Deletion:
    """The areas of a map under one fill, in units of the score, and beside each other order."""

    fill: str
    whole: Estimate
    empty: Estimate
    deletion: Estimate
    insertion: Estimate
    against: tuple[Comparison, ...]


def references(explained: Explained, score: Score, seed: int = 0) -> tuple[References, ...]:
    """Return for each fill what every map of these inputs is compared to."""
    there = positions(explained.x)
    outline = edges(explained.x)
    return tuple(_references(explained, score, fill, there, outline, seed) for fill in fills(explained))


def _references(
    explained: Explained, score: Score, fill: Fill, there: np.ndarray, outline: np.ndarray | None, seed: int
) -> References:
    rng = np.random.default_rng(seed)
    ends = np.concatenate([np.zeros_like(there), there])
    whole, empty = _scores(explained, score, fill, ends).reshape(2, -1)
    known = (whole, empty)
    orders: dict[str, Areas] = {}
    draws = DRAWS if steps_for(there) == STEPS else 1
    drawn = [_curve(explained, score, fill, ranks(rng.random(there.shape), there), there, known) for _ in range(draws)]
    area = np.mean([_area(curve) for curve in drawn], axis=0)
    orders["random"] = Areas(area, area)  # insertion goes the same way from its other end, in an order as random
    if outline is not None:
        orders["edges"] = _areas(explained, score, fill, outline, known)
    return References(fill, whole, empty, orders)


def deletion(
    explained: Explained, score: Score, importance: np.ndarray, beside: Sequence[References]
) -> tuple[Deletion, ...]:
    """Return the areas of maps ``importance`` (N, *space), highest first, under each fill, beside the references."""
    found: list[Deletion] = []
    for each in beside:
        areas = _areas(explained, score, each.fill, importance, (each.whole, each.empty))
        against = tuple(_compared(name, areas, other) for name, other in each.orders.items())
        ends = (mean_of(each.whole), mean_of(each.empty))
        found.append(Deletion(each.fill.name, *ends, mean_of(areas.deletion), mean_of(areas.insertion), against))
    return tuple(found)


def _compared(name: str, areas: Areas, other: Areas) -> Comparison:
    return Comparison(
        name,
        mean_of(other.deletion),
        mean_of(other.insertion),
        mean_of(other.deletion - areas.deletion),
        mean_of(areas.insertion - other.insertion),
    )


def ranks(importance: np.ndarray, there: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return the place in the order of each position, (N, *space) int: 0 the highest; those not ``there`` come last.

    Equal ones are in an order drawn at random, so that a constant map is a random order and not that of the rows.

    >>> ranks(np.array([[1.0, 3.0, 2.0]]), np.array([[True, True, False]])).tolist()
    [[1, 0, 2]]
    """
    values = np.where(there, importance, -np.inf).reshape(len(importance), -1)
    at = np.random.default_rng(seed).permutation(values.shape[1])
    order = at[np.argsort(-values[:, at], axis=1, kind="stable")]
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.arange(values.shape[1])[None], axis=1)
    return places.reshape(there.shape)


def steps_for(there: np.ndarray) -> int:
    """Return how many steps the way has for inputs of so many places, (N, *space).

    >>> steps_for(np.ones((32, 28, 28), bool)), steps_for(np.ones((32, 224, 224), bool))
    (16, 8)
    """
    return STEPS if there[0].size <= LARGE else FEWEST


def _areas(
    explained: Explained,
    score: Score,
    fill: Fill,
    importance: np.ndarray,
    ends: tuple[np.ndarray, np.ndarray],
) -> Areas:
    there = positions(explained.x)
    place = ranks(importance, there)
    last_first = np.where(there, _counts(there) - 1 - place, place)  # what is put back first is taken away last
    taken, put_back = (_curve(explained, score, fill, order, there, ends) for order in (place, last_first))
    return Areas(_area(taken), _area(put_back))


def _counts(there: np.ndarray) -> np.ndarray:
    return there.sum(tuple(range(1, there.ndim)), keepdims=True)


def _curve(
    explained: Explained,
    score: Score,
    fill: Fill,
    place: np.ndarray,
    there: np.ndarray,
    ends: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    """Return the scores (N, steps + 1) while the positions go in their order, from the whole input to nothing."""
    steps = steps_for(there)
    gone = [there & (place < np.rint(_counts(there) * step / steps)) for step in range(1, steps)]
    between = _scores(explained, score, fill, np.concatenate(gone)).reshape(steps - 1, -1)
    return np.stack([ends[0], *between, ends[1]], axis=1)


def _scores(explained: Explained, score: Score, fill: Fill, gone: np.ndarray) -> np.ndarray:
    """Return the scores (k·N,) of the inputs without the places ``gone`` (k·N, *space)."""
    N = len(explained.x)
    rows = np.arange(len(gone)) % N
    size = N * max(1, min(AT_ONCE, NUMBERS // max(1, explained.x[0].numel())) // N)
    parts = [
        scores(explained.model, fill.replace(gone[at : at + size]), score.at(torch.from_numpy(rows[at : at + size])))
        for at in range(0, len(gone), size)
    ]
    return np.concatenate(parts)


def _area(curve: np.ndarray) -> np.ndarray:
    """Return the area under curves (N, steps + 1) over a way of length 1, by trapezoids: the mean score along it."""
    return np.trapezoid(curve, dx=1 / (curve.shape[1] - 1), axis=1)
