"""What the checks of a method measured, in clauses of plain words: what ``belief`` goes by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from convscope.explaining.checks.belief import LARGELY, SAME, shows_the_input, stays_in_part
from convscope.explaining.checks.deletion import Comparison, Deletion
from convscope.text import percent

if TYPE_CHECKING:
    from convscope.explaining.checks.result import Checks

MISSED = 0.01  # of the score, by which a sum may miss it: more is said
NOT_RANDOMISED = "not checked with random weights"
ORDERS = {"random": "in random order", "edges": "by the edges of the {noun}"}


def figures(checks: Checks) -> str:
    """Return what the checks measured, as clauses."""
    if checks.constant == checks.examples:
        return f"on every {checks.noun} the map is one number"
    parts = [_of_random_weights(checks)]
    if checks.random_weights is None or not shows_the_input(checks.random_weights):
        parts.append(_of_deletion(checks.deletion, checks.noun))
        parts += _reservations(checks)
    return "; ".join(part for part in parts if part)


def _reservations(checks: Checks) -> Iterator[str]:
    """Yield what is to be held against a map that depends on what was learned."""
    outline, steady, second = (
        estimate.value if estimate else None for estimate in (checks.edges, checks.stability, checks.runner_up)
    )
    if outline is not None and outline >= SAME:
        yield f"{outline:.2f} like the edges of the {checks.noun}"
    if steady is not None and steady < SAME:
        yield f"only {steady:.2f} like itself under noise of 1 % of the range"
    top = checks.random_weights.steps[0] if checks.random_weights else None
    if top is not None and top.spearman.value is not None and top.spearman.value >= LARGELY:
        yield f"{top.spearman.value:.2f} like itself where only the last layer ({top.layer}) is random"
    if second is not None and second >= LARGELY:
        yield f"{second:.2f} like the map of the runner-up: says little of this answer in particular"
    if checks.gap and checks.gap.median > MISSED:
        yield f"its sum misses what theory says by {percent(checks.gap.median)} of the score in the median"
    if checks.constant:
        yield f"on {checks.constant} of {checks.examples} {checks.noun}s the map is the same everywhere"


def _of_random_weights(checks: Checks) -> str:
    cascade = checks.random_weights
    if cascade is None:
        return next((note for note in checks.notes if note.startswith(NOT_RANDOMISED)), NOT_RANDOMISED)
    if cascade.last.value is None:
        return "with random weights the map is the same everywhere"
    alike = f"{cascade.last.words} like itself with random weights"
    others = cascade.others.value
    beside = "" if others is None else f" (maps of two different {checks.noun}s: {others:z.2f})"
    if shows_the_input(cascade):
        return f"{alike}{beside}: {_what_stays(checks)}, not the network"
    if stays_in_part(cascade):
        return f"{alike}{beside}: the {checks.noun} is part of what it shows"
    return f"{alike}{beside}: depends on what was learned" if checks.trained else f"{alike}{beside}"


def _what_stays(checks: Checks) -> str:
    """Say what a map shows that stays itself without anything that was learned."""
    outline = checks.edges.value if checks.edges else None
    filters = f" (and {outline:.2f} like its edges)" if outline is not None and outline >= SAME else ""
    region = " and the region asked for" if checks.region else ""
    cascade = checks.random_weights
    if cascade is not None and cascade.others.value is not None and not stays_in_part(cascade):
        return f"shows what maps of any {checks.noun} share{filters}{region}"
    return f"shows the {checks.noun}{filters}{region}"


def _of_deletion(fills: Sequence[Deletion], noun: str) -> str:
    """Say beside each other order how fast the score falls without what counts most."""
    orders = [each.order for each in fills[0].against] if fills else []
    said = [_beside(order, fills, noun) for order in orders]
    return f"without what it marks the score falls {' and '.join(said)}" if said else ""


def _beside(order: str, fills: Sequence[Deletion], noun: str) -> str:
    speeds = {fill.fill: _speed(each) for fill in fills for each in fill.against if each.order == order}
    other = ORDERS[order].format(noun=noun)
    if len(set(speeds.values())) == 1:
        return f"{next(iter(speeds.values()))} than {other}"
    each = " but ".join(f"{speed} (fill: {name})" for name, speed in speeds.items())
    flip = ", so that ranks flip," if {"faster", "slower"} <= set(speeds.values()) else ""
    return f"{each}{flip} than {other}"


def _speed(comparison: Comparison) -> str:
    if comparison.better:
        return "faster"
    return "slower" if comparison.deletion_gain.below_zero else "no faster"
