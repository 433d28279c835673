"""Networks on several splits of one set: folds, of which each example is tested in one, or repeated random splits.

Each figure has its mean over the splits, with the interval of ``tasks.metrics.over_splits``. What folds answered is
joined besides: it covers the whole set, so networks are told apart by it, example by example, as ``comparison`` does on
one split. Over resamples networks are told apart by their paired differences from split to split.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from html import escape
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from convscope.cards import grid
from convscope.runs.compare.arrangement import Arrangement, Kind, arrange
from convscope.runs.compare.checks import groups_of
from convscope.runs.compare.estimates import Estimate, pooled_estimates
from convscope.runs.compare.pairs import DRAWS, Pair, pair_of
from convscope.runs.compare.statistics import resampled_means
from convscope.runs.predictions import Answers, read_answers
from convscope.runs.run import Run, open_run
from convscope.tasks.metrics.holm import holm
from convscope.tasks.metrics.over_splits import over_splits
from convscope.tasks.metrics.paired import resampled
from convscope.tasks.metrics.units import Units
from convscope.tasks.registry import task
from convscope.tasks.scores import About, Evidence


@dataclass(frozen=True)
class Validated:
    """A network over all splits.

    ``by_split`` holds each figure's value on each split (its mean over the seeds), ``mean`` their mean with a 95 %
    interval, ``std`` their standard deviation. ``pooled`` are the figures of the joined answers of all folds.
    """

    name: str
    model: str
    seeds: tuple[int, ...]
    by_split: dict[str, list[float | None]]
    mean: dict[str, Estimate]
    std: dict[str, float | None]
    pooled: dict[str, Estimate] | None
    folders: tuple[str, ...] = field(repr=False)

    @property
    def figures(self) -> dict[str, Estimate]:
        """The figures that it is ranked by: pooled over folds, mean over resamples."""
        return self.mean if self.pooled is None else self.pooled


@dataclass(frozen=True, repr=False)
class CrossValidation:
    """Networks over the same splits, the best first, and every two of them; ``conclusions`` say what may be said.

    ``examples`` counts those that were tested in any split, ``groups`` the groups they come from, ``None`` where they
    are single ones. ``wins`` says for each pair on how many splits the better one was better. ``baselines`` are the
    main figures of the methods that were scored on all splits, on each of them.
    """

    data: str
    kind: Kind
    splits: tuple[int, ...]
    examples: int
    task: str
    networks: tuple[Validated, ...]
    pairs: tuple[Pair, ...]
    wins: tuple[int, ...]
    conclusions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    failed: dict[str, str] = field(default_factory=dict)
    groups: int | None = None
    resampled: str = "images"
    about: Mapping[str, About] = field(default_factory=dict)  # what the figures mean, in the units of the target
    baselines: dict[str, list[float]] = field(default_factory=dict)

    def __repr__(self) -> str:
        figures = ", ".join(f"{each.name} {_plain(each.figures[self.main]['value'])}" for each in self.networks)
        return f"<cross-validation on {self.data}, {len(self.splits)} {self.kind}: {self.main} of {figures}>"

    def _repr_html_(self) -> str:
        rows = [(each.name, *(_plain(each.figures[name]["value"]) for name in self.metrics)) for each in self.networks]
        said = "".join(f"<p>{escape(sentence)}</p>" for sentence in self.conclusions)
        return grid(("network", *(name.replace("_", " ") for name in self.metrics)), rows) + said

    @property
    def metrics(self) -> Mapping[str, About]:
        """The figures that are compared and what each means, the main one first."""
        return self.about or task(self.task).compared

    @property
    def main(self) -> str:
        """The figure by which networks are told apart."""
        return next(iter(self.metrics))

    @property
    def best(self) -> Validated:
        """The best network by the main figure."""
        return self.networks[0]

    def pair(self, one: str, other: str) -> Pair:
        """Return the comparison of two networks, in whichever order."""
        return next(pair for pair in self.pairs if {pair.a, pair.b} == {one, other})

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, fit for JSON."""
        values = asdict(self)
        del values["about"]
        for pair, plain, wins in zip(self.pairs, values["pairs"], values.pop("wins"), strict=True):
            plain |= {"decided": pair.decided, "wins": wins}
        described = {"main": self.main, "metrics": {name: about.to_dict() for name, about in self.metrics.items()}}
        return {"format": 1, "best": self.best.name, **values, **described}


def cross_validate(runs: Sequence[Run | str | Path], failed: dict[str, str] | None = None) -> CrossValidation:
    """Summarise finished runs on several splits of one set, given opened or as folders; see ``CrossValidation``.

    Raises:
        DataError: the runs learned from different examples, or one split is not the same in all of them.
        ConfigError: the same training twice, folds beside resamples, or no network with all splits.
        CheckpointError: a run is unfinished or damaged.
    """
    from convscope.runs.compare.cross_conclusions import conclusions, notes

    arrangement = arrange([run if isinstance(run, Run) else open_run(run) for run in runs])
    spec, about = arrangement.firsts[0].spec, arrangement.firsts[0].about
    main = next(iter(about))
    pooled = _Pooled(arrangement, main) if arrangement.kind == "folds" else None
    networks = [_validated(name, arrangement, pooled) for name in arrangement.runs]
    networks.sort(key=lambda network: _rank(network.figures[main]["value"], about[main].better))
    couples = list(combinations(networks, 2))
    pairs = [_over_resamples(a, b, main, arrangement) if pooled is None else pooled.pair(a, b) for a, b in couples]
    corrected = holm([pair.p for pair in pairs])
    units = pooled.units if pooled else None
    summary = CrossValidation(
        data=arrangement.firsts[0].source,
        kind=arrangement.kind,
        splits=arrangement.splits,
        examples=len(pooled.ids) if pooled else len({name for run in arrangement.firsts for name in _tested(run)}),
        task=spec.task,
        networks=tuple(networks),
        pairs=tuple(replace(pair, p_holm=p) for pair, p in zip(pairs, corrected, strict=True)),
        wins=tuple(_wins(a, b, main, about[main].better) for a, b in couples),
        failed={**(failed or {}), **arrangement.incomplete},
        groups=(units and units.groups) or None,
        resampled=str(units) if units and units.groups else f"{spec.noun}s",
        about=about,
        baselines=_baselines(arrangement, main),
    )
    return replace(summary, conclusions=tuple(conclusions(summary)), notes=tuple(notes(summary)))


class _Pooled:
    """What all folds answered, joined: one piece of evidence of the whole set for each network and seed."""

    def __init__(self, arrangement: Arrangement, main: str):
        first = [read_answers(run) for run in arrangement.firsts]
        self.ids, self.main = np.concatenate([answers.ids for answers in first]), main
        known = [groups_of(run, answers.ids) for run, answers in zip(arrangement.firsts, first, strict=True)]
        groups = [np.full(len(a.ids), "") if g is None else g for a, g in zip(first, known, strict=True)]
        self.units = Units.of(None if all(g is None for g in known) else np.concatenate(groups), len(self.ids))
        self.rows: dict[str, dict[int, int]] = {}
        self.evidence: list[Evidence] = []
        for name, seeds in arrangement.runs.items():
            self.rows[name] = {}
            for seed, splits in seeds.items():
                self.rows[name][seed] = len(self.evidence)
                self.evidence.append(_joined(list(splits.values())).of(self.ids))
        drawn = resampled(self.evidence, main, self.units, DRAWS, seed=0)
        self.draws = dict(zip(self.rows, resampled_means(drawn, list(self.rows.values()), seed=0), strict=True))

    def estimates(self, name: str, figures: Sequence[str]) -> dict[str, Estimate]:
        """Return the figures of a network's joined answers."""
        return pooled_estimates([self.evidence[at] for at in self.rows[name].values()], figures, self.units)

    def pair(self, a: Validated, b: Validated) -> Pair:
        """Compare two networks on the whole set, the better one first."""
        lead = self.draws[a.name] - self.draws[b.name]
        return pair_of(a, b, lead, self.rows, self.evidence, self.main, self.units)


def _joined(runs: list[Run]) -> Answers:
    each = [read_answers(run) for run in runs]
    ids = np.concatenate([answers.ids for answers in each])
    return Answers(ids, [row for answers in each for row in answers.rows], runs[0].spec)


def _validated(name: str, arrangement: Arrangement, pooled: _Pooled | None) -> Validated:
    seeds = arrangement.runs[name]
    first = next(iter(next(iter(seeds.values())).values()))
    figures = first.about
    by_split = {
        figure: [_mean([mine[at].metrics[figure]["value"] for mine in seeds.values()]) for at in arrangement.splits]
        for figure in figures
    }
    summaries = {figure: _summary(values, arrangement.ratio, figures[figure]) for figure, values in by_split.items()}
    return Validated(
        name, first.spec.model, tuple(seeds), by_split,
        mean={figure: estimate for figure, (estimate, _) in summaries.items()},
        std={figure: std for figure, (_, std) in summaries.items()},
        pooled=None if pooled is None else pooled.estimates(name, list(figures)),
        folders=tuple(str(run.folder) for mine in seeds.values() for run in mine.values()),
    )  # fmt: skip


def _baselines(arrangement: Arrangement, main: str) -> dict[str, list[float]]:
    """Return the main figure on each split of the baselines that were scored on all of them."""
    scored = [
        {each["name"]: each[main]["value"] for each in run.metrics.get("baselines", ()) if main in each}
        for run in arrangement.firsts
    ]
    names = [name for name in scored[0] if all(on_split.get(name) is not None for on_split in scored)]
    return {name: [on_split[name] for on_split in scored] for name in names}


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None


def _summary(values: list[float | None], ratio: float, about: About) -> tuple[Estimate, float | None]:
    """Return the mean over the splits with its interval, and the standard deviation; nothing where one is unknown."""
    known = [value for value in values if value is not None]
    if len(known) < max(2, len(values)):
        return {"value": _mean(values), "low": None, "high": None}, None
    estimate = over_splits(np.array(known), ratio)
    low, high = (_known(about.within(end)) for end in (estimate.low, estimate.high))
    return {"value": estimate.value, "low": low, "high": high}, estimate.std


def _over_resamples(a: Validated, b: Validated, main: str, arrangement: Arrangement) -> Pair:
    """Compare two networks by their differences on the same splits, the better one first."""
    mine, theirs = a.by_split[main], b.by_split[main]
    leads = [x - y for x, y in zip(mine, theirs, strict=True) if x is not None and y is not None]
    if len(leads) < 2:
        value = leads[0] if leads else None
        return Pair(a.name, b.name, {"value": value, "low": None, "high": None}, "corrected_t", 1.0, 1.0, ())
    estimate = over_splits(np.array(leads), arrangement.ratio)
    difference = {"value": estimate.value, "low": _known(estimate.low), "high": _known(estimate.high)}
    return Pair(a.name, b.name, difference, "corrected_t", estimate.p, 1.0, ())


def _wins(a: Validated, b: Validated, main: str, better: str) -> int:
    sign = 1 if better == "higher" else -1
    couples = zip(a.by_split[main], b.by_split[main], strict=True)
    return sum(x is not None and y is not None and sign * (x - y) > 0 for x, y in couples)


def _tested(run: Run) -> np.ndarray:
    return read_answers(run).ids


def _rank(value: float | None, better: str) -> float:
    """Return what sorts the best value first, and one that is not known last."""
    if value is None:
        return math.inf
    return -value if better == "higher" else value


def _known(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
