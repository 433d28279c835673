"""What a weights file says about itself: enough to rebuild the network and feed it an input."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from convscope.data.masks import MaskRule
from convscope.data.spec import Classes, InputSpec, OutputSpec, TargetSpec, target_entry
from convscope.data.transforms import Transform, noun_of
from convscope.models import own
from convscope.models.cost import cost
from convscope.models.header import Header
from convscope.models.registry import build
from convscope.tasks.registry import task
from convscope.tasks.task import Task

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class ModelSpec:
    """A trained network without its weights: task, target, preprocessing, network name, options and head.

    ``masks`` says what the values of masks mean, ``None`` where there are none, or where an older file does not say.
    ``source`` is the network itself, or what builds it, where it was given and is not to be found by its name.
    """

    task: str
    model: str
    target: TargetSpec
    preprocessing: Transform
    options: dict[str, Any] = field(default_factory=dict)
    head: str = "own"
    source: own.Source | None = field(default=None, repr=False, compare=False)
    masks: MaskRule | None = None

    def build(self) -> nn.Module:
        """Build the network with fresh weights; ``ConfigError`` where its code cannot be imported."""
        return build(self.code, self.options, input=self.input, output=self.output, head=self.head)

    def cost(self) -> tuple[int, int]:
        """Return how many weights the network has, and its multiply-adds for one example."""
        return cost(self.build, self.input)

    def told(self) -> str:
        """Say how a network of one's own is built, and what opening it does."""
        return own.told(self.code, self.options, self.input, self.output)

    @property
    def code(self) -> own.Source:
        """The network's name, or what was given as one."""
        return self.model if self.source is None else self.source

    @property
    def is_object(self) -> bool:
        """Whether the network is a module, whose first weights are what they are, and nothing that builds one."""
        return own.is_own(self.model) and own.is_module(own.load(self.code))

    @property
    def does(self) -> Task:
        """The task's functions."""
        return task(self.task)

    @property
    def input(self) -> InputSpec:
        """What the network takes."""
        return self.preprocessing.input

    @property
    def noun(self) -> str:
        """What an example is called."""
        return noun_of(self.preprocessing)

    @property
    def output(self) -> OutputSpec:
        """What the network gives."""
        return self.does.output(self.target, self.input)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, where these are learned; ``AttributeError`` elsewhere."""
        if not isinstance(self.target, Classes):
            raise AttributeError(f"a network for {self.task} has no classes; see target")
        return self.target.names

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, fit for JSON."""
        return {
            "format": 1,
            "task": self.task,
            "model": self.model,
            **({"code": own.WARNING} if own.is_own(self.model) else {}),
            "options": self.options,
            "head": self.head,
            **target_entry(self.target),
            "preprocessing": self.preprocessing.to_dict(),
            **({} if self.masks is None else {"masks": self.masks.to_dict()}),
        }

    @classmethod
    def from_header(cls, header: Header) -> ModelSpec:
        """Rebuild from what a weights file says, ``to_dict``'s values."""
        return cls(
            header.task, header.model, header.target, header.preprocessing, header.options, header.head,
            masks=header.masks,
        )  # fmt: skip
