"""A training made ready: everything settled, the network built, its batches and its loss at hand."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from convscope.data.augment import Policy
from convscope.data.columns import Selected
from convscope.data.dataset import Data, Split
from convscope.data.ingest import store
from convscope.data.loader import Loader
from convscope.data.patches import patches_of
from convscope.data.sequences.windows import windowed
from convscope.data.spec import TargetSpec
from convscope.data.transforms import Form
from convscope.models import own
from convscope.models.fitting import load_into
from convscope.models.weights import Weights
from convscope.runs.model_spec import ModelSpec
from convscope.runs.own_network import check_own
from convscope.runs.predictor import BATCH
from convscope.tasks.registry import task
from convscope.tasks.task import Objective
from convscope.training.accelerate import accelerated, in_order
from convscope.training.autotune import fastest
from convscope.training.defaults import ResolvedPlan, settle
from convscope.training.feature_cache import settle_caching
from convscope.training.freezing import FreezePlan
from convscope.training.plan import Plan
from convscope.training.profile import estimate
from convscope.training.rewrites import rewrite

SPEEDS = "speeds.json"  # in the cache folder: which form of a training was fastest on this machine


@dataclass(frozen=True)
class Training:
    """What ``training.loop.fit`` is called with.

    ``expected`` is what it will cost, ``shape`` a batch's; ``notes`` say what was done to the weights it begins with,
    ``stages`` what happens in each stage where there are several or some weights stand still. ``notices`` are what is
    odd about a network of one's own.
    """

    settled: ResolvedPlan
    spec: ModelSpec
    model: nn.Module
    train: Loader
    valid: Loader
    objective: Objective
    expected: Expected
    shape: tuple[int, ...]
    notes: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def plan(self) -> Plan:
        """The settled plan."""
        return self.settled.plan

    def form(self, model: nn.Module) -> nn.Module:
        """Return what is run for a model of this training, with the model's own parameters."""
        return accelerated(model, self.plan, self.shape)


@dataclass(frozen=True)
class Expected:
    """The seconds that a training will take, and the bytes that weights, optimiser and activations need."""

    seconds: float
    bytes: int


def prepare(data: Data, plan: Plan, weights: Weights | None = None, source: own.Source | None = None) -> Training:
    """Settle the plan, build the network from the plan's seed, lay ``weights`` into it, and find its fastest form.

    ``source`` is the network that the plan names, where a name cannot bring it back.

    Raises ``ConfigError`` as settle, and where a network of one's own cannot be trained; ``CheckpointError`` where the
    weights do not fit.
    """
    settled = settle(plan, data, source)
    plan = settled.plan
    target = task(plan.task).target(data, plan.options)
    masks = None if data.masks is None else data.masks.rule
    spec = ModelSpec(plan.task, plan.model, target, data.preprocessing, dict(plan.set), plan.head, source, masks)
    torch.manual_seed(plan.seed)
    model = spec.build()
    notes = () if weights is None else load_into(model, weights, head_is_new=plan.head != "own")
    model = model.to(plan.device)
    objective = _objective(plan, data, target)
    first = next(batches_of(data.train, data, plan).epoch(0))
    notices = objective.notices
    if own.is_own(plan.model):
        settled, told_of_own = check_own(spec, model, settled, first, objective)
        notices += told_of_own
    settled = fastest(
        settled, model, first, objective,
        images=len(data.train), memory=store.directory(plan.cache) / SPEEDS,
    )  # fmt: skip
    plan = settled.plan
    if plan.rewrite and (applied := rewrite(model).applied):
        settled = replace(settled, reasons={**settled.reasons, "rewrite": "; ".join(applied)})
    assert plan.batch_size is not None  # settled
    model = in_order(model, plan)
    train = batches_of(data.train, data, plan)
    patches = patches_of(data.valid, data.preprocessing, drawn=False)
    judged_at_once = BATCH if patches is None else plan.batch_size
    judged = windowed(data.valid, data.preprocessing)
    valid = Loader(judged, data.transforms, judged_at_once, form=train.form, encode=train.encode, patches=patches)
    settled, told, expected = _staged(settled, model, train, valid, objective)
    shape = (plan.batch_size, *first.x.shape[1:])
    return Training(settled, spec, model, train, valid, objective, expected, shape, notes, told, notices)


def _staged(
    settled: ResolvedPlan, model: nn.Module, train: Loader, valid: Loader, objective: Objective
) -> tuple[ResolvedPlan, tuple[str, ...], Expected]:
    """Settle which stages cache features; return a description of each stage, and the total cost."""
    plan = settled.plan
    if not plan.stages:
        cost = estimate(model, train, plan, objective)
        return settled, (), Expected(cost.seconds_per_epoch * (plan.epochs or 1), cost.bytes)
    images, x = len(train.split) + len(valid.split), next(valid.sequential()).x[:1]
    stages, told, seconds, size = [], [], 0.0, 0
    for stage in plan.stages:
        ground = FreezePlan(model, plan, stage)
        ground.hold()
        stage, why = settle_caching(model, plan, stage, x, images)
        cost = estimate(model, train, plan, objective)
        passed = images / len(train.split)  # one pass over both splits
        seconds += cost.forward * passed if stage.once else cost.seconds_per_epoch * stage.epochs
        size = max(size, cost.bytes)
        stages.append(stage)
        told.append(ground.said(stage, plan) + (f" ({why})" if why else ""))
    model.requires_grad_(True)
    settled = replace(settled, plan=replace(plan, stages=tuple(stages)))
    return settled, tuple(told), Expected(seconds, size)


def _objective(plan: Plan, data: Data, target: TargetSpec) -> Objective:
    """Return what the plan's task trains on."""
    chosen = task(plan.task)
    learned = (data.train.placed_target, data.valid.placed_target)
    train, valid = (each if isinstance(each, Selected) else chosen.encode(each, target) for each in learned)
    return chosen.objective(target, plan.options, train, valid, plan.device)


def batches_of(split: Split, data: Data, plan: Plan) -> Loader:
    """Return the batches of a split as a settled plan trains on them."""
    policy = Policy.parse(plan.augment)
    policy = None if str(policy) == "none" else policy
    form = Form(plan.device, channels_last=bool(plan.channels_last), plain=own.is_own(plan.model))
    chosen = task(plan.task)
    target = chosen.target(data, plan.options)

    def encode(stored: np.ndarray) -> np.ndarray:
        return chosen.encode(stored, target)

    assert plan.batch_size is not None  # settled
    split = windowed(split, data.preprocessing)
    becomes = getattr(target, "becomes", None)  # of points
    return Loader(
        split,
        data.transforms,
        plan.batch_size,
        form=form,
        encode=encode,
        seed=plan.seed,
        policy=policy,
        becomes=becomes,
        patches=patches_of(split, data.preprocessing, drawn=True),
    )
