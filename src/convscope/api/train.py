"""The main job: data in; a trained, evaluated, saved and reported network out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from torch import nn

from convscope.api.results import write_results
from convscope.api.watch import watched
from convscope.data.dataset import Data
from convscope.errors import ConfigError
from convscope.events import Listener
from convscope.models import own
from convscope.runs import files
from convscope.runs.files import check_is_run
from convscope.runs.folder import read_config
from convscope.runs.inputs import as_learned, as_loaded, load_source, weights_of
from convscope.runs.run import Run, given_again, open_run
from convscope.runs.setup import Training, prepare
from convscope.runs.start import (
    began_with,
    check_unchanged,
    keeps_alpha,
    prepared,
    pretrained_with,
    scaled,
    write_beginning,
)
from convscope.runs.write import RunSink, folder_word, new_folder, refuse_taken
from convscope.training.checkpoint import has_state, read_state
from convscope.training.loop import fit
from convscope.training.memory import keep_freed_memory, return_freed_memory
from convscope.training.plan import Plan, make_plan
from convscope.training.settings import Settings, Shared
from convscope.training.stages import extended
from convscope.training.state import TrainerState
from convscope.training.steps.registry import step_of
from convscope.training.threads import using

# What a resumed run may change: how long it goes on and what is scored beside it, never what its past steps depended
# on.
RESUMABLE = {
    "epochs",
    "time",
    "patience",
    "baselines",
    "baseline_seconds",
    "cache",
    "data_root",
    "workers",
    "device",
    "threads",
}


def train(
    data: str | Path | Data,
    model: str | nn.Module | Callable[..., nn.Module] = "auto",
    *,
    out: str | Path | None = None,
    listener: Listener | None = None,
    observer: Listener | None = None,
    quiet: bool = False,
    **settings: Unpack[Settings],
) -> Run:
    """Train, evaluate, save and report a network on images; return the finished run.

    Args:
        data: anything ``convscope.load`` reads, or its result.
        model: a name of ``convscope models``, or a network of one's own: a module, of which a copy is trained, or a
            class or function that builds one (or its name, ``package.module:name``). It is told ``classes``,
            ``channels`` and ``size`` where its signature has them, and the options of the setting ``set``.
        out: the run folder, by default ``runs/<data>-<model>``.
        listener: hears what happens, instead of the plan, the bar and a line per epoch on the error stream.
        observer: the older name of ``listener``.
        quiet: show nothing.
        settings: the fields of ``training.plan.Plan`` (``epochs=3``, ``lr=0.01``, ...); what is left out is settled
            from the data.

    Raises:
        ConfigError: unknown or impossible settings, or a network that cannot be trained.
        DataError: bad data. What a run has written before an error stays, and ``resume`` goes on from it.
    """
    plan = make_plan({"model": own.name_of(model), **settings})
    if isinstance(data, Data):
        plan = as_loaded(plan, data)
    with watched(listener or observer, quiet, known=isinstance(data, Data)) as hears, using(plan.threads):
        return _train(data, plan, out, hears, network=_object(model))


def resume(
    folder: str | Path,
    *,
    data: Data | None = None,
    model: nn.Module | Callable[..., nn.Module] | None = None,
    listener: Listener | None = None,
    observer: Listener | None = None,
    quiet: bool = False,
    **changes: Unpack[Shared],
) -> Run:
    """Go on with an interrupted run; it ends with the weights an undisturbed one would have.

    ``data`` is the set it began with, where that cannot be loaded again from where it came; ``model`` its network,
    where that was given as an object: its weights are those that the run saved. ``listener``, ``observer`` and
    ``quiet`` are as in ``train``. ``changes`` may be those settings that past steps did not depend on (more
    ``epochs``, another ``time``, ...).
    """
    folder = Path(folder)
    check_is_run(folder)
    for key in sorted(set(changes) - RESUMABLE):
        raise ConfigError(
            f"setting {key!r} cannot change in a resumed run; start a new one, or change only "
            + ", ".join(sorted(RESUMABLE))
        )
    source, plan = read_config(folder / files.CONFIG)
    if plan.stages and (epochs := changes.get("epochs")):
        plan = replace(plan, stages=extended(plan.stages, epochs), epochs=None)
    plan = make_plan({**plan.to_dict(), **changes})
    network = given_again(model, plan.model, folder)
    with watched(listener or observer, quiet) as hears, using(plan.threads):
        return _train(data or source, plan, folder, hears, resumed=True, network=network)


def _object(model: own.Source) -> own.Source | None:
    """Return a network that its name does not bring back."""
    return model if own.is_object(own.name_of(model)) and not isinstance(model, str) else None


def _train(
    source: str | Path | Data,
    plan: Plan,
    out: str | Path | None,
    listener: Listener,
    *,
    resumed: bool = False,
    network: own.Source | None = None,
) -> Run:
    began = time.perf_counter()
    if out is not None and not resumed:
        refuse_taken(Path(out))  # before hours of decoding, not after
    begun = Path(out) if out is not None and resumed and (Path(out) / files.WEIGHTS).exists() else None
    weights = None if begun else weights_of(plan, listener.progress)  # a run that has its own needs them no more
    before = began_with(Path(out)) if out is not None and resumed else None
    if isinstance(source, Data):
        data = as_learned(source, plan.task)
    else:
        alpha = keeps_alpha(begun)
        data = load_source(source, plan, listener.progress, weights, began_with=before, alpha=alpha)
    return_freed_memory()  # what loading asked for, training does not ask for again
    keep_freed_memory()
    if out is not None and resumed:
        check_unchanged(Path(out), data)
    data, said = scaled(data, plan, weights, begun)
    training = prepare(data, plan, weights, network)
    plan = training.plan
    folder = Path(out) if out is not None and resumed else new_folder(out, f"{data.name}-{folder_word(plan.model)}")
    # Stopped before its first epoch, a run has no state yet and simply begins.
    start = read_state(folder / files.STATE) if resumed and has_state(folder / files.STATE) else None
    pretrained = pretrained_with(weights, (*said, *training.notes), folder)
    listener.plan(prepared(folder, data, training, pretrained, resumed=resumed))
    write_beginning(folder, plan, data, pretrained)
    for notice in training.notices:
        listener.notice(notice)
    keeper = RunSink(folder, training.spec)
    if start is None and training.spec.is_object:  # whose first weights nothing else brings back
        step = step_of(training.model, plan, training.objective, lambda text: None)
        keeper.keep_state(TrainerState(step, plan, None).state())
    return_freed_memory()
    loaded = time.perf_counter()
    outcome = fit(
        training.model, training.train, training.valid, plan, training.objective,
        keeper=keeper, select=plan.select, start=start,
        form=training.form, listener=listener,
    )  # fmt: skip
    timing = {
        "until the first step": loaded - began,
        "training": time.perf_counter() - loaded - outcome.saving,
        "saving": outcome.saving,
    }
    keeper.write_history(outcome.history)
    training = _tuned(training, keeper, data, listener)
    return write_results(folder, data, training, outcome, timing, listener)


def _tuned(training: Training, keeper: RunSink, data: Data, listener: Listener) -> Training:
    """Return the training with what the validation split decides of its target, written into the weights' file."""
    tuned = training.spec.does.tuned
    if tuned is None:
        return training
    run = open_run(keeper.folder, model=training.spec.source)
    maps = run.predictions(data.valid)

    def progress(done: int, total: int) -> None:
        listener.progress("thresholds", done, total)

    target = tuned(training.spec.target, data.valid.target, maps, progress)
    progress(1, 1)
    return replace(training, spec=keeper.keep_target(target).spec)
