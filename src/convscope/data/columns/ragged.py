"""A column of examples of different sizes: their values one after the other, and where each begins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from convscope.data.spec import FieldSpec, Kind

SHORT = 500  # numbers an example, below which they are picked one by one, faster than cut as slices


@dataclass(frozen=True, eq=False)
class RaggedBatch:
    """k examples: ``values`` flat, example i from ``offsets[i]`` to ``offsets[i + 1]`` (k + 1,), of ``shapes[i]``.

    >>> batch = RaggedBatch.of([np.array([[1], [2]]), np.array([[3], [4], [5]])])
    >>> len(batch), batch[1].ravel().tolist(), batch.padded()[..., 0].tolist()
    (2, [3, 4, 5], [[1, 2, 0], [3, 4, 5]])
    """

    values: np.ndarray
    offsets: np.ndarray
    shapes: np.ndarray

    @classmethod
    def of(cls, examples: Sequence[np.ndarray]) -> RaggedBatch:
        """Return arrays of one type and number of axes as a batch."""
        shapes = np.array([example.shape for example in examples], np.int64).reshape(len(examples), -1)
        offsets = np.concatenate(([0], np.cumsum(shapes.prod(1))))
        return cls(np.concatenate([example.ravel() for example in examples]), offsets, shapes)

    def __len__(self) -> int:
        return len(self.shapes)

    @overload
    def __getitem__(self, at: int) -> np.ndarray: ...

    @overload
    def __getitem__(self, at: slice) -> RaggedBatch: ...

    def __getitem__(self, at: int | slice) -> np.ndarray | RaggedBatch:
        """Return one example in its own size, or those of a slice as a batch."""
        if isinstance(at, slice):
            return RaggedBatch.of([self[k] for k in range(*at.indices(len(self)))])
        return self.values[self.offsets[at] : self.offsets[at + 1]].reshape(self.shapes[at])

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[at] for at in range(len(self)))

    @property
    def lengths(self) -> np.ndarray:
        """How many steps each example has along its first axis, (k,)."""
        return self.shapes[:, 0]

    def padded(self, fill: float = 0) -> np.ndarray:
        """Return all examples in the size of the largest along each axis, ``fill`` behind the smaller ones."""
        padded: np.ndarray = np.full((len(self), *self.shapes.max(0)), fill, self.values.dtype)
        if (self.shapes[:, 1:] == self.shapes[:1, 1:]).all():  # lengths alone differ: no walk through the examples
            padded[np.arange(int(self.lengths.max())) < self.lengths[:, None]] = self.values.reshape(
                -1, *padded.shape[2:]
            )
            return padded
        for at, example in enumerate(self):
            padded[(at, *map(slice, example.shape))] = example
        return padded


def shape_of(shapes: np.ndarray) -> tuple[int | None, ...]:
    """Return the shape that examples of ``shapes`` (n, d) have in common, ``None`` for an axis that varies.

    >>> shape_of(np.array([[4, 2], [7, 2]]))
    (None, 2)
    """
    sizes = [np.unique(axis).tolist() for axis in shapes.T]
    return tuple(size[0] if len(size) == 1 else None for size in sizes)


@dataclass(frozen=True, eq=False)
class Ragged:
    """n examples of different sizes, as in ``RaggedBatch``; ``take`` gives one."""

    spec: FieldSpec
    values: np.ndarray
    offsets: np.ndarray
    shapes: np.ndarray
    content: np.ndarray | None = None

    @classmethod
    def of(cls, kind: Kind, examples: Sequence[np.ndarray], *, name: str = "") -> Ragged:
        """Return the column of arrays that have one type and number of axes.

        >>> Ragged.of("signal", [np.zeros((4, 2)), np.zeros((7, 2))]).spec.shape
        (None, 2)
        """
        batch = RaggedBatch.of(examples)
        spec = FieldSpec(name or kind, kind, shape_of(batch.shapes), batch.values.dtype.name)
        return cls(spec, batch.values, batch.offsets, batch.shapes)

    def __len__(self) -> int:
        return len(self.shapes)

    def take(self, rows: np.ndarray) -> RaggedBatch:
        """Return some examples, in the order of ``rows`` (k,)."""
        first, last = self.offsets[rows], self.offsets[1:][rows]
        sizes = last - first
        offsets = np.zeros(len(first) + 1, np.int64)
        sizes.cumsum(out=offsets[1:])
        if offsets[-1] < SHORT * len(first):
            values = self.values[np.arange(offsets[-1]) + (first - offsets[:-1]).repeat(sizes)]
        else:
            parts = [self.values[a:b] for a, b in zip(first.tolist(), last.tolist(), strict=True)]
            values = np.concatenate(parts) if parts else self.values[:0]
        return RaggedBatch(values, offsets, self.shapes[rows])

    def stream(self, batches: Iterable[np.ndarray]) -> Iterator[RaggedBatch]:
        """Yield some examples batch by batch."""
        return map(self.take, batches)
