"""What the numbers of the checks mean, in one sentence of plain words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from convscope.explaining.checks.deletion import Comparison, Deletion
from convscope.explaining.checks.random_weights import Cascade
from convscope.text import percent

if TYPE_CHECKING:
    from convscope.explaining.checks.result import Checks

# Spearman's correlation with random weights from which on a map is as much of the input as of the network: that of the
# magnitudes of two products is 0.48 where they share one of two normal factors.
SAME = 0.5
LARGELY = 0.71  # Spearman's correlation of ranks that have half of their variance in common
MISSED = 0.01  # of the score, by which a sum may miss it: more is said
NOT_RANDOMISED = "not checked with random weights"
ORDERS = {"random": "in random order", "edges": "by the edges of the {noun}"}


def passed(checks: Checks) -> bool | None:
    """Return whether the map shows what was learned, and beats random order under every fill.

    ``None`` where there is no comparison with random weights.
    """
    if not checks.trained or checks.constant == checks.examples:
        return False
    if checks.random_weights is None:
        return None
    beats = (each for fill in checks.deletion for each in fill.against if each.order == "random")
    return not shows_the_input(checks.random_weights) and all(each.better for each in beats)


def shows_the_input(cascade: Cascade) -> bool:
    """Return whether a map stays, at least half, what it is when nothing of what was learned is left."""
    return cascade.last.value is not None and cascade.last.value >= SAME


def verdict(checks: Checks) -> str:
    """Return the sentence."""
    sentence = _of_maps(checks)
    if checks.trained:
        return sentence
    return f"the network has learned nothing, so that no map can show what it learned; {sentence}"


def _of_maps(checks: Checks) -> str:
    if checks.constant == checks.examples:
        return f"the map is the same everywhere on every {checks.noun}: it says nothing"
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
        return "with random weights the map is the same everywhere: it depends on what was learned"
    alike = f"{cascade.last.words} like itself with random weights"
    if shows_the_input(cascade):
        outline = checks.edges.value if checks.edges else None
        filters = f" (and {outline:.2f} like its edges)" if outline is not None and outline >= SAME else ""
        region = " and the region asked for" if checks.region else ""
        return f"{alike}: shows the {checks.noun}{filters}{region}, not the network"
    others = cascade.others.value
    beside = "" if others is None else f" (maps of two different {checks.noun}s: {others:z.2f})"
    return f"{alike}{beside}: depends on what was learned"


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
