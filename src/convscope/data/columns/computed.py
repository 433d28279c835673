"""A column whose examples are computed when they are asked for, and not kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from convscope.data.columns.column import Values
from convscope.data.columns.ragged import RaggedBatch
from convscope.data.spec import FieldSpec


@dataclass(frozen=True, eq=False)
class Computed:
    """``count`` examples; ``function`` gives the values of one from its number, always the same.

    >>> spec = FieldSpec("ramp", "signal", (None, 1), "float32")
    >>> column = Computed(spec, 3, lambda at: np.arange(at + 1, dtype=np.float32)[:, None])
    >>> len(column), column[2].ravel().tolist(), column.take(np.array([0, 1])).lengths.tolist()
    (3, [0.0, 1.0, 2.0], [1, 2])
    """

    spec: FieldSpec
    count: int
    function: Callable[[int], np.ndarray]

    @property
    def content(self) -> np.ndarray | None:
        """No hashes are made."""
        return None

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, at: int) -> np.ndarray:
        """Return one example; ``IndexError`` beyond the last one."""
        if not -self.count <= at < self.count:
            raise IndexError(f"there are {self.count:,} examples, numbered from 0; there is no {at:,}")
        return self.function(int(at) % self.count)

    def __iter__(self) -> Iterator[np.ndarray]:
        return map(self.function, range(self.count))

    def take(self, rows: np.ndarray) -> Values:
        """Return some examples, together in memory: one array where all examples have one size."""
        examples = [self.function(int(row)) for row in rows]
        return RaggedBatch.of(examples) if None in self.spec.shape or not examples else np.stack(examples)

    def stream(self, batches: Iterable[np.ndarray]) -> Iterator[Values]:
        """Yield some examples batch by batch."""
        return map(self.take, batches)
