"""What is run in a stage of training: the layers that learn, and the batches they are fed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import nn

from convscope.data.loader import Loader
from convscope.models import transfer
from convscope.training.divergence import LossWatch
from convscope.training.feature_cache import Progress, cache_features, frozen_layers
from convscope.training.pace import Pace
from convscope.training.state import TrainerState
from convscope.training.steps.supervised import Supervised


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
    step: Supervised,
    train: Loader,
    valid: Loader,
    form: Callable[[nn.Module], nn.Module],
    on_progress: Progress | None,
) -> StageSetup:
    """Set up the stage that ``run`` is in; features are computed here where the stage says once."""
    if run.plan.stages and not run.stage.augment and train.policy is not None:
        train = copy.copy(train)
        train.policy = None
    watch = LossWatch(run.plan.device, step.objective.blind, run.losses())
    if not run.stage.once:
        step.running = form(step.model)
        return StageSetup(train, valid, form(step.evaluated()) if step.average else step.running, watch)
    count = frozen_layers(step.model)
    first, rest = transfer.split(step.model, count)
    step.running = form(rest)
    train = cache_features(first, train, run.plan, on_progress)
    if step.average is None:
        return StageSetup(train, cache_features(first, valid, run.plan, None), step.running, watch)
    averaged, behind = transfer.split(step.average.model, count)
    if _equal(first, averaged):  # and will stay so: an average of equal weights
        return StageSetup(train, cache_features(first, valid, run.plan, None), form(behind), watch)
    return StageSetup(train, valid, form(step.average.model), watch)


def _equal(a: nn.Module, b: nn.Module) -> bool:
    pairs = zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    return all(torch.equal(mine, theirs) for mine, theirs in pairs)
