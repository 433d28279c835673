"""Mean and standard deviation of each channel, over examples that are read batch by batch."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from convscope.data.columns import RaggedBatch, Values


def channel_moments(batches: Iterable[Values], channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the mean and standard deviation (channels,) of examples (k, ..., channels); a constant channel gets 1.

    >>> channel_moments([np.array([[[0.0, 7.0], [2.0, 7.0]]])], 2)
    ((1.0, 7.0), (1.0, 1.0))
    """
    count, total, squares = 0, np.zeros(channels), np.zeros(channels)
    for batch in batches:
        values = (batch.values if isinstance(batch, RaggedBatch) else batch).reshape(-1, channels).astype(np.float64)
        count += len(values)
        total += values.sum(0)
        squares += (values**2).sum(0)
    mean = total / max(1, count)
    std = np.sqrt(np.maximum(squares / max(1, count) - mean**2, 0))
    std[std <= 1e-6 * np.abs(mean)] = 1
    return tuple(mean.tolist()), tuple(std.tolist())
