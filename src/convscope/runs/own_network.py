"""A network of one's own made ready: checked before its first epoch, in the forms that it bears."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from convscope.data.batch import Batch
from convscope.errors import ConfigError
from convscope.models.check import check
from convscope.models.own import explained
from convscope.runs.model_spec import ModelSpec
from convscope.tasks.task import Objective
from convscope.text import listed
from convscope.training.defaults import ResolvedPlan
from convscope.training.out_of_memory import is_out_of_memory
from convscope.training.precision import arithmetic
from convscope.training.trial import Trial

FORMS = ("amp", "channels_last", "compile")


def check_own(
    spec: ModelSpec, model: nn.Module, settled: ResolvedPlan, batch: Batch, objective: Objective
) -> tuple[ResolvedPlan, tuple[str, ...]]:
    """Return the plan without the forms in which the network fails, and what the user should hear of it.

    Raises ``ConfigError`` as ``models.check.check``, and where it fails in a form that the user asks for.
    """
    plan = settled.plan
    held = [name for name, p in model.named_parameters() if not p.requires_grad]
    if held and plan.stages:
        raise ConfigError(
            f"{plan.model} holds {listed(held)} still in its own code (requires_grad=False), and stages and --freeze "
            "say this too: say it in one of the two places"
        )
    again = None if spec.is_object else spec.build
    notices = check(model, plan.model, batch.x, spec.output, spec.target, again)
    if spec.is_object:
        notices.append(f"{plan.model} is trained as a copy that starts from its weights: the seed does not change them")
    if held:
        notices.append(f"{plan.model} holds {listed(held)} still (requires_grad=False)")
    reasons = {**settled.reasons, "model": spec.told()}
    closed: dict[str, bool] = {}
    fault = _fault(model, batch, replace(settled, plan=replace(plan, **_plain("rewrite"))), objective)
    if plan.rewrite and fault:
        closed["rewrite"] = False
        notices.append(f"{plan.model} is run as it is written, since it fails when its layers are rewritten: {fault}")
    for form in FORMS:
        asked = getattr(plan, form)
        if asked is False or (form == "compile" and not asked):  # what is not asked for is compiled as a trial anyway
            continue
        fault = _fault(model, batch, replace(settled, plan=replace(plan, **_plain(form))), objective)
        if fault and asked:
            raise ConfigError(f"setting {form!r}: {plan.model} fails in this form: {fault}; leave it out")
        if fault:
            closed[form] = False
            reasons[form] = f"{form} left out: the network fails in it ({fault})"
    return ResolvedPlan(replace(plan, **closed), reasons), tuple(notices)


def _plain(form: str) -> dict[str, bool]:
    return {name: name == form for name in FORMS}


def _fault(model: nn.Module, batch: Batch, settled: ResolvedPlan, objective: Objective) -> str | None:
    """Take a step in a form, and answer in it; return why that fails, if it does."""
    with torch.random.fork_rng(devices=[batch.x.device] if batch.x.is_cuda else []):
        try:
            trial = Trial(model, batch, settled.plan, objective)
            if settled.plan.channels_last or settled.plan.amp:
                for module in trial.model.modules():
                    module.register_forward_hook(_reordered)
            trial.step()
            trial.model.eval()
            with torch.inference_mode(), arithmetic(settled.plan):
                trial.model(trial.batch.x)
                trial.model(trial.batch.x[:1])
        except Exception as error:  # the user's own code
            if is_out_of_memory(error):  # which the training deals with
                return None
            return explained(error)
    return None


def _reordered(module: nn.Module, args: object, output: object) -> object:
    """Bring maps into the order that they may have: which it is, torch's kernels decide anew for every batch size."""
    if isinstance(output, Tensor) and output.ndim == 4:
        return output.contiguous(memory_format=torch.channels_last)
    return None
