"""The settings that regression has of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """None so far: what is learned, and in which units, the data say."""
