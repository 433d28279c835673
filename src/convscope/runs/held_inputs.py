"""The examples that a run has not learned from, as its network takes them: all of one size, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from convscope.data.dataset import Split
from convscope.data.sequences.first_window import first_window
from convscope.errors import DataError
from convscope.runs.evaluate import held_out
from convscope.runs.explanation_checks import checked_rows

if TYPE_CHECKING:
    from convscope.runs.run import Run

BATCH, NUMBERS = 64, 8_000_000  # examples of a batch, and numbers that are in memory together


@dataclass(frozen=True, eq=False)
class HeldInputs:
    """The split ``name`` that a run is judged by. ``some`` (N, C, *space) are those of its usual size among a few."""

    run: Run
    name: str
    split: Split
    some: Tensor
    warnings: tuple[str, ...] = ()

    def input(self, row: int) -> Tensor:
        """Return one example as the network takes it, (1, C, *space)."""
        return _input(self.run, self.split, row)

    def batches(
        self, rows: list[int], looked: Callable[[int, int], None] = lambda done, total: None
    ) -> Iterator[Tensor]:
        """Yield the examples of the usual size; the row of each is added to ``rows``.

        ``looked`` hears after each batch how many examples of how many are done.
        """
        size = self.some.shape[1:]
        most = max(1, min(BATCH, NUMBERS // max(1, size.numel())))
        batch: list[Tensor] = []
        for row in range(len(self.split)):
            x = self.input(row)
            if x.shape[1:] != size:
                continue
            rows.append(row)
            batch.append(x)
            if len(batch) == most:
                yield torch.cat(batch)
                batch = []
                looked(row + 1, len(self.split))
        if batch:
            yield torch.cat(batch)
        looked(len(self.split), len(self.split))


def held_inputs(run: Run, few: int) -> HeldInputs:
    """Return the examples of a run's test split, else of another (see ``held_out``), ``few`` of them in memory.

    Raises as loading the set does, and ``DataError`` where the split is empty.
    """
    name, split, warnings = held_out(run)
    if not len(split):
        raise DataError(f"the {name} split of {run.source} has no examples")
    first = _input(run, split, 0)
    rows = checked_rows(len(split), max(1, min(few, NUMBERS // first.numel())))
    inputs = [_input(run, split, int(row)) for row in rows]
    sizes = [tuple(x.shape) for x in inputs]
    usual = max(dict.fromkeys(sizes), key=sizes.count)
    some = torch.cat([x for x, size in zip(inputs, sizes, strict=True) if size == usual])
    return HeldInputs(run, name, split, some, warnings)


def _input(run: Run, split: Split, row: int) -> Tensor:
    raw = np.asarray(split.input.take(np.array([row]))[0])
    return run.predictor.tensor(np.array(first_window(raw, run.spec.preprocessing))[None])
