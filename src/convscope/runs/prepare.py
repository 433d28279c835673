"""A training made ready: everything settled, the network built, its batches and its loss at hand."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from convscope.data import cache
from convscope.data.augment import Policy
from convscope.data.batches import Batches, Normaliser
from convscope.data.dataset import Data, Split
from convscope.runs.predict import BATCH
from convscope.runs.spec import ModelSpec
from convscope.tasks import classification
from convscope.training.estimate import Estimate, estimate
from convscope.training.form import in_form, in_order
from convscope.training.loop import Loss
from convscope.training.plan import Plan
from convscope.training.probe import fastest
from convscope.training.rewrites import rewrite
from convscope.training.settle import Settled, settle

SPEEDS = "speeds.json"  # in the cache folder: which form of a training was fastest on this machine


@dataclass(frozen=True)
class Training:
    """What ``training.loop.fit`` is called with; ``expected`` is what it will cost, ``shape`` a batch's."""

    settled: Settled
    spec: ModelSpec
    model: nn.Module
    train: Batches
    valid: Batches
    loss: Loss
    expected: Estimate
    shape: tuple[int, ...]

    @property
    def plan(self) -> Plan:
        """The settled plan."""
        return self.settled.plan

    def form(self, model: nn.Module) -> nn.Module:
        """Return what is run for a model of this training, with the model's own parameters."""
        return in_form(model, self.plan, self.shape)


def prepare(data: Data, plan: Plan) -> Training:
    """Settle the plan, build the network from the plan's seed, and find its fastest form; ``ConfigError`` as settle."""
    settled = settle(plan, data)
    plan = settled.plan
    spec = ModelSpec(plan.task, plan.model, data.classes, data.preprocessing, dict(plan.set))
    torch.manual_seed(plan.seed)
    model = spec.build().to(plan.device)
    loss = loss_of(plan, data)
    first = next(batches_of(data.train, data, plan).epoch(0))
    settled = fastest(
        settled, model, first, loss,
        classes=len(data.classes), images=len(data.train), memory=cache.directory(plan.cache) / SPEEDS,
    )  # fmt: skip
    plan = settled.plan
    if plan.rewrite and (applied := rewrite(model).applied):
        settled = replace(settled, reasons={**settled.reasons, "rewrite": "; ".join(applied)})
    assert plan.batch_size is not None  # settled
    model = in_order(model, plan)
    train = batches_of(data.train, data, plan)
    valid = Batches(data.valid, train.normalise, BATCH)
    expected = estimate(model, train, plan, loss, len(data.classes))
    return Training(settled, spec, model, train, valid, loss, expected, (plan.batch_size, *first.x.shape[1:]))


def loss_of(plan: Plan, data: Data) -> Loss:
    """Return the plan's loss: classes weighed and labels smoothed as it says."""
    weights = None
    if plan.class_weights == "balanced":
        counts = np.bincount(data.train.labels, minlength=len(data.classes))
        weights = torch.tensor(counts.sum() / (len(counts) * counts), dtype=torch.float32, device=plan.device)

    def loss(logits: Tensor, targets: Tensor) -> Tensor:
        return classification.loss(logits, targets, smoothing=plan.smoothing, weights=weights)

    return loss


def batches_of(split: Split, data: Data, plan: Plan) -> Batches:
    """Return the batches of a split as a settled plan trains on them."""
    policy = Policy.parse(plan.augment)
    normalise = Normaliser(data.preprocessing, device=plan.device, channels_last=bool(plan.channels_last))
    assert plan.batch_size is not None  # settled
    return Batches(split, normalise, plan.batch_size, seed=plan.seed, policy=None if str(policy) == "none" else policy)
