"""Signals of a split as one array, each channel standardised on the training split."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from convscope.data.columns import RaggedBatch
from convscope.data.dataset import Split


class Padded(NamedTuple):
    """Signals ``x`` (n, C, T) float32, 0 behind the end of each, and their ``lengths`` (n,)."""

    x: np.ndarray
    lengths: np.ndarray

    def part(self, at: np.ndarray | slice) -> Padded:
        """Return some of them."""
        return Padded(self.x[at], self.lengths[at])


class Scale(NamedTuple):
    """Mean and standard deviation (C, 1) of each channel."""

    mean: np.ndarray
    std: np.ndarray


def padded(split: Split, at: np.ndarray, scale: Scale | None = None) -> tuple[Padded, Scale]:
    """Return the signals at positions ``at`` of a split, and their scale: the given one, or that measured on them."""
    values = split.input.take(at)
    if isinstance(values, RaggedBatch):
        lengths, values = values.lengths, values.padded()
    else:
        lengths = np.full(len(values), values.shape[1])
    x = values.astype(np.float32).transpose(0, 2, 1)
    known = np.arange(x.shape[2]) < lengths[:, None, None]  # (n, 1, T)
    if scale is None:
        count = lengths.sum()
        mean = x.sum((0, 2), dtype=np.float64) / count
        std = np.sqrt((np.where(known, x - mean[:, None], 0) ** 2).sum((0, 2)) / count)
        std[std <= 1e-6 * np.abs(mean)] = 1
        scale = Scale(mean[:, None], std[:, None])
    return Padded(np.where(known, (x - scale.mean) / scale.std, 0).astype(np.float32), lengths), scale
