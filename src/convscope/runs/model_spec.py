"""What a weights file says about itself: enough to rebuild the network and feed it an image."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from convscope.data.preprocessing import Preprocessing
from convscope.data.spec import Classes, TargetSpec
from convscope.models import own
from convscope.models.cost import cost
from convscope.models.header import Header
from convscope.models.registry import build

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class ModelSpec:
    """A trained network without its weights: task, classes in order, preprocessing, network name, options and head.

    ``source`` is the network itself, or what builds it, where it was given and is not to be found by its name.
    """

    task: str
    model: str
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    options: dict[str, Any] = field(default_factory=dict)
    head: str = "own"
    source: own.Source | None = field(default=None, repr=False, compare=False)

    def build(self) -> nn.Module:
        """Build the network with fresh weights; ``ConfigError`` where its code cannot be imported."""
        return build(self.code, self.options, head=self.head, **self._shape)

    def cost(self) -> tuple[int, int]:
        """Return how many weights the network has, and its multiply-adds for one image."""
        p = self.preprocessing
        return cost(self.build, (p.channels, p.height, p.width))

    def told(self) -> str:
        """Say how a network of one's own is built, and what opening it does."""
        return own.told(self.code, self.options, **self._shape)

    @property
    def target(self) -> TargetSpec:
        """What is learned, with all that is needed to read an answer."""
        return Classes(self.classes)

    @property
    def code(self) -> own.Source:
        """The network's name, or what was given as one."""
        return self.model if self.source is None else self.source

    @property
    def is_object(self) -> bool:
        """Whether the network is a module, whose first weights are what they are, and nothing that builds one."""
        return own.is_own(self.model) and own.is_module(own.load(self.code))

    @property
    def _shape(self) -> dict[str, Any]:
        p = self.preprocessing
        return {"classes": len(self.classes), "channels": p.channels, "size": (p.height, p.width)}

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, fit for JSON."""
        return {
            "format": 1,
            "task": self.task,
            "model": self.model,
            **({"code": own.WARNING} if own.is_own(self.model) else {}),
            "options": self.options,
            "head": self.head,
            "classes": list(self.classes),
            "preprocessing": self.preprocessing.to_dict(),
        }

    @classmethod
    def from_header(cls, header: Header) -> ModelSpec:
        """Rebuild from what a weights file says, ``to_dict``'s values."""
        return cls(header.task, header.model, header.classes, header.rule(), header.options, header.head)
