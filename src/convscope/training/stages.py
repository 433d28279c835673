"""The stages of a training, made from what the plan says of freezing.

First the head alone learns, on features that stand still; then what is opened learns too, at a lower rate, so that
the head's first, large errors do not spoil the features.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import torch
from torch import nn

from convscope.data.dataset import Data
from convscope.errors import ConfigError
from convscope.models import entry
from convscope.models.own import Source
from convscope.models.registry import build
from convscope.models.transfer import has_head
from convscope.tasks.registry import task
from convscope.training.freezing import FreezePlan
from convscope.training.plan import Plan, Stage, split_patterns

ENDLESS = 100_000  # epochs under a time budget, which ends the run long before
FIRST = 1 / 3  # of the epochs: what the head learns alone
FINE = 0.1  # of the usual rate: how fast learns what was learned before


def stages_of(plan: Plan) -> tuple[Stage, ...]:
    """Return the stages of a settled plan; one without any is a single stage in which everything learns."""
    assert plan.epochs is not None
    return plan.stages or (Stage(plan.epochs, plan.lr, plan.sched),)


def has_stages(plan: Plan) -> bool:
    """Return whether a plan asks for anything that makes its training more than one in which everything learns."""
    return bool(plan.stages or plan.pretrained or plan.freeze or plan.unfreeze_at or plan.layer_decay)


def make_stages(
    plan: Plan, data: Data, source: Source, *, usual: float, augmented: bool
) -> tuple[tuple[Stage, ...], str]:
    """Return the stages of a plan whose network, epochs and rate are settled, and the reason in words.

    ``source`` is the network's name, or what was given as one. ``usual`` is the rate at which it learns from scratch;
    what was learned before learns at a tenth of it. ``augmented`` says that the user chose the augmentation.
    ``ConfigError`` where a pattern means nothing, nothing is left that learns, or epochs do not fit.
    """
    model = outline(plan, data, source)
    if plan.stages:
        stages, reason = plan.stages, "as given"
    elif plan.unfreeze_at:
        stages, reason = tuple(_thawing(plan, model)), f"opened after the epochs {plan.unfreeze_at}, from the head down"
    else:
        stages, reason = _usual(plan, model)
    decay = plan.layer_decay or 1.0
    settled = []
    for stage in stages:
        ground = FreezePlan(model, plan, stage)
        drawn = entry(plan.model).space == "same" or _is_augmented(ground, stages, augmented)
        resolved = stage if plan.stages else replace(stage, decay=decay, augment=drawn)
        assert plan.lr is not None  # settled
        lr = FINE * usual if plan.pretrained and not ground.only_head else plan.lr
        settled.append(replace(resolved, lr=resolved.lr or lr, sched=resolved.sched or plan.sched))
    return tuple(settled), reason


def extended(stages: tuple[Stage, ...], epochs: int) -> tuple[Stage, ...]:
    """Return the stages with ``epochs`` together: the last one has more of them, or fewer.

    >>> [stage.epochs for stage in extended((Stage(2), Stage(4)), 9)]
    [2, 7]
    """
    before = sum(stage.epochs for stage in stages[:-1])
    if epochs <= before:
        raise ConfigError(f"setting 'epochs': the stages before the last have {before} already, got {epochs}")
    return (*stages[:-1], replace(stages[-1], epochs=epochs - before))


def outline(plan: Plan, data: Data, source: Source) -> nn.Module:
    """Return the plan's network to read names and shapes of its weights: without numbers, but for a user's own."""
    chosen, input = task(plan.task), data.preprocessing.input
    output = chosen.output(chosen.target(data, plan.options), input)
    with torch.device("meta"):
        return build(source, plan.set, input=input, output=output, head=plan.head)


def _usual(plan: Plan, model: nn.Module) -> tuple[tuple[Stage, ...], str]:
    """Return one stage; two where weights were learned before, unless their backbone is never to learn."""
    assert plan.epochs is not None
    whole = Stage(plan.epochs, freeze=split_patterns(plan.freeze or ""))
    frozen = f"{plan.freeze} frozen throughout" if plan.freeze else "everything learns"
    if not plan.pretrained or not has_head(model) or FreezePlan(model, plan, whole).only_head:
        return (whole,), frozen
    first = max(1, round(FIRST * plan.epochs))
    head = Stage(first, freeze=("backbone",))
    if first == plan.epochs:
        return (head,), "too few epochs for more than the head"
    return (head, replace(whole, epochs=plan.epochs - first)), f"the head alone, then {frozen}"


def _thawing(plan: Plan, model: nn.Module) -> Iterator[Stage]:
    """Yield a stage before the first of the epochs ``unfreeze_at`` and one after each: one more group learns, from the
    head down; after the last one everything (Howard and Ruder 2018, "gradual unfreezing")."""
    bounds = _epochs(plan)
    ground = FreezePlan(model, plan, Stage(1, freeze=split_patterns(plan.freeze or "backbone")))
    groups = [_patterns(ground, *group) for group in ground.groups().items() if ground.still.intersection(group[1])]
    if len(bounds) > len(groups):
        raise ConfigError(
            f"setting 'unfreeze_at': {len(bounds)} epochs at which to open a layer group, but only {len(groups)} are "
            "frozen; name fewer epochs"
        )
    assert plan.epochs is not None
    yield Stage(bounds[0], freeze=ground.stage.freeze)
    for opened, (begin, end) in enumerate(pairwise((*bounds, plan.epochs)), 1):
        closed = groups[: len(groups) - opened] if opened < len(bounds) else []
        yield Stage(end - begin, freeze=tuple(pattern for group in closed for pattern in group))


def _patterns(ground: FreezePlan, paths: tuple[str, ...], names: list[str]) -> list[str]:
    """Return patterns for what is frozen of a layer group: its layers where that is all of them."""
    return list(paths) if ground.still.issuperset(names) else [name for name in names if name in ground.still]


def _epochs(plan: Plan) -> list[int]:
    text = plan.unfreeze_at or ""
    if plan.epochs == ENDLESS:
        raise ConfigError("setting 'unfreeze_at' counts epochs: give their number too (--epochs), beside the time")
    bounds = [int(part) for part in text.split(",")] if re.fullmatch(r"\s*[0-9]+\s*(,\s*[0-9]+\s*)*", text) else []
    rising = all(a < b for a, b in pairwise((0, *bounds, plan.epochs or 0)))
    if not bounds or not rising:
        raise ConfigError(
            f"setting 'unfreeze_at': expected rising numbers of epochs such as 3 or 2,4,6, all below the "
            f"{plan.epochs} epochs, found {text!r}"
        )
    return bounds


def _is_augmented(ground: FreezePlan, stages: tuple[Stage, ...], chosen: bool) -> bool:
    """Return whether a stage is augmented: not where the head learns alone, so that features are computed once.

    A training that is nothing else is augmented where the user says so. A decoder is given several maps of its encoder,
    which would take many times the room of the images: a network that gives maps is always augmented.
    """
    return not ground.only_head or (chosen and len(stages) == 1)
