"""A column of clips or volumes whose frames lie one after the other in another column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from convscope.data.columns.column import Column, Values
from convscope.data.spec import FieldSpec, Kind


@dataclass(frozen=True, eq=False)
class Framed:
    """Examples of so many ``frames`` each, in their order, out of ``images`` (n · T, H, W, C).

    ``content`` (n, 16) is a hash of each example.

    >>> from convscope.data.columns import InMemory
    >>> images = InMemory.of("image", np.arange(6).reshape(6, 1, 1, 1))
    >>> column = Framed("video", images, 3, np.zeros((2, 16), np.uint8))
    >>> column.spec.shape, column.take(np.array([1])).ravel().tolist()
    ((3, 1, 1, 1), [3, 4, 5])
    """

    kind: Kind
    images: Column
    frames: int
    content: np.ndarray

    @property
    def spec(self) -> FieldSpec:
        """What it holds."""
        one = self.images.spec
        return FieldSpec(self.kind, self.kind, (self.frames, *one.shape), one.dtype)

    def __len__(self) -> int:
        return len(self.content)

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Return some examples (k, T, H, W, C)."""
        return self._joined(self.images.take(self._frames_of(rows)))

    def stream(self, batches: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Yield some examples, batch by batch."""
        return map(self._joined, self.images.stream(map(self._frames_of, batches)))

    def _frames_of(self, rows: np.ndarray) -> np.ndarray:
        return (np.asarray(rows)[:, None] * self.frames + np.arange(self.frames)).ravel()

    def _joined(self, images: Values) -> np.ndarray:
        assert isinstance(images, np.ndarray)  # of one size
        return images.reshape(-1, self.frames, *images.shape[1:])
