"""The settings that multi-label classification has of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """None so far: which labels there are, the data say; one from a probability of 0.5 on counts as predicted."""
