"""Which network is better, and may one say so? Finished runs of one task on the same examples, beside one another.

Runs that differ in nothing but their seed are one network. Its figures are the means over its seeds; two networks are
told apart by the task's main figure on the same examples: where both were trained once by a test of what each example
shows (``tasks.metrics.paired``: McNemar's of right answers, sign flips of errors), else by the bootstrap over examples
and seeds (``statistics``). Where the examples come in groups (patients), whole groups are drawn and flipped. All pairs
of networks are one family of tests, corrected by Holm's method: which of them is the best is only known after looking
at all.
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
from convscope.data.spec import TargetSpec, target_entry
from convscope.errors import ConfigError
from convscope.runs.compare.checks import check_comparable, groups_of
from convscope.runs.compare.estimates import Estimate, estimates
from convscope.runs.compare.naming import essential, names_of, settings_of
from convscope.runs.compare.pairs import DRAWS, LEVEL, Pair, pair_of
from convscope.runs.compare.statistics import resampled_means
from convscope.runs.predictions import read_answers
from convscope.runs.run import Run, open_run
from convscope.tasks.metrics.holm import holm
from convscope.tasks.metrics.paired import resampled
from convscope.tasks.metrics.units import Units
from convscope.tasks.registry import task
from convscope.tasks.scores import About

__all__ = ["LEVEL", "Comparison", "Network", "Pair", "Trained", "compare"]


@dataclass(frozen=True)
class Trained:
    """One run of a comparison: its folder, seed and plain figures; ``history`` is its epoch table as columns."""

    folder: str
    seed: int
    figures: dict[str, float | None]
    epochs: int
    seconds: float
    images_per_second: float
    history: dict[str, list[float]] = field(repr=False)


@dataclass(frozen=True)
class Network:
    """All runs of one network, by seed.

    ``figures`` are estimates ``{"value", "low", "high"}``: means over the seeds with 95 % intervals. ``multiply_adds``
    are those of one example; ``seconds`` of training and ``images_per_second`` are means. ``settings`` are those that
    not all networks of the comparison share.
    """

    name: str
    model: str
    weights: int
    multiply_adds: int
    figures: dict[str, Estimate]
    seconds: float
    images_per_second: float
    runs: tuple[Trained, ...]
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds it was trained with."""
        return tuple(run.seed for run in self.runs)


@dataclass(frozen=True, repr=False)
class Comparison:
    """Networks, the best first, and every two of them; ``conclusions`` say in words what may be said.

    ``failed`` says of those that were to be compared and could not be trained, why. ``groups`` is the number of groups
    that the examples come from, ``None`` where they are single ones, ``resampled`` says what was drawn anew, and
    ``few`` whether there are too few groups for more than rough intervals.
    """

    data: str
    split: str
    examples: int
    task: str
    target: TargetSpec
    networks: tuple[Network, ...]
    pairs: tuple[Pair, ...]
    conclusions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    failed: dict[str, str] = field(default_factory=dict)
    groups: int | None = None
    resampled: str = "images"
    few: bool = False
    noun: str = "image"  # what an example is called
    about: Mapping[str, About] = field(default_factory=dict)  # what the figures mean, in the units of the target

    def __repr__(self) -> str:
        figures = ", ".join(f"{network.name} {_plain(network.figures[self.main])}" for network in self.networks)
        return f"<comparison on {self.data}, {self.split}: {self.main} of {figures}>"

    def _repr_html_(self) -> str:
        rows = [
            (network.name, f"{network.weights:,}", *(_plain(network.figures[name]) for name in self.metrics))
            for network in self.networks
        ]
        said = "".join(f"<p>{escape(sentence)}</p>" for sentence in self.conclusions)
        return grid(("network", "weights", *(name.replace("_", " ") for name in self.metrics)), rows) + said

    @property
    def metrics(self) -> Mapping[str, About]:
        """The figures that are compared and what each means, the main one first."""
        return self.about or task(self.task).compared

    @property
    def main(self) -> str:
        """The figure by which networks are told apart."""
        return next(iter(self.metrics))

    @property
    def best(self) -> Network:
        """The best network by the main figure."""
        return self.networks[0]

    def pair(self, one: str, other: str) -> Pair:
        """Return the comparison of two networks, in whichever order."""
        return next(pair for pair in self.pairs if {pair.a, pair.b} == {one, other})

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, fit for JSON."""
        values = asdict(self)
        for network in values["networks"]:
            for run in network["runs"]:
                del run["history"]  # the run's own epochs.csv has it
        for pair, plain in zip(self.pairs, values["pairs"], strict=True):
            plain["decided"] = pair.decided
        described = {"main": self.main, "metrics": {name: about.to_dict() for name, about in self.metrics.items()}}
        del values["target"], values["about"]
        return {"format": 1, "best": self.best.name, **values, **target_entry(self.target), **described}


def compare(runs: Sequence[Run | str | Path], failed: dict[str, str] | None = None) -> Comparison:
    """Compare finished runs, given opened or as folders; see ``Comparison``.

    Beside what ``failed`` a single run will do.

    Raises:
        DataError: the runs learned from or were judged on different examples, splits or targets: which, it says.
        ConfigError: fewer than two runs, or the same training twice.
        CheckpointError: a run is unfinished or damaged.
    """
    from convscope.runs.compare.conclusions import conclusions, notes

    opened = [run if isinstance(run, Run) else open_run(run) for run in runs]
    if len(opened) < (1 if failed else 2):
        raise ConfigError(f"a comparison needs at least two runs, found {len(opened)}")
    first, spec = opened[0], opened[0].spec
    for run in opened[1:]:
        check_comparable(first, run)
    opened.sort(key=lambda run: (repr(essential(run)), run.plan.seed))  # so that their order moves no figure
    main, about = next(iter(first.about.items()))
    answers = [read_answers(run) for run in opened]
    ids = answers[0].ids
    evidence = [each.of(ids) for each in answers]
    units = _units(opened, ids)
    groups = _grouped(opened)
    figures = estimates(opened, evidence, units, groups)
    draws = resampled_means(resampled(evidence, main, units, DRAWS, seed=0), list(groups.values()), seed=0)
    varied = settings_of(opened, groups)
    networks = [_network(name, opened, group, figures[name], varied[name]) for name, group in groups.items()]
    order = sorted(range(len(networks)), key=lambda at: _rank(networks[at].figures[main]["value"], about.better))
    pairs = [
        pair_of(networks[i], networks[j], draws[i] - draws[j], groups, evidence, main, units)
        for i, j in combinations(order, 2)
    ]
    corrected = holm([pair.p for pair in pairs])
    comparison = Comparison(
        data=first.source,
        split=first.metrics["split"],
        examples=len(units.unit),
        task=spec.task,
        target=spec.target,
        networks=tuple(networks[at] for at in order),
        pairs=tuple(replace(pair, p_holm=p) for pair, p in zip(pairs, corrected, strict=True)),
        failed=dict(failed or {}),
        groups=units.groups or None,
        resampled=str(units) if units.groups else f"{spec.noun}s",
        few=units.few,
        noun=spec.noun,
        about=first.about,
    )
    return replace(comparison, conclusions=tuple(conclusions(comparison)), notes=tuple(notes(comparison, opened)))


def _rank(value: float | None, better: str) -> float:
    """Return what sorts the best value first, and one that is not known last."""
    if value is None:
        return math.inf
    return -value if better == "higher" else value


def _units(runs: list[Run], ids: np.ndarray) -> Units:
    """Return what the examples are drawn by: their groups, from the first run that knows of any."""
    known = (groups_of(run, ids) for run in runs)
    return Units.of(next((groups for groups in known if groups is not None), None), len(ids))


def _grouped(runs: list[Run]) -> dict[str, dict[int, int]]:
    """Return the networks by name, each as seed -> place of its run."""
    groups: dict[str, dict[int, int]] = {}
    for at, (run, name) in enumerate(zip(runs, names_of(runs), strict=True)):
        group = groups.setdefault(name, {})
        if run.plan.seed in group:
            raise ConfigError(
                f"{runs[group[run.plan.seed]].folder} and {run.folder} are the same training: {name} with seed "
                f"{run.plan.seed}; give one of them, or train with another --seed"
            )
        group[run.plan.seed] = at
    return {name: dict(sorted(group.items())) for name, group in groups.items()}


def _network(
    name: str, runs: list[Run], group: dict[int, int], figures: dict[str, Estimate], settings: dict[str, Any]
) -> Network:
    run = runs[next(iter(group.values()))]
    spec = run.spec
    weights, multiply_adds = run.metrics.get("cost") or spec.cost()  # noted where only its user's code can tell
    trained = tuple(_trained(runs[at]) for at in group.values())
    return Network(
        name, spec.model, weights, multiply_adds, figures,
        seconds=float(np.mean([run.seconds for run in trained])),
        images_per_second=float(np.mean([run.images_per_second for run in trained])),
        runs=trained, settings=settings,
    )  # fmt: skip


def _trained(run: Run) -> Trained:
    epochs = run.epochs
    metrics = run.metrics
    return Trained(
        folder=str(run.folder),
        seed=run.plan.seed,
        figures={name: metrics[name]["value"] for name in run.about},
        epochs=len(epochs["epoch"]),
        seconds=float(epochs["seconds"][-1]),
        images_per_second=float(np.median(epochs["images_per_second"])),
        history={key: column.tolist() for key, column in epochs.items()},
    )


def _plain(estimate: Estimate) -> str:
    return "" if estimate["value"] is None else f"{estimate['value']:.4f}"
