"""How much motion matters to a network for clips: what it is worth with one frame, with shuffled frames, with all.

A network that answers as well on shuffled frames, or on one frame repeated, has learned no motion: what tells the
examples apart is to be seen in a picture. Both are asked of the network as it is, not trained anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.data.columns import Column, Values
from convscope.data.dataset import Split
from convscope.data.spec import FieldSpec
from convscope.tasks.metrics.estimates import estimates_of
from convscope.tasks.metrics.paired import paired
from convscope.tasks.metrics.units import Units

if TYPE_CHECKING:
    from convscope.runs.run import Run

ONE = "one frame"
SHUFFLED = "shuffled frames"
WHAT = {
    ONE: "the frame in the middle, repeated in place of every other",
    SHUFFLED: "all frames, each clip's in a random order",
}


@dataclass(frozen=True, eq=False)
class Reordered:
    """A column of clips (n, T, ...) with the frames ``order`` (n, T) of each."""

    column: Column
    order: np.ndarray

    @property
    def spec(self) -> FieldSpec:
        """What it holds."""
        return self.column.spec

    @property
    def content(self) -> np.ndarray | None:
        """No hashes are made."""
        return None

    def __len__(self) -> int:
        return len(self.column)

    def take(self, rows: np.ndarray) -> Values:
        """Return some clips."""
        return self._reordered(self.column.take(rows), rows)

    def stream(self, batches: Iterable[np.ndarray]) -> Iterator[Values]:
        """Yield some clips, batch by batch."""
        return map(self.take, batches)

    def _reordered(self, clips: Values, rows: np.ndarray) -> np.ndarray:
        assert isinstance(clips, np.ndarray)
        return clips[np.arange(len(clips))[:, None], self.order[rows]]


def orders(clips: int, frames: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Return the frames (clips, frames) that are seen under each control.

    >>> [order.tolist() for order in orders(1, 4).values()]
    [[[2, 2, 2, 2]], [[2, 0, 1, 3]]]
    """
    random = np.random.default_rng(seed)
    return {
        ONE: np.full((clips, frames), frames // 2),
        SHUFFLED: random.permuted(np.tile(np.arange(frames), (clips, 1)), axis=1),
    }


def motion_controls(run: Run, split: Split, predictions: Any) -> list[dict[str, Any]]:
    """Return the run's main figure on a split of clips under each control, and its lead with all frames in order.

    ``predictions`` are those with all frames. Each row is as one of a baseline: name, what, the figure with its
    interval, and ``versus``, the paired comparison. There are none of other inputs than clips.
    """
    if split.input.spec.kind != "video":
        return []
    does, target, units = run.spec.does, run.spec.target, Units.of(split.groups, len(split))
    main = next(iter(does.compared))
    whole = does.evidence(split.target, predictions, target)
    rows = []
    for name, order in orders(len(split), int(split.input.spec.shape[0] or 1)).items():
        answered = run.predictions(split.with_input(Reordered(split.input, order)))
        seen = does.evidence(split.target, answered, target)
        figure = estimates_of(seen, main, units)[main]
        rows.append({"name": name, "what": WHAT[name], main: figure, "versus": paired(whole, seen, main, units=units)})
    return rows
