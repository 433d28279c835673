"""May two runs be compared? Only where they learned from the same images and were judged on the same ones."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from convscope.data.names import composed
from convscope.data.spec import TargetSpec
from convscope.errors import CheckpointError, DataError
from convscope.runs import files
from convscope.runs.run import Run
from convscope.text import count, listed


class Example(NamedTuple):
    """One line of a run's ``split.csv``, without its name."""

    split: str
    label: str
    content: str
    group: str


def check_comparable(a: Run, b: Run, *, same_split: bool = True) -> None:
    """Raise ``DataError``, with what differs and what to do, unless both runs learn the same from the same examples.

    Runs on several splits of one set are not of the ``same_split``.
    """
    if a.spec.task != b.spec.task:
        raise DataError(
            f"{a.folder} and {b.folder} cannot be compared: one is of {a.spec.task}, the other of {b.spec.task}"
        )
    kinds = a.spec.target.kind, b.spec.target.kind
    if kinds[0] != kinds[1]:
        raise DataError(
            f"{a.folder} and {b.folder} cannot be compared: one has learned {kinds[0]}, the other {kinds[1]}"
        )
    first, second = (_learned(run.spec.target) for run in (a, b))
    if first != second:
        kind = a.spec.target.kind
        other = f"the same {kind} in another order" if sorted(first) == sorted(second) else f"other {kind}"
        raise DataError(
            f"{a.folder} and {b.folder} cannot be compared: they learn {other} ({listed(first)}; {listed(second)})"
        )
    first, second = (getattr(run.spec.target, "normaliser", "") for run in (a, b))
    if first != second:
        raise DataError(
            f"{a.folder} and {b.folder} cannot be compared: their errors have different normalisers ({first}; "
            f"{second}); train both with the same --normaliser"
        )
    first, second = ((run.folder / files.SPLIT) for run in (a, b))
    for path in (first, second):
        if not path.exists():
            raise CheckpointError(f"{path} is gone: without it nothing says what the run learned from")
    if first.read_bytes() == second.read_bytes():
        return
    for reason in _differences(a, b, same_split):
        raise DataError(f"{a.folder} and {b.folder} cannot be compared: {reason}")


def _learned(target: TargetSpec) -> list[str]:
    """Return the names of what is learned, numbers with their units."""
    names = map(composed, getattr(target, "names", ()))
    units = getattr(target, "units", ())
    return [f"{name} ({unit})" for name, unit in zip(names, units, strict=True)] if units else list(names)


def groups_of(run: Run, ids: np.ndarray) -> np.ndarray | None:
    """Return the group (n,) of each example, "" for none; ``None`` where the run's ``split.csv`` knows no groups."""
    examples = _examples(run)
    groups = np.array([examples[name].group if name in examples else "" for name in ids])
    return groups if (groups != "").any() else None


def splits_of(run: Run) -> dict[str, str]:
    """Return the split of each example that the run knows, by its name."""
    return {name: example.split for name, example in _examples(run).items()}


def names_groups(run: Run) -> bool:
    """Return whether a run's ``split.csv`` has a column for groups, which it lacked in older versions."""
    with (run.folder / files.SPLIT).open(newline="", encoding="utf-8") as file:
        return "group" in next(csv.reader(file), ())


def _differences(a: Run, b: Run, same_split: bool) -> Iterator[str]:
    first, second, noun = _examples(a), _examples(b), a.spec.noun
    for mine, other, run in ((first, second, a), (second, first, b)):
        extra = [name for name in mine if name not in other]
        if extra:
            yield (
                f"their {noun}s differ; the other run lacks {len(extra):,} of the {len(mine):,} {noun}s of "
                f"{run.folder}, such as {listed(extra, 2)}"
            )
    told = ("content", "have another content"), ("label", "have another label"), ("group", "are of another group")
    for column, change in told:
        if column == "group" and not all(any(row.group for row in rows.values()) for rows in (first, second)):
            continue  # one of the runs knows nothing of groups
        changed = [name for name in first if getattr(first[name], column) != getattr(second[name], column)]
        if changed:
            yield f"{count(len(changed), noun)} of the same name {change}, such as {listed(changed, 2)}"
    if not same_split:
        return
    moved = [name for name in first if first[name].split != second[name].split]
    if moved:
        name = moved[0]
        yield (
            f"their splits differ: {count(len(moved), noun)} changed place, such as {name} ({first[name].split} in "
            f"{a.folder}, {second[name].split} in {b.folder}); {_remedy(a, b)}"
        )
    if [*first] != [*second]:  # names sort otherwise in another Unicode form, and figures go by the order
        yield f"they list the same {noun}s in different orders; train both again"


def _remedy(a: Run, b: Run) -> str:
    seeds = {run.plan.data_seed for run in (a, b)}
    if len(seeds) > 1:
        of = " and ".join(map(str, sorted(seeds)))
        return f"they were drawn with the seeds {of}: train both with the same --split-seed"
    return "train both with the same --valid, --test and --split-seed"


def _examples(run: Run) -> dict[str, Example]:
    with (run.folder / files.SPLIT).open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        return {
            composed(row["id"]): Example(
                row["split"], composed(row["label"]), row.get("content") or "", row.get("group") or ""
            )
            for row in rows
        }
