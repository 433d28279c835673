"""What happens during a training, told to whoever listens: one method an event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


class Listener:
    """Hears what a training does, all from the training's own thread; override the events of interest.

    An exception that is raised here ends the training; its last whole epoch is saved first.

    >>> class Losses(Listener):
    ...     def epoch(self, row):
    ...         print(row["train_loss"])
    >>> Losses().epoch({"train_loss": 0.5})
    0.5
    """

    def progress(self, what: str, done: int, total: int) -> None:
        """Hear how far some work has come: decoding, caching features, baselines, the report."""

    def plan(self, prepared: Any) -> None:
        """Hear what will run, before the first step; ``prepared`` is a ``runs.start.Prepared``."""

    def stage(self, number: int) -> None:
        """Hear, where there are several stages, that one begins; they are numbered from 1."""

    def step(self, epoch: int, step: int, steps: int, figures: Mapping[str, Any]) -> None:
        """Hear that step ``step`` of ``steps`` is done; ``figures`` are tensors, ``epoch`` counts from 0."""

    def epoch(self, row: dict[str, float]) -> None:
        """Hear the figures of a finished epoch, as ``epochs.csv`` has them."""

    def notice(self, text: str) -> None:
        """Hear what a user must know at once."""


SILENT = Listener()


@dataclass(frozen=True)
class Observer(Listener):
    """A listener made of functions, each called as the method of its name; what is ``None`` is not heard.

    >>> Observer(on_notice=print).notice("the loss is infinite")
    the loss is infinite
    """

    on_progress: Callable[[str, int, int], None] | None = None
    on_plan: Callable[[Any], None] | None = None
    on_step: Callable[[int, int, int, Any], None] | None = None
    on_epoch: Callable[[dict[str, float]], None] | None = None
    on_notice: Callable[[str], None] | None = None
    on_stage: Callable[[int], None] | None = None

    def progress(self, what: str, done: int, total: int) -> None:
        """Call ``on_progress``."""
        if self.on_progress:
            self.on_progress(what, done, total)

    def plan(self, prepared: Any) -> None:
        """Call ``on_plan``."""
        if self.on_plan:
            self.on_plan(prepared)

    def stage(self, number: int) -> None:
        """Call ``on_stage``."""
        if self.on_stage:
            self.on_stage(number)

    def step(self, epoch: int, step: int, steps: int, figures: Mapping[str, Any]) -> None:
        """Call ``on_step``."""
        if self.on_step:
            self.on_step(epoch, step, steps, figures)

    def epoch(self, row: dict[str, float]) -> None:
        """Call ``on_epoch``."""
        if self.on_epoch:
            self.on_epoch(row)

    def notice(self, text: str) -> None:
        """Call ``on_notice``."""
        if self.on_notice:
            self.on_notice(text)
