"""Convolution, recurrence or attention: networks with equal weights, and with equal time, beside the simple method.

Each arm is a comparison of its own. The simple method, the best one on the validation split, joins its networks as one
that needs no seeds; all pairs of the arm, with it, are one family of tests, corrected by Holm's method.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from convscope.runs.compare.comparison import Comparison, Network
from convscope.runs.compare.estimates import Estimate, pooled_estimates
from convscope.runs.compare.pairs import DRAWS, LEVEL
from convscope.runs.compare.statistics import resampled_means, two_sided
from convscope.runs.predictions import read_answers
from convscope.runs.run import Run
from convscope.tasks.metrics.bootstrap import interval
from convscope.tasks.metrics.holm import holm
from convscope.tasks.metrics.paired import resampled
from convscope.tasks.metrics.units import Units
from convscope.tasks.scores import Evidence

LENGTHS = (100, 1_000, 4_000)  # steps at which memory is told


@dataclass(frozen=True)
class Measured:
    """What a network costs: milliseconds for one answer, bytes that one example keeps by its length, learning rate.

    ``near`` says whether its weights are within a tenth of what all should have, ``options`` how it was sized.
    """

    mechanism: str
    milliseconds: float
    kept: dict[int, int]
    lr: float
    near: bool
    options: dict[str, Any]


@dataclass(frozen=True)
class Simple:
    """The simple method: its ``figures``, and what it shows of each of the examples ``ids``."""

    name: str
    what: str
    figures: dict[str, Estimate]
    seconds: float
    evidence: Evidence
    ids: np.ndarray


@dataclass(frozen=True)
class Lead:
    """How far a network is ahead of the simple method, with the p of the whole family's correction."""

    network: str
    difference: Estimate
    p: float
    p_holm: float

    @property
    def decided(self) -> bool:
        """Whether the difference is beyond chance."""
        return self.p_holm < LEVEL


@dataclass(frozen=True)
class Arm:
    """One table: ``rule`` says what is equal; ``leads`` are those over the simple method."""

    name: str
    rule: str
    comparison: Comparison
    leads: tuple[Lead, ...]

    def lead(self, network: str) -> Lead:
        """Return that of one network."""
        return next(lead for lead in self.leads if lead.network == network)


@dataclass(frozen=True)
class Architectures:
    """All that a comparison of architectures found.

    ``caption`` says how examples become steps, and what is shared; ``notes`` what a reader must know before relying on
    the figures.
    """

    data: str
    caption: str
    arms: tuple[Arm, ...]
    simple: Simple | None
    measured: dict[str, Measured]
    rates: dict[str, dict[str, float | None]]
    verdict: str
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, fit for JSON."""
        simple = self.simple and {
            "name": self.simple.name, "what": self.simple.what, "figures": self.simple.figures,
            "seconds": self.simple.seconds,
        }  # fmt: skip
        return {
            "format": 1, "data": self.data, "caption": self.caption, "verdict": self.verdict,
            "notes": list(self.notes), "simple": simple,
            "networks": {name: asdict(each) for name, each in self.measured.items()}, "rates": self.rates,
            "arms": [
                {
                    "name": arm.name, "rule": arm.rule, "comparison": arm.comparison.to_dict(),
                    "leads": [{**asdict(lead), "decided": lead.decided} for lead in arm.leads],
                }
                for arm in self.arms
            ],
        }  # fmt: skip


def notes_of(arms: Sequence[Arm], *, searched: bool) -> tuple[str, ...]:
    """Return the notes of all arms, each once; a search for rates on the examples that judge is one of them."""
    notes = dict.fromkeys(note for arm in arms for note in arm.comparison.notes)
    if searched and arms[0].comparison.split == "valid":
        notes["the learning rates were chosen on the examples that judge: the networks' scores are optimistic"] = None
    return tuple(notes)


def arm_of(name: str, rule: str, comparison: Comparison, runs: Sequence[Run], simple: Simple | None) -> Arm:
    """Return an arm: the comparison of ``runs`` with the simple method in its family of tests."""
    if simple is None:
        return Arm(name, rule, comparison, ())
    main = comparison.main
    answers = [read_answers(run) for run in runs]
    evidence = [*(each.of(simple.ids) for each in answers), simple.evidence]
    units = Units.of(_groups(runs, simple.ids), len(simple.ids))
    groups = [{run.seed: _place(runs, run.folder) for run in network.runs} for network in comparison.networks]
    figures = resampled(evidence, main, units, DRAWS, seed=0)
    draws = resampled_means(figures, [*groups, {0: len(runs)}], seed=0)
    leads = [
        _lead(network, draws[at] - draws[-1], simple.figures[main]["value"], main)
        for at, network in enumerate(comparison.networks)
    ]
    corrected = holm([*(pair.p for pair in comparison.pairs), *(lead.p for lead in leads)])
    pairs = [replace(pair, p_holm=p) for pair, p in zip(comparison.pairs, corrected, strict=False)]
    told = [replace(lead, p_holm=p) for lead, p in zip(leads, corrected[len(pairs) :], strict=True)]
    return Arm(name, rule, replace(comparison, pairs=tuple(pairs)), tuple(told))


def simple_figures(evidence: Evidence, names: Sequence[str], units: Units) -> dict[str, Estimate]:
    """Return the simple method's figures with their intervals, as those of a network with one seed."""
    return pooled_estimates([evidence], names, units)


def _lead(network: Network, differences: np.ndarray, simple: float, main: str) -> Lead:
    value = float(network.figures[main]["value"]) - simple
    low, high = (float(end) for end in interval(differences, value))
    ends = (low, high) if np.isfinite([low, high]).all() else (None, None)
    return Lead(network.name, {"value": value, "low": ends[0], "high": ends[1]}, two_sided(differences), 1.0)


def _groups(runs: Sequence[Run], ids: np.ndarray) -> np.ndarray | None:
    from convscope.runs.compare.checks import groups_of

    return groups_of(runs[0], ids)


def _place(runs: Sequence[Run], folder: str) -> int:
    return next(at for at, run in enumerate(runs) if str(run.folder) == folder)


def verdict(arms: Sequence[Arm], simple: Simple | None, measured: Mapping[str, Measured]) -> str:
    """Return the verdict in one sentence: which, by how much, whether it is certain, and what it costs."""
    first = arms[0]
    best = first.comparison.best
    none = not any(_beats(arm) for arm in arms)
    parts = [_over_simple(first, best, simple, none), *(_other(arm, best.name) for arm in arms[1:])]
    return "; ".join([*parts, _cost(first, best, measured)]) + "."


def _figure(value: float | None, about: Any) -> str:
    from convscope.tasks import quantities

    return quantities.value({"value": value, "low": None, "high": None}, about)


def _beats(arm: Arm) -> bool:
    """Return whether the best network of an arm is better than the simple method beyond chance."""
    about = next(iter(arm.comparison.metrics.values()))
    lead = arm.lead(arm.comparison.best.name) if arm.leads else None
    return lead is not None and lead.decided and (lead.difference["value"] > 0) == (about.better == "higher")


def _over_simple(arm: Arm, best: Network, simple: Simple | None, none: bool) -> str:
    from convscope.tasks import quantities

    main, about = next(iter(arm.comparison.metrics.items()))
    reached = f"{best.name} reaches {quantities.value(best.figures[main], about)}"
    behind = [arm.comparison.pair(best.name, other.name) for other in arm.comparison.networks[1:]]
    apart = [pair for pair in behind if pair.decided]
    if simple is not None:
        lead = arm.lead(best.name)
        gap = quantities.ahead(lead.difference, about)
        known = f"the simple method, {simple.name}, {quantities.value(simple.figures[main], about)}"
        by = quantities.amount(abs(gap["value"]), about, quantities.digits(gap, about))
        if not _beats(arm):
            sure = "beyond chance" if lead.decided else f"within chance (corrected p {lead.p_holm:.2g})"
            side = "worse" if gap["value"] < 0 else "better"
            names = ", ".join(network.name for network in arm.comparison.networks)
            opening = f"Neither: none of {names}" if none else f"None of {names} at equal weights"
            return (
                f"{opening} is surely better than the simple method; with equal weights {reached}, {by} {side} than "
                f"{known}, {sure}"
            )
        reached += f", {by} better than {known}, beyond chance"
    if not behind:
        return f"With equal weights {reached}"
    if len(apart) == len(behind):
        gap = quantities.ahead(behind[0].difference, about)
        by = quantities.amount(abs(gap["value"]), about, quantities.digits(gap, about))
        return f"{_sentence(arm, best)}: with equal weights {reached}, and {by} better than the next, beyond chance"
    level = ", ".join(pair.b if pair.a == best.name else pair.a for pair in behind if not pair.decided)
    return f"No one of them for certain: with equal weights {reached}, but {level} may be as good"


def _sentence(arm: Arm, best: Network) -> str:
    from convscope.models import entry

    word = entry(best.model).mechanism
    return word[:1].upper() + word[1:]


def _other(arm: Arm, name: str) -> str:
    best = arm.comparison.best
    behind = [arm.comparison.pair(best.name, other.name) for other in arm.comparison.networks[1:]]
    certain = "beyond chance" if behind and all(pair.decided for pair in behind) else "not for certain"
    who = f"{name} leads too" if best.name == name else f"{best.name} leads"
    than = f", {'better' if _beats(arm) else 'not better'} than the simple method" if arm.leads else ""
    return f"{arm.rule} {who}, {certain}{than}"


def _cost(arm: Arm, best: Network, measured: Mapping[str, Measured]) -> str:
    def epoch(network: Network) -> float:
        return network.seconds / (sum(run.epochs for run in network.runs) / len(network.runs))

    others = [network for network in arm.comparison.networks if network is not best]
    told = f"an epoch of {best.name} takes {epoch(best):.2g} s"
    if others:
        told += " against " + ", ".join(f"{epoch(other):.2g} s ({other.name})" for other in others)
    return f"{told}, an answer {measured[best.model].milliseconds:.2g} ms"
