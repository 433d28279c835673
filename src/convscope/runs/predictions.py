"""``predictions.csv``: what a run answered for each held-out example, written and read.

Each line has the example's ``id`` and ``split``, and then what its task writes of a prediction and of the truth.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from convscope.data.dataset import Data, Split
from convscope.data.names import composed
from convscope.errors import CheckpointError, quoted
from convscope.runs import files
from convscope.runs.checksum import unfinished
from convscope.runs.model_spec import ModelSpec
from convscope.runs.run import Run
from convscope.runs.write import csv_text, write_file
from convscope.tasks.registry import task
from convscope.tasks.scores import Evidence


@dataclass(frozen=True)
class Answers:
    """What a run said of the examples ``ids`` (n,) that it was judged on; ``rows`` are their lines."""

    ids: np.ndarray
    rows: list[dict[str, str]]
    spec: ModelSpec

    def of(self, ids: np.ndarray) -> Evidence:
        """Return what the answers show of the same examples in the order of ``ids`` (n,)."""
        at = {name: row for row, name in enumerate(self.ids)}
        rows = self.rows if (self.ids == ids).all() else [self.rows[at[name]] for name in ids]
        return task(self.spec.task).read(rows, self.spec.target)


def write_predictions(folder: Path, data: Data, spec: ModelSpec, predictions: dict[str, Any]) -> None:
    """Write the predictions (N, ...) for the splits that have some."""
    rows = (
        row for split in data.splits if split.name in predictions for row in _rows(split, predictions[split.name], spec)
    )
    write_file(folder / files.PREDICTIONS, csv_text(_header(spec), rows))


def read_answers(run: Run) -> Answers:
    """Return what a finished run answered for the split it was judged on; ``CheckpointError`` where that is damaged."""
    split = run.metrics["split"]
    path = run.folder / files.PREDICTIONS
    try:
        with path.open(newline="", encoding="utf-8") as file:
            header, *lines = csv.reader(file)
        rows = [dict(zip(header, line, strict=True)) for line in lines]
        rows = [row for row in rows if row["split"] == split]
        ids = np.array([composed(row["id"]) for row in rows])
        answers = Answers(ids, rows, run.spec)
        answers.of(ids)
    except FileNotFoundError:
        raise CheckpointError(f"{path} is gone: without it runs cannot be compared; train again") from None
    except (ValueError, KeyError, IndexError) as error:
        raise CheckpointError(f"{path} is damaged ({type(error).__name__}: {error}); train again") from None
    if header[:2] != ["id", "split"] or len(rows) != run.metrics["examples"]:
        raise CheckpointError(f"{path} does not belong to the {files.METRICS} beside it; train again")
    if why := unfinished(run.folder, (files.METRICS, files.PREDICTIONS)):
        raise CheckpointError(
            f"{run.folder} cannot be compared: {why}; resume with: convscope train --resume {quoted(run.folder)}"
        )
    return answers


def _header(spec: ModelSpec) -> tuple[str, ...]:
    return ("id", "split", *task(spec.task).columns(spec.target))


def _rows(split: Split, predictions: Any, spec: ModelSpec) -> Iterator[tuple[str, ...]]:
    lines = task(spec.task).lines(split.target, predictions, spec.target)
    for name, cells in zip(split.ids, lines, strict=True):
        yield (str(name), split.name, *cells)
