"""A batch: some examples of a split as tensors, ready for the network and the loss."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from torch import Tensor


@dataclass(frozen=True)
class Mixed:
    """What each example was blended with: the partners' targets, and the weight (N,) of the example itself."""

    targets: tuple[Tensor, ...]
    weight: Tensor

    def part(self, at: slice | np.ndarray) -> Mixed:
        """Return that of some of the examples."""
        return Mixed(tuple(target[at] for target in self.targets), self.weight[at])


@dataclass(frozen=True)
class Batch:
    """Examples ``rows`` (N,) of a set: network inputs (N, C, *space) float32, or (N, L) int64, and encoded targets.

    ``lengths`` (N,) are those of inputs that were padded to the longest of the batch.
    """

    rows: np.ndarray
    inputs: tuple[Tensor, ...]
    targets: tuple[Tensor, ...] = ()
    lengths: Tensor | None = None
    mixed: Mixed | None = None

    def __len__(self) -> int:
        return len(self.inputs[0])

    @property
    def x(self) -> Tensor:
        """The first input, the only one of most networks."""
        return self.inputs[0]

    def part(self, at: slice | np.ndarray) -> Batch:
        """Return some of the examples as a batch, by a slice or by positions (n,)."""
        return replace(
            self,
            rows=self.rows[at],
            inputs=tuple(x[at] for x in self.inputs),
            targets=tuple(target[at] for target in self.targets),
            lengths=None if self.lengths is None else self.lengths[at],
            mixed=None if self.mixed is None else self.mixed.part(at),
        )
