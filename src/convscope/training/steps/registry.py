"""The kinds of training step, by the name that a task gives."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from convscope.tasks.registry import task
from convscope.tasks.task import Objective
from convscope.training.plan import Plan
from convscope.training.steps.step import Step
from convscope.training.steps.supervised import Supervised
from convscope.world import ALONE, World

STEPS: dict[str, Callable[[nn.Module, Plan, Objective, Callable[[str], None], World], Step]] = {
    "supervised": Supervised,
}


def step_of(
    model: nn.Module, plan: Plan, objective: Objective, tell: Callable[[str], None], world: World = ALONE
) -> Step:
    """Return the step that the plan's task trains by; ``tell`` is given what the user should hear of."""
    return STEPS[task(plan.task).step](model, plan, objective, tell, world)
