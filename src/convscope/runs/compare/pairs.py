"""Two networks on the same examples: by how much they differ, and whether that could be chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from convscope.runs.compare.estimates import Estimate
from convscope.runs.compare.statistics import two_sided
from convscope.tasks.metrics.bootstrap import interval
from convscope.tasks.metrics.comparison import named_test
from convscope.tasks.metrics.paired import paired
from convscope.tasks.metrics.proportion import wilson
from convscope.tasks.metrics.units import Units
from convscope.tasks.scores import Evidence

DRAWS = 10_000  # resamples of the main figure, which decides
LEVEL = 0.05  # below this corrected p a difference counts as shown


@dataclass(frozen=True)
class Pair:
    """Two networks on the same examples, the better one as ``a``.

    ``difference`` is the main figure of a minus that of b with its 95 % interval, whose ends are ``None`` where nothing
    is known of them; ``p`` is the probability, if both were equally good, of one at least as large, by ``test``
    ("mcnemar", "sign_flip" or "bootstrap"); ``p_holm`` is p corrected for the number of pairs. ``seeds`` holds, for
    each seed that both were trained with (or the one of each), what ``tasks.metrics.paired`` says of these two runs.
    """

    a: str
    b: str
    difference: Estimate
    test: str
    p: float
    p_holm: float
    seeds: tuple[dict[str, Any], ...]

    @property
    def decided(self) -> bool:
        """Whether the difference is beyond chance."""
        return self.p_holm < LEVEL


class Trained(Protocol):
    """A network that was trained with some ``seeds``, and its ``figures``."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds it was trained with."""
        ...

    @property
    def figures(self) -> Mapping[str, Estimate]:
        """Its figures, over all seeds."""
        ...


def pair_of(
    a: Trained,
    b: Trained,
    differences: np.ndarray,
    groups: dict[str, dict[int, int]],
    evidence: list[Evidence],
    main: str,
    units: Units,
) -> Pair:
    """Compare two networks by the main figure; ``differences`` (resamples,) are those of their means over seeds."""
    once = len(a.seeds) == len(b.seeds) == 1
    mine, theirs = groups[a.name], groups[b.name]
    matched = [(a.seeds[0], b.seeds[0])] if once else [(seed, seed) for seed in mine if seed in theirs]
    each = tuple(
        {"seed_a": s, "seed_b": t, **paired(evidence[mine[s]], evidence[theirs[t]], main, units=units, resamples=DRAWS)}
        for s, t in matched
    )
    if once:
        return Pair(a.name, b.name, each[0]["difference"], *named_test(each[0]), 1.0, each)
    value = a.figures[main]["value"] - b.figures[main]["value"]
    low, high = (float(end) for end in interval(differences, value))
    if not np.isfinite([low, high]).all():  # every run answers alike on every example
        spread = wilson(0, units.count)[1] if evidence[0].per_example.dtype == bool else None
        low, high = (None, None) if spread is None else (value - spread, value + spread)
    return Pair(
        a.name, b.name, {"value": value, "low": low, "high": high}, "bootstrap", two_sided(differences), 1.0, each
    )
