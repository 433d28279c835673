"""``predictions.csv``: what a run answered for each held-out example, written and read.

Each line has the example's ``id``, ``split`` and ``label``, the ``prediction`` and its ``probability``. The rest
depends on the number of classes: up to 100 of them, the probability of each (``p:NAME``); of more, that of the true
class (``label_probability``) and the next four answers with theirs (``prediction_2``, ``probability_2``, ...), since
all of them would be megabytes that nobody reads. Both hold all that runs are compared by.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convscope.data.dataset import Data, Split
from convscope.data.names import composed
from convscope.errors import CheckpointError, quoted
from convscope.runs import files
from convscope.runs.checksum import unfinished
from convscope.runs.run import Run
from convscope.runs.write import csv_text, write_file

MOST_CLASSES = 100  # whose probabilities are all written down
TOP = 5  # answers that are written down where there are more classes

_COLUMNS = ("id", "split", "label", "prediction", "probability")
_OF_LABEL = "label_probability"
_NEXT = tuple(name for rank in range(2, TOP + 1) for name in (f"prediction_{rank}", f"probability_{rank}"))


@dataclass(frozen=True)
class Answers:
    """What a run said of the examples it was judged on, all (n,).

    ``labels`` and ``predicted`` are numbers of classes, ``stated`` is the probability of the predicted class and
    ``of_label`` that of the true one.
    """

    ids: np.ndarray
    labels: np.ndarray
    predicted: np.ndarray
    stated: np.ndarray
    of_label: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """Which answers were right, (n,) bool."""
        return self.predicted == self.labels

    def of(self, ids: np.ndarray) -> Answers:
        """Return the answers for the same examples in the order of ``ids`` (n,)."""
        if (self.ids == ids).all():
            return self
        at = {name: row for row, name in enumerate(self.ids)}
        rows = np.array([at[name] for name in ids])
        columns = (self.ids, self.labels, self.predicted, self.stated, self.of_label)
        return Answers(*(column[rows] for column in columns))


def write_predictions(folder: Path, data: Data, shares: dict[str, np.ndarray]) -> None:
    """Write the probabilities (N, K) of the splits that have some."""
    rows = (row for split in data.splits if split.name in shares for row in _rows(split, shares[split.name], data))
    write_file(folder / files.PREDICTIONS, csv_text(_header(data.classes), rows))


def read_answers(run: Run) -> Answers:
    """Return what a finished run answered for the split it was judged on; ``CheckpointError`` where that is damaged."""
    split = run.metrics["split"]
    path = run.folder / files.PREDICTIONS
    try:
        with path.open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        rows = [[*map(composed, row[:4]), *row[4:]] for row in rows if row[1] == split]
        number = {name: k for k, name in enumerate(run.spec.classes)}
        labels, predicted = (np.array([number[row[at]] for row in rows], dtype=int) for at in (2, 3))
        if header[5:6] == [_OF_LABEL]:
            of_label = np.array([row[5] for row in rows], dtype=float)
        else:
            of_label = np.array([row[5 + label] for row, label in zip(rows, labels, strict=True)], dtype=float)
        stated = np.array([row[4] for row in rows], dtype=float)
    except FileNotFoundError:
        raise CheckpointError(f"{path} is gone: without it runs cannot be compared; train again") from None
    except (ValueError, KeyError, IndexError) as error:
        raise CheckpointError(f"{path} is damaged ({type(error).__name__}: {error}); train again") from None
    if [*map(composed, header[5:])] not in (_every(run.spec.classes), [_OF_LABEL, *_NEXT]) or len(rows) != run.metrics[
        "examples"
    ]:
        raise CheckpointError(f"{path} does not belong to the {files.METRICS} beside it; train again")
    if why := unfinished(run.folder, (files.METRICS, files.PREDICTIONS)):
        raise CheckpointError(
            f"{run.folder} is not finished: {why}; go on with: convscope train --resume {quoted(run.folder)}"
        )
    return Answers(np.array([row[0] for row in rows]), labels, predicted, stated, of_label)


def _every(classes: Sequence[str]) -> list[str]:
    return [f"p:{name}" for name in classes]


def _header(classes: Sequence[str]) -> tuple[str, ...]:
    rest = _every(classes) if len(classes) <= MOST_CLASSES else [_OF_LABEL, *_NEXT]
    return (*_COLUMNS, *rest)


def _rows(split: Split, shares: np.ndarray, data: Data) -> Iterator[tuple[str, ...]]:
    classes, few = data.classes, len(data.classes) <= MOST_CLASSES
    # The answer given is the first of equals, as everywhere.
    top = np.argsort(-shares, axis=1, kind="stable")[:, : 1 if few else TOP]
    for name, label, row, best in zip(split.ids, split.labels, shares, top, strict=True):
        answers = [(classes[k], f"{row[k]:.6g}") for k in best]
        rest = row if few else [row[label]]
        after = (cell for answer in answers[1:] for cell in answer)
        yield (str(name), split.name, classes[label], *answers[0], *(f"{p:.6g}" for p in rest), *after)
