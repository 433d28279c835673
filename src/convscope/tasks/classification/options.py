"""The settings that classification has of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from convscope.tasks.settings import setting


@dataclass(frozen=True)
class Options:
    """How classes are learned and scored."""

    smoothing: float = setting(0.05, "Training", "label smoothing", at_least=0, at_most=0.9)
    class_weights: Literal["none", "balanced"] = setting("none", "Training", "weight classes by inverse frequency")
    positive: str | None = setting(None, "Data", "class that sensitivity is about, in a two-class set")
