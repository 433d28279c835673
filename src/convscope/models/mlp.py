"""A fully connected network on the pixels: what a CNN must beat, since it knows nothing of neighbourhood."""

from __future__ import annotations

from torch import nn


def mlp(
    *, classes: int, channels: int, size: tuple[int, int], hidden: int = 256, dropout: float = 0.2
) -> nn.Sequential:
    """Build flatten, ``hidden``, ReLU, dropout, ``hidden``, ReLU, dropout, classes."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(channels * size[0] * size[1], hidden), nn.ReLU(), nn.Dropout(dropout),
        nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(dropout),
        nn.Linear(hidden, classes),
    )  # fmt: skip
