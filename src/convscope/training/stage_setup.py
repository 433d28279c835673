"""What is run in a stage of training: the layers that learn, and the batches they are fed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import nn

from convscope.data.loader import Loader
from convscope.models import transfer
from convscope.training.divergence import LossWatch
from convscope.training.feature_cache import Progress as Told
from convscope.training.feature_cache import cache_features, frozen_layers
from convscope.training.freezing import freeze_norm_statistics
from convscope.training.pace import Pace
from convscope.training.state import TrainerState
from convscope.training.steps import Loss, Stepper


@dataclass
class StageSetup:
    """The batches that are trained and judged on, what takes the steps, and what is judged after each epoch.

    Where features are computed once, they are the batches, and only the layers behind them are run. What is saved is
    the whole network all the same: its parameters are theirs.
    """

    train: Loader
    valid: Loader
    stepper: Stepper
    judged: nn.Module
    watch: LossWatch
    pace: Pace = field(default_factory=Pace)

    def begin_epoch(self) -> None:
        """Put the network into training mode, all but what stands still."""
        self.stepper.form.train()
        if self.stepper.progress.plan.stages:
            freeze_norm_statistics(self.stepper.form)


def set_up_stage(
    run: TrainerState,
    train: Loader,
    valid: Loader,
    loss: Loss,
    classes: int,
    form: Callable[[nn.Module], nn.Module],
    tell: Callable[[str], None],
    on_progress: Told | None,
) -> StageSetup:
    """Return the scene of the stage that ``run`` is in; features are computed here where the stage says once."""
    if run.plan.stages and not run.stage.augment and train.policy is not None:
        train = train.plain
    watch = LossWatch(run.plan.device, classes, run.losses())
    if not run.stage.once:
        stepper = Stepper(run, form(run.model), loss, classes, tell)
        return StageSetup(train, valid, stepper, form(run.judged) if run.average else stepper.form, watch)
    count = frozen_layers(run.model)
    first, rest = transfer.split(run.model, count)
    stepper = Stepper(run, form(rest), loss, classes, tell)
    train = cache_features(first, train, run.plan, on_progress)
    if run.average is None:
        return StageSetup(train, cache_features(first, valid, run.plan, None), stepper, stepper.form, watch)
    averaged, behind = transfer.split(run.average.model, count)
    if _equal(first, averaged):  # and will stay so: an average of equal weights
        return StageSetup(train, cache_features(first, valid, run.plan, None), stepper, form(behind), watch)
    return StageSetup(train, valid, stepper, form(run.average.model), watch)


def _equal(a: nn.Module, b: nn.Module) -> bool:
    pairs = zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    return all(torch.equal(mine, theirs) for mine, theirs in pairs)
