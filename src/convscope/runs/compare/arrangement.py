"""Runs on several splits of one set, laid out: which network, which seed, which split."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from convscope.errors import ConfigError, DataError
from convscope.runs.compare.checks import check_comparable, splits_of
from convscope.runs.compare.naming import names_of
from convscope.runs.run import Run
from convscope.text import listed

Kind = Literal["folds", "resamples"]


@dataclass(frozen=True)
class Arrangement:
    """``runs`` by network, seed and number of the split, each complete; ``incomplete`` says what others lack."""

    kind: Kind
    splits: tuple[int, ...]
    runs: dict[str, dict[int, dict[int, Run]]]
    incomplete: dict[str, str]

    @property
    def all(self) -> list[Run]:
        """Every run, network by network."""
        return [run for seeds in self.runs.values() for splits in seeds.values() for run in splits.values()]

    @property
    def firsts(self) -> list[Run]:
        """One run of each split."""
        seeds = next(iter(self.runs.values()))
        return list(next(iter(seeds.values())).values())

    @property
    def ratio(self) -> float:
        """How many examples are tested for each that is trained on, on average over the splits."""
        counts = [(Counter(splits_of(run).values()), run.metrics["split"]) for run in self.firsts]
        return float(np.mean([splits[judged] / splits["train"] for splits, judged in counts]))


def of_several_splits(runs: Sequence[Run]) -> bool:
    """Return whether runs are of several splits of their set; several runs of one fold are compared as any are."""
    places = {(run.plan.folds, run.plan.fold, run.plan.resample or 0) for run in runs}
    alone = len(runs) == 1 and places != {(None, None, 0)}
    return alone or len(places) > 1


def arrange(runs: Sequence[Run]) -> Arrangement:
    """Lay out runs by network, seed and split.

    Runs of one model in one folder are one network: what was settled from the data may differ from split to split.

    Raises:
        ConfigError: folds beside resamples, the same training twice, or no network with all splits.
        DataError: the runs learned from different examples, or the same split is another one in two of them.
    """
    kind: Kind = "folds" if any(run.plan.fold is not None for run in runs) else "resamples"
    number = _numbers(runs, kind)
    splits = tuple(sorted(set(number.values())))
    networks: dict[tuple[str, str], dict[int, dict[int, Run]]] = defaultdict(lambda: defaultdict(dict))
    for run in runs:
        mine = networks[str(run.folder.absolute().parent), run.spec.model][run.plan.seed]
        at = number[str(run.folder)]
        if at in mine:
            raise ConfigError(f"{mine[at].folder} and {run.folder} are the same training; give one of them")
        mine[at] = run
    named = _named(list(networks.values()))
    incomplete = {name: why for name, seeds in named.items() if (why := _lacking(seeds, splits, kind))}
    complete = {
        name: {seed: dict(sorted(mine.items())) for seed, mine in sorted(seeds.items())}
        for name, seeds in named.items()
        if name not in incomplete
    }
    if not complete:
        raise ConfigError("no network was trained on all splits: " + "; ".join(map(": ".join, incomplete.items())))
    arrangement = Arrangement(kind, splits, complete, incomplete)
    _check(arrangement)
    return arrangement


def _numbers(runs: Sequence[Run], kind: Kind) -> dict[str, int]:
    """Return the number of each run's split, by its folder."""
    if kind == "resamples":
        return {str(run.folder): run.plan.resample or 0 for run in runs}
    of = {run.plan.folds for run in runs}
    if len(of) > 1:
        counts = listed(["none" if folds is None else str(folds) for folds in sorted(of, key=lambda n: n or 0)])
        raise ConfigError(f"runs of different numbers of folds ({counts}) cannot be compared")
    return {str(run.folder): run.plan.fold or 0 for run in runs}


def _named(networks: list[dict[int, dict[int, Run]]]) -> dict[str, dict[int, dict[int, Run]]]:
    """Return the networks by name, in an order that hangs on nothing but the name."""
    first = [seeds[min(seeds)] for seeds in networks]
    names = names_of([splits[min(splits)] for splits in first])
    for at, name in enumerate(names):
        if name in names[:at]:
            raise ConfigError(f"{name} was trained twice on the same splits: give one of the two folders")
    return dict(sorted(zip(names, networks, strict=True)))


def _lacking(seeds: dict[int, dict[int, Run]], splits: tuple[int, ...], kind: Kind) -> str:
    """Say which splits a network was not trained on, if any."""
    lacks = {seed: [at for at in splits if at not in mine] for seed, mine in seeds.items()}
    return "; ".join(
        f"seed {seed} lacks {kind.removesuffix('s')} {listed([*map(str, missing)])}"
        for seed, missing in lacks.items()
        if missing
    )


def _check(arrangement: Arrangement) -> None:
    firsts = arrangement.firsts
    for run in firsts[1:]:
        check_comparable(firsts[0], run, same_split=False)
    for at, first in zip(arrangement.splits, firsts, strict=True):
        for seeds in arrangement.runs.values():
            for mine in seeds.values():
                check_comparable(first, mine[at])
    if arrangement.kind == "folds":
        tested = Counter(
            name for run in firsts for name, split in splits_of(run).items() if split == run.metrics["split"]
        )
        twice = [name for name, times in tested.items() if times > 1]
        if twice:
            raise DataError(f"{len(twice):,} examples are tested in more than one fold, such as {listed(twice, 2)}")
