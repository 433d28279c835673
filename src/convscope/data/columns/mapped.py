"""A column in a file that fits into memory: mapped, so that the kernel reads what is asked for, and keeps it."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from convscope.data.columns.array_file import ArrayFile
from convscope.data.spec import FieldSpec


@dataclass(frozen=True, eq=False)
class Mapped:
    """n examples of one size, ``values`` (n, *shape): a map of the whole ``file``, each checked when it is first read.

    The length of the file is looked at before each batch: memory whose file has become shorter kills the process that
    touches it.
    """

    spec: FieldSpec
    values: np.ndarray
    file: ArrayFile
    content: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def _map(self) -> mmap.mmap | None:
        base: Any = self.values
        while isinstance(base, np.ndarray):
            base = base.base
        return base if isinstance(base, mmap.mmap) else None

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Return the values (k, *shape) of some rows; ``DataError`` where the file is shorter now, or damaged."""
        if self._map is not None and self._map.size() < len(self._map):
            raise self.file.too_short()
        return self.file.checked(rows, self.values[rows])

    def stream(self, batches: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Yield the values of each batch of rows; raises as ``take``."""
        return map(self.take, batches)
