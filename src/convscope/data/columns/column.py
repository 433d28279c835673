"""What a column is; some rows of one, and one whose values are converted as they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from convscope.data.columns.ragged import RaggedBatch
from convscope.data.spec import FieldSpec

Values = np.ndarray | RaggedBatch  # (k, *shape) of k examples of one size; of different sizes one after the other


class Column(Protocol):
    """One field of n examples."""

    @property
    def spec(self) -> FieldSpec:
        """What it holds."""
        ...

    @property
    def content(self) -> np.ndarray | None:
        """A hash (n, 16) uint8 of each example: of its file, or of its raw values; ``None`` where none was made."""
        ...

    def __len__(self) -> int: ...

    def take(self, rows: np.ndarray) -> Values:
        """Return the values of the examples ``rows`` (k,).

        Raises:
            DataError: they are no longer there, or damaged.
        """
        ...

    def stream(self, batches: Iterable[np.ndarray]) -> Iterator[Values]:
        """Yield the values of each batch of rows; ``batches`` may be asked for more than has been yielded."""
        ...


@dataclass(frozen=True, eq=False)
class Selected:
    """The examples ``rows`` (k,) of another column, numbered from 0."""

    column: Column
    rows: np.ndarray

    @property
    def spec(self) -> FieldSpec:
        """What it holds."""
        return self.column.spec

    @property
    def content(self) -> np.ndarray | None:
        """A hash (k, 16) of each example."""
        return None if self.column.content is None else self.column.content[self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, rows: np.ndarray) -> Values:
        """Return some examples."""
        return self.column.take(self.rows[rows])

    def stream(self, batches: Iterable[np.ndarray]) -> Iterator[Values]:
        """Yield some examples, batch by batch."""
        return self.column.stream(self.rows[rows] for rows in batches)


@dataclass(frozen=True, eq=False)
class Converted:
    """Another column whose values (k, ...) go through ``convert`` as they are read, and are then as ``spec`` says.

    Of different sizes each example goes through it by itself, (1, ...).
    """

    column: Column
    spec: FieldSpec
    convert: Callable[[np.ndarray], np.ndarray]

    @property
    def content(self) -> np.ndarray | None:
        """A hash (n, 16) of each example before it is converted."""
        return self.column.content

    def __len__(self) -> int:
        return len(self.column)

    def take(self, rows: np.ndarray) -> Values:
        """Return some examples, converted."""
        return self._converted(self.column.take(rows))

    def stream(self, batches: Iterable[np.ndarray]) -> Iterator[Values]:
        """Yield some examples, batch by batch, converted."""
        return map(self._converted, self.column.stream(batches))

    def _converted(self, values: Values) -> Values:
        if isinstance(values, RaggedBatch):
            return RaggedBatch.of([self.convert(values[at][None])[0] for at in range(len(values))])
        return self.convert(values)
