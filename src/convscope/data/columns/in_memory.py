"""A column that is an array in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from convscope.data.columns.column import Column, Converted, Selected
from convscope.data.spec import FieldSpec, Kind


@dataclass(frozen=True, eq=False)
class InMemory:
    """n examples of one size, ``values`` (n, *shape)."""

    spec: FieldSpec
    values: np.ndarray
    content: np.ndarray | None = None

    @classmethod
    def of(cls, kind: Kind, values: np.ndarray, *, name: str = "", names: tuple[str, ...] = ()) -> InMemory:
        """Return the column of an array, called as its kind unless a name is given.

        >>> InMemory.of("signal", np.zeros((5, 100, 2), np.float32)).spec.shape
        (100, 2)
        """
        return cls(FieldSpec(name or kind, kind, values.shape[1:], values.dtype.name, names), values)

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Return the values (k, *shape) of some rows."""
        return self.values[rows]

    def stream(self, batches: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Yield the values of each batch of rows.

        >>> column = InMemory.of("signal", np.arange(6).reshape(3, 2, 1))
        >>> [values.ravel().tolist() for values in column.stream([np.array([2, 0]), np.array([1])])]
        [[4, 5, 0, 1], [2, 3]]
        """
        return (self.values[rows] for rows in batches)


def in_memory(column: Column) -> bool:
    """Return whether a column, or the one that it shows some examples of, is an array in memory.

    >>> column = InMemory.of("signal", np.zeros((5, 100, 2), np.float32))
    >>> in_memory(Selected(column, np.array([3, 1])))
    True
    """
    while isinstance(column, Selected | Converted):
        column = column.column
    return isinstance(column, InMemory)
