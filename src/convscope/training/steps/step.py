"""What the training loop asks of a step, whatever it does: one network and one optimiser, or several."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from convscope.data.batch import Batch
from convscope.data.loader import Loader
from convscope.training.feature_cache import Progress
from convscope.training.plan import Stage


class Step(Protocol):
    """Takes the steps of a training.

    ``logged`` names what each step is recorded by: the loss first. ``slowed`` is a factor on the learning rate, halved
    where a training diverged.
    """

    logged: tuple[str, ...]
    slowed: float

    def enter(self, stage: Stage) -> None:
        """Begin a stage: freeze what it freezes, with fresh optimisers."""

    def feed(
        self,
        stage: Stage,
        train: Loader,
        valid: Loader,
        form: Callable[[nn.Module], nn.Module],
        on_progress: Progress | None,
    ) -> tuple[Loader, Loader, nn.Module]:
        """Return the batches to train and to judge on in a stage, and the network that is judged.

        ``form`` makes of a network what is run for it, sharing its parameters.
        """
        ...

    def begin_epoch(self) -> None:
        """Put the networks into training mode, all but what is frozen."""

    def take(self, batch: Batch, done: float, taken: int) -> Tensor:
        """Take a step; return what is logged of it, (len(logged),) float32.

        ``done`` is how much of the stage is over, 0 to 1; ``taken`` the number of steps before this one in the run.
        """
        ...

    def evaluated(self) -> nn.Module:
        """Return the network that is evaluated and kept."""
        ...

    def state(self) -> dict[str, Tensor]:
        """Return all tensors that the step moves, under names of their own; not copied."""
        ...

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Put back what ``state`` returned."""

    def facts(self) -> dict[str, Any]:
        """Return what else a resumed training needs, as plain values."""
        ...

    def recall(self, facts: dict[str, Any]) -> None:
        """Put back what ``facts`` returned."""


def copied(value: Tensor) -> Tensor:
    """Return a copy in the processor's memory.

    Made here, not by the thread that writes: torch would start a second set of threads for it.
    """
    plain = torch.empty(value.shape, dtype=value.dtype, device="cpu")
    return plain.copy_(value.detach())
