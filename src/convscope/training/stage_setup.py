"""What is run in a stage of training: the layers that learn, and the batches they are fed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from torch import nn

from convscope.data.loader import Loader
from convscope.tasks.task import Objective
from convscope.training.divergence import LossWatch
from convscope.training.feature_cache import Progress
from convscope.training.pace import Pace
from convscope.training.state import TrainerState


@dataclass
class StageSetup:
    """The batches that are trained and judged on, and what is judged after each epoch.

    Where features are computed once, they are the batches, and only the layers behind them are run. What is saved is
    the whole network all the same: its parameters are theirs.
    """

    train: Loader
    valid: Loader
    judged: nn.Module
    watch: LossWatch
    pace: Pace = field(default_factory=Pace)


def set_up_stage(
    run: TrainerState,
    train: Loader,
    valid: Loader,
    objective: Objective,
    form: Callable[[nn.Module], nn.Module],
    on_progress: Progress | None,
) -> StageSetup:
    """Set up the stage that ``run`` is in; features are computed here where the stage says once."""
    if run.plan.stages and not run.stage.augment and train.policy is not None:
        train = train.plain
    watch = LossWatch(run.plan.device, objective.blind, run.losses())
    return StageSetup(*run.step.feed(run.stage, train, valid, form, on_progress), watch)
