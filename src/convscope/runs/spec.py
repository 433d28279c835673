"""What a weights file says about itself: enough to rebuild the network and feed it an image."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from convscope.data.preprocessing import Preprocessing
from convscope.models import create

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class ModelSpec:
    """A trained network without its weights: task, classes in order, preprocessing, network name, options and head."""

    task: str
    model: str
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    options: dict[str, Any] = field(default_factory=dict)
    head: str = "own"

    def build(self) -> nn.Module:
        """Build the network with fresh weights."""
        p = self.preprocessing
        return create(
            self.model,
            classes=len(self.classes),
            channels=p.channels,
            size=(p.height, p.width),
            head=self.head,
            **self.options,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, fit for JSON."""
        return {
            "format": 1,
            "task": self.task,
            "model": self.model,
            "options": self.options,
            "head": self.head,
            "classes": list(self.classes),
            "preprocessing": self.preprocessing.to_dict(),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ModelSpec:
        """Rebuild from ``to_dict``'s values."""
        return cls(
            task=values["task"],
            model=values["model"],
            classes=tuple(values["classes"]),
            preprocessing=Preprocessing.from_dict(values["preprocessing"]),
            options=values["options"],
            head=values.get("head", "own"),  # older files do not say
        )
