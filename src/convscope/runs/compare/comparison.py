"""Which network is better, and may one say so? Finished runs on the same images, beside one another.

Runs that differ in nothing but their seed are one network. Its figures are the means over its seeds; two networks are
told apart by their right answers on the same images: by McNemar's exact test where both were trained once, else by the
bootstrap over images and seeds (``tasks.metrics.seeds``). Where the images come in groups (patients), whole groups are
drawn, and the signs of whole groups are flipped in place of McNemar's test. All pairs of networks are one family of
tests, corrected by Holm's method: which of them is the best is only known after looking at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from html import escape
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from convscope.cards import grid
from convscope.errors import ConfigError
from convscope.runs.compare.checks import check_comparable, groups_of
from convscope.runs.compare.estimates import FIGURES, estimates
from convscope.runs.compare.naming import essential, names_of, settings_of
from convscope.runs.compare.statistics import resampled_means, two_sided
from convscope.runs.predictions import read_answers
from convscope.runs.run import Run, open_run
from convscope.tasks.metrics.bootstrap import interval
from convscope.tasks.metrics.comparison import compare as compare_examples
from convscope.tasks.metrics.comparison import named_test, resampled_accuracies
from convscope.tasks.metrics.holm import holm
from convscope.tasks.metrics.proportion import wilson
from convscope.tasks.metrics.units import Units

DRAWS = 10_000  # resamples of the accuracy, which decides
LEVEL = 0.05  # below this corrected p a difference counts as shown


@dataclass(frozen=True)
class Trained:
    """One run of a comparison: its folder, seed and plain figures; ``history`` is its epoch table as columns."""

    folder: str
    seed: int
    figures: dict[str, float]
    epochs: int
    seconds: float
    images_per_second: float
    history: dict[str, list[float]] = field(repr=False)


@dataclass(frozen=True)
class Network:
    """All runs of one network, by seed.

    ``figures`` are estimates ``{"value", "low", "high"}``: means over the seeds with 95 % intervals. ``multiply_adds``
    are those of one image; ``seconds`` of training and ``images_per_second`` are means. ``settings`` are those that
    not all networks of the comparison share.
    """

    name: str
    model: str
    weights: int
    multiply_adds: int
    figures: dict[str, dict[str, Any]]
    seconds: float
    images_per_second: float
    runs: tuple[Trained, ...]
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds it was trained with."""
        return tuple(run.seed for run in self.runs)


@dataclass(frozen=True)
class Pair:
    """Two networks on the same images, the more accurate one as ``a``.

    ``difference`` is accuracy of a minus accuracy of b with its 95 % interval; ``p`` is the probability, if both were
    equally good, of one at least as large, by ``test`` ("mcnemar", "sign_flip" or "bootstrap"); ``p_holm`` is p
    corrected for the number of pairs. ``seeds`` holds, for each seed that both were trained with (or the one of each),
    what ``tasks.classification.compare`` says of these two runs.
    """

    a: str
    b: str
    difference: dict[str, float]
    test: str
    p: float
    p_holm: float
    seeds: tuple[dict[str, Any], ...]

    @property
    def decided(self) -> bool:
        """Whether the difference is beyond chance."""
        return self.p_holm < LEVEL


@dataclass(frozen=True, repr=False)
class Comparison:
    """Networks, the most accurate first, and every two of them; ``conclusions`` say in words what may be said.

    ``failed`` says of those that were to be compared and could not be trained, why. ``groups`` is the number of groups
    that the examples come from, ``None`` where they are single ones, and ``resampled`` says what was drawn anew.
    """

    data: str
    split: str
    examples: int
    classes: tuple[str, ...]
    networks: tuple[Network, ...]
    pairs: tuple[Pair, ...]
    conclusions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    failed: dict[str, str] = field(default_factory=dict)
    groups: int | None = None
    resampled: str = "images"

    def __repr__(self) -> str:
        figures = ", ".join(f"{one.name} {one.figures['accuracy']['value']:.4f}" for one in self.networks)
        return f"<comparison on {self.data}, {self.split}: accuracy of {figures}>"

    def _repr_html_(self) -> str:
        rows = [
            (one.name, f"{one.weights:,}", *(f"{one.figures[key]['value']:.4f}" for key in FIGURES))
            for one in self.networks
        ]
        said = "".join(f"<p>{escape(sentence)}</p>" for sentence in self.conclusions)
        return grid(("network", "weights", *(key.replace("_", " ") for key in FIGURES)), rows) + said

    @property
    def best(self) -> Network:
        """The most accurate network."""
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
        return {"format": 1, "best": self.best.name, **values}


def compare(runs: Sequence[Run | str | Path], failed: dict[str, str] | None = None) -> Comparison:
    """Compare finished runs, given opened or as folders; see ``Comparison``.

    Beside what ``failed`` a single run will do.

    Raises:
        DataError: the runs learned from or were judged on different images, splits or classes; the message says which.
        ConfigError: fewer than two runs, or the same training twice.
        CheckpointError: a run is unfinished or damaged.
    """
    from convscope.runs.compare.conclusions import conclusions, notes

    opened = [run if isinstance(run, Run) else open_run(run) for run in runs]
    if len(opened) < (1 if failed else 2):
        raise ConfigError(f"a comparison needs at least two runs, found {len(opened)}")
    first = opened[0]
    for run in opened[1:]:
        check_comparable(first, run)
    opened.sort(key=lambda run: (repr(essential(run)), run.plan.seed))  # so that their order moves no figure
    answers = [read_answers(run) for run in opened]
    ids = answers[0].ids
    evidence = [each.of(ids) for each in answers]
    units = _units(opened, ids)
    groups = _grouped(opened)
    figures = estimates(opened, evidence, units, groups)
    correct = np.stack([each.per_example for each in evidence])
    accuracies = resampled_accuracies(correct, units, DRAWS, seed=0)
    draws = resampled_means(accuracies, list(groups.values()), seed=0)
    varied = settings_of(opened, groups)
    networks = [_network(name, opened, group, figures[name], varied[name]) for name, group in groups.items()]
    order = sorted(range(len(networks)), key=lambda at: -networks[at].figures["accuracy"]["value"])
    pairs = [_pair(networks[i], networks[j], draws[i] - draws[j], groups, correct, units) for i, j in _couples(order)]
    corrected = holm([pair.p for pair in pairs])
    found = Comparison(
        data=first.source,
        split=first.metrics["split"],
        examples=len(units.unit),
        classes=first.spec.classes,
        networks=tuple(networks[at] for at in order),
        pairs=tuple(replace(pair, p_holm=p) for pair, p in zip(pairs, corrected, strict=True)),
        failed=dict(failed or {}),
        groups=units.groups or None,
        resampled=str(units) if units.groups else "images",
    )
    return replace(found, conclusions=tuple(conclusions(found)), notes=tuple(notes(found, opened)))


def _units(runs: list[Run], ids: np.ndarray) -> Units:
    """Return what the examples are drawn by: their groups, from the first run that knows of any."""
    known = (groups_of(run, ids) for run in runs)
    return Units.of(next((groups for groups in known if groups is not None), None), len(ids))


def _couples(order: list[int]) -> list[tuple[int, int]]:
    return list(combinations(order, 2))


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
    name: str, runs: list[Run], group: dict[int, int], figures: dict[str, Any], settings: dict[str, Any]
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
        figures={key: metrics[key]["value"] for key in FIGURES},
        epochs=len(epochs["epoch"]),
        seconds=float(epochs["seconds"][-1]),
        images_per_second=float(np.median(epochs["images_per_second"])),
        history={key: column.tolist() for key, column in epochs.items()},
    )


def _pair(
    a: Network,
    b: Network,
    differences: np.ndarray,
    groups: dict[str, dict[int, int]],
    correct: np.ndarray,
    units: Units,
) -> Pair:
    once = len(a.runs) == len(b.runs) == 1
    mine, theirs = groups[a.name], groups[b.name]
    matched = [(a.seeds[0], b.seeds[0])] if once else [(seed, seed) for seed in mine if seed in theirs]
    each = tuple(
        {
            "seed_a": s,
            "seed_b": t,
            **compare_examples(correct[mine[s]], correct[theirs[t]], units=units, resamples=DRAWS),
        }
        for s, t in matched
    )
    if once:
        return Pair(a.name, b.name, each[0]["difference"], *named_test(each[0]), 1.0, each)
    value = a.figures["accuracy"]["value"] - b.figures["accuracy"]["value"]
    low, high = (float(end) for end in interval(differences, value))
    if not np.isfinite([low, high]).all():  # every run answers alike on every image
        high = wilson(0, units.count)[1]
        low, high = value - high, value + high
    return Pair(
        a.name, b.name, {"value": value, "low": low, "high": high}, "bootstrap", two_sided(differences), 1.0, each
    )
