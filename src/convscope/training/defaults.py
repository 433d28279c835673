"""Open settings settled from the data, each with its reason in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import torch

from convscope.data.augment import Policy, default_policy
from convscope.data.dataset import Data
from convscope.data.patches import patches_of
from convscope.data.sequences.windows import windowed
from convscope.data.transforms import ImageTransform, noun_of
from convscope.errors import ConfigError
from convscope.models import own, registry
from convscope.models.network_entry import Entry
from convscope.tasks.registry import fitting, task
from convscope.tasks.task import Task
from convscope.text import count as count_of
from convscope.training.by_input import refuse_strands, usual_of_input
from convscope.training.plan import Plan, check_options
from convscope.training.precision import check_device
from convscope.training.stages import ENDLESS, has_stages, make_stages
from convscope.training.threads import cores

# training images at least: (epochs, images per step)
_SIZES = ((20_000, 12, 128), (5_000, 20, 128), (1_000, 40, 64), (0, 60, 32))
_TRANSFER = 12  # epochs at most where weights are given: most was learned before
_HEAD_RATE = 0.003  # AdamW's, of a head alone on features that stand still
TASKS_IN_WORDS = {
    "classification": "one class each",
    "multilabel": "any number of labels each",
    "regression": "numbers",
    "landmarks": "points",
    "segmentation": "masks",
    "reconstruction": "the images themselves",
}
SGD_FACTOR = 20  # SGD's rate for AdamW's: their steps differ by about this in size


@dataclass(frozen=True)
class ResolvedPlan:
    """A plan, and why each setting was chosen as it was; its speed is settled last, by ``autotune``."""

    plan: Plan
    reasons: dict[str, str]


def settle(plan: Plan, data: Data, source: own.Source | None = None) -> ResolvedPlan:
    """Fill in what the plan leaves open; what the user set stays. ``ConfigError`` where a setting does not fit.

    ``source`` is the network that the plan names, where a name cannot bring it back.
    """
    check_device(plan.device)
    name = _task(plan, data)
    does = task(name)
    chosen = _Chosen(plan, data, does, {**_usual(does, plan, data), **usual_of_input(data, plan.model)})
    model = chosen.network()
    chosen.length()
    factor = SGD_FACTOR if plan.opt == "sgd" else 1
    if plan.lr is None:
        rate, whose = (_HEAD_RATE, "a new head's") if plan.pretrained else (model.lr, f"{model.name}'s")
        chosen.choose("lr", rate * factor, f"{whose} usual rate for {plan.opt}")
    if plan.select == "auto":
        chosen.choose("select", *_select(plan, data, chosen.usual))
    if plan.task == "auto":
        chosen.choose("task", name, TASKS_IN_WORDS.get(name, "what the targets are"))
    chosen.task_options()
    chosen.images()
    if plan.threads is None:
        chosen.choose("threads", torch.get_num_threads(), "as torch takes here")
    elif plan.threads > cores():
        chosen.reasons["threads"] = f"more than the {count_of(cores(), 'core')} here: they will wait for each other"
    settled = replace(plan, **chosen.values)  # pyright: ignore[reportArgumentType]
    if has_stages(settled):
        usual = plan.lr or model.lr * factor
        stages, chosen.reasons["stages"] = make_stages(
            settled, data, source or settled.model, usual=usual, augmented=plan.augment != "auto"
        )
        lr = max(stage.lr or 0.0 for stage in stages)
        settled = replace(settled, stages=stages, lr=lr, freeze=None, unfreeze_at=None, layer_decay=None)
    return ResolvedPlan(settled, chosen.reasons)


class _Chosen:
    """The values that the open settings of a plan get, each with its reason; ``usual`` are the task's and input's."""

    def __init__(self, plan: Plan, data: Data, does: Task, usual: Mapping[str, tuple[Any, str]]):
        self.plan, self.data, self.does, self.usual = plan, data, does, usual
        self.values: dict[str, object] = {}
        self.reasons: dict[str, str] = {}
        self.noun = noun_of(data.preprocessing)

    def choose(self, name: str, value: object, reason: str) -> None:
        self.values[name] = value
        self.reasons[name] = reason

    def network(self) -> Entry:
        """Choose the network, its options and its head."""
        plan, usual, heads = self.plan, self.usual, self.does.heads
        if plan.model == "auto":
            self.choose("model", *usual.get("model", ("resnet_mini", "fits itself to the image size")))
        model = registry.entry(str(self.values.get("model", plan.model)))
        if options := _network_options(model, usual, plan):
            self.choose("set", {**options, **plan.set}, usual["set"][1])
        if plan.strand_symmetric:
            refuse_strands(model.name, self.data)
            self.values["set"] = {**options, **plan.set, "strand_symmetric": True}
        if plan.head == "auto":
            new = plan.pretrained is not None and not own.is_own(plan.model) and "linear" in heads
            new = new and model.flat is None  # whose own head is more than a layer on the mean, over time
            head = "linear" if new else "own", "a new one on given weights" if new else "the network's own"
            self.choose("head", *usual.get("head", head))
        elif plan.head not in heads:
            raise ConfigError(
                f"setting 'head': {plan.head!r} is not for {self.does.name}; its heads are {', '.join(heads)}"
            )
        return model

    def length(self) -> None:
        """Choose epochs and examples per step."""
        plan, count = self.plan, len(self.data.train)
        epochs, batch_size = next((e, b) for least, e, b in _SIZES if count >= least)
        if plan.stages:
            self.values["epochs"] = sum(stage.epochs for stage in plan.stages)
        elif plan.epochs is None and plan.time is None:
            learned = plan.pretrained is not None
            epochs = min(epochs, _TRANSFER) if learned else epochs
            why = f"for {count:,} training {self.noun}s" + learned * " on weights that were learned before"
            self.choose("epochs", *self.usual.get("epochs", (epochs, why)))
        elif plan.epochs is None:
            self.choose("epochs", ENDLESS, "as many as the time allows")
        if plan.batch_size is None:
            usual = min(batch_size, count), f"for {count:,} training {self.noun}s"
            self.choose("batch_size", *self.usual.get("batch_size", usual))
        elif plan.batch_size > (parts := parts_of(self.data)):
            self.choose("batch_size", parts, f"all training {self.noun}s; there are no {plan.batch_size:,}")

    def images(self) -> None:
        """Choose how images are augmented, and note how they are brought to one size."""
        plan, transform = self.plan, self.data.preprocessing
        if plan.augment == "auto":
            words, reason = self.usual.get("augment") or default_policy(self.data)
            self.choose("augment", str(Policy.parse(str(words))), reason)
        else:
            policy = Policy.parse(plan.augment)
            policy.check(transform, len(self.data.train))
            self.values["augment"] = str(policy)
        if isinstance(transform, ImageTransform):
            if plan.fit == "auto":
                self.values["fit"] = transform.fit
            if plan.pretrained and plan.img_size is None:
                self.values["img_size"] = (transform.height, transform.width)

    def task_options(self) -> None:
        """Choose the task's own settings."""
        does, usual = self.does, self.usual
        known = {f.name: usual[f.name][0] for f in fields(does.options) if f.name in usual}
        options = self.plan.task_options
        asked = {name: value for name, value in options.items() if value != "auto" or name not in known}
        resolved = does.resolve(does.options(**known | asked), self.data)
        self.values["task_options"] = {name: value for name, value in asdict(resolved).items() if value is not None}
        self.reasons |= {name: usual[name][1] for name in known}


def _network_options(model: Entry, usual: Mapping[str, tuple[Any, str]], plan: Plan) -> dict[str, Any]:
    """Return the options that the task would set, of those that a network of the list has and the user leaves open."""
    wanted = usual["set"][0] if "set" in usual and not own.is_own(model.name) else {}
    known = registry.options_of(model.name) if wanted else {}
    return {name: value for name, value in wanted.items() if name in known and name not in plan.set}


def parts_of(data: Data) -> int:
    """Return of how many parts an epoch is: training examples, or parts of images that keep their sizes, or windows."""
    patches = patches_of(data.train, data.preprocessing, drawn=True)
    return len(windowed(data.train, data.preprocessing)) if patches is None else len(patches)


def _select(plan: Plan, data: Data, usual: Mapping[str, tuple[Any, str]]) -> tuple[str, str]:
    """Return which epoch is kept, and why; ``usual`` is what the task says of it where nobody asks for patience."""
    if plan.patience is not None and data.test is None:
        return "best", "patience: validation decides when to stop, and so the epoch; its score is optimistic"
    if data.test is None:
        return "last", "no test split: nothing is chosen on validation"
    best = "best", "by the validation score; there is a test split"
    return best if plan.patience is not None else usual.get("select", best)


def _task(plan: Plan, data: Data) -> str:
    """Return the task, as asked for or the first that a set is for."""
    if plan.task == "auto":
        return fitting(data)
    if why := task(plan.task).fits(data):
        raise ConfigError(f"setting 'task': {data.source} is not for {plan.task}: {why}")
    return plan.task


def _usual(does: Task, plan: Plan, data: Data) -> Mapping[str, tuple[Any, str]]:
    """Return what the task leaves open settings at; a network of one's own keeps its head."""
    check_options(does.name, plan.task_options)
    kept = plan.head == "auto" and own.is_own(plan.model)
    return does.usual(data, replace(plan, head="own") if kept else plan)
