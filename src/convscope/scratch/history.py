"""What happened in training: one record per step, one per epoch."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """One step: its loss before the weights changed, and the gradient's length before clipping (None: not clipped)."""

    epoch: int
    step: int
    loss: float
    gradient_norm: float | None = None


@dataclass(frozen=True)
class Epoch:
    """One pass over the examples: the mean loss while training, figures of the validation set after it, seconds.

    ``accuracy`` and ``valid_accuracy`` are shares of right answers, None where the loss knows no right answer;
    ``valid_...`` are None without a validation set.
    """

    epoch: int
    loss: float
    accuracy: float | None
    valid_loss: float | None
    valid_accuracy: float | None
    seconds: float


@dataclass
class History:
    """All steps and epochs of a training, in order; epochs and steps count from 1."""

    steps: list[Step] = field(default_factory=list)
    epochs: list[Epoch] = field(default_factory=list)
