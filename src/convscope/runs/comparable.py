"""May two runs be compared? Only where they learned from the same images and were judged on the same ones."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from convscope.data.names import composed
from convscope.data.words import count, listed
from convscope.errors import CheckpointError, DataError
from convscope.runs import files
from convscope.runs.run import Run


class Example(NamedTuple):
    """One line of a run's ``split.csv``, without its name."""

    split: str
    label: str
    content: str


def check_comparable(a: Run, b: Run) -> None:
    """Raise ``DataError``, with what differs and what to do, unless both runs have classes, images and splits alike."""
    if [*map(composed, a.spec.classes)] != [*map(composed, b.spec.classes)]:
        raise DataError(
            f"{a.folder} and {b.folder} cannot be compared: they tell other classes apart "
            f"({listed(a.spec.classes)}; {listed(b.spec.classes)})"
        )
    first, second = ((run.folder / files.SPLIT) for run in (a, b))
    for path in (first, second):
        if not path.exists():
            raise CheckpointError(f"{path} is gone: without it nothing says which images the run learned from")
    if first.read_bytes() == second.read_bytes():
        return
    for reason in _differences(a, b):
        raise DataError(f"{a.folder} and {b.folder} cannot be compared: {reason}")


def judged(run: Run) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return name, label (n,) and probabilities (n, K) of each example that a finished run was judged on."""
    split = run.metrics["split"]
    path = run.folder / files.PREDICTIONS
    try:
        with path.open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        rows = [row for row in rows if row[1] == split]
        number = {name: k for k, name in enumerate(run.spec.classes)}
        labels = np.array([number[row[2]] for row in rows])
        shares = np.array([row[5:] for row in rows], dtype=float)
    except FileNotFoundError:
        raise CheckpointError(f"{path} is gone: without it runs cannot be compared; train again") from None
    except (ValueError, KeyError, IndexError) as error:
        raise CheckpointError(f"{path} is damaged ({type(error).__name__}: {error}); train again") from None
    if header[5:] != [f"p:{name}" for name in run.spec.classes] or len(rows) != run.metrics["examples"]:
        raise CheckpointError(f"{path} does not belong to the {files.METRICS} beside it; train again")
    return [row[0] for row in rows], labels, shares


def _differences(a: Run, b: Run) -> Iterator[str]:
    first, second = _examples(a), _examples(b)
    for mine, other, run in ((first, second, a), (second, first, b)):
        extra = [name for name in mine if name not in other]
        if extra:
            yield (
                f"they had other images; {len(extra):,} of the {len(mine):,} of {run.folder} are not among those of "
                f"the other run, such as {listed(extra, 2)}"
            )
    for column, what in (("content", "have another content"), ("label", "have another label")):
        changed = [name for name in first if getattr(first[name], column) != getattr(second[name], column)]
        if changed:
            yield f"{count(len(changed), 'image')} of the same name {what}, such as {listed(changed, 2)}"
    moved = [name for name in first if first[name].split != second[name].split]
    if moved:
        name = moved[0]
        yield (
            f"their splits differ: {count(len(moved), 'image')} changed place, such as {name} ({first[name].split} in "
            f"{a.folder}, {second[name].split} in {b.folder}); {_remedy(a, b)}"
        )
    if [*first] != [*second]:  # names sort otherwise in another Unicode form, and figures go by the order
        yield "they list the same images in another order; train both again"


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
            composed(row["id"]): Example(row["split"], composed(row["label"]), row.get("content") or "") for row in rows
        }
