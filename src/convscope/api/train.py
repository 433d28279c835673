"""The main job: data in; a trained, evaluated, saved and reported network out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import nn

from convscope.data.dataset import Data, Split
from convscope.errors import ConfigError
from convscope.models import own
from convscope.report.collect import collect
from convscope.report.html import write as write_report
from convscope.runs import files
from convscope.runs.checksum import noted, record_results, weights_hash
from convscope.runs.folder import check_is_run, read_config
from convscope.runs.inputs import as_loaded, load_source, weights_of
from convscope.runs.predictions import write_predictions
from convscope.runs.run import Run, given_again, open_run
from convscope.runs.setup import Training, prepare
from convscope.runs.start import (
    Prepared,
    began_with,
    check_unchanged,
    keeps_alpha,
    prepared,
    pretrained_with,
    scaled,
    write_beginning,
)
from convscope.runs.write import RunSink, folder_word, new_folder, refuse_taken, write_file, write_json
from convscope.tasks import baselines
from convscope.tasks.metrics.comparison import compare
from convscope.tasks.metrics.estimates import estimates_of
from convscope.tasks.metrics.units import Units
from convscope.tasks.registry import task
from convscope.training.checkpoint import has_state, read_state, save_error
from convscope.training.choice import decided, rule
from convscope.training.loop import Outcome, Watcher, fit
from convscope.training.memory import keep_freed_memory, return_freed_memory
from convscope.training.plan import Plan, make_plan
from convscope.training.stages import extended
from convscope.training.state import TrainerState
from convscope.training.steps.supervised import Supervised
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


@dataclass(frozen=True)
class Observer:
    """Callbacks on the way: work with a count, the plan before the first step, stages, steps, epochs, notices."""

    on_progress: Callable[[str, int, int], None] | None = None
    on_plan: Callable[[Prepared], None] | None = None
    on_step: Callable[[int, int, int, dict[str, Any]], None] | None = None
    on_epoch: Callable[[dict[str, float]], None] | None = None
    on_notice: Callable[[str], None] | None = None
    on_stage: Callable[[int], None] | None = None


def train(
    data: str | Path | Data,
    model: str | nn.Module | Callable[..., nn.Module] = "auto",
    *,
    out: str | Path | None = None,
    observer: Observer | None = None,
    **settings: Any,
) -> Run:
    """Train, evaluate, save and report a network on images; return the finished run.

    ``data`` is anything ``convscope.load`` reads, or its result. ``model`` is a name of ``convscope models``, or a
    network of one's own: a module, of which a copy is trained, or a class or function that builds one (or its name,
    ``package.module:name``); it is told ``classes``, ``channels`` and ``size`` where its signature has them, and the
    options of the setting ``set``. ``settings`` are the fields of ``training.plan.Plan``
    (``epochs=3``, ``lr=0.01``, ...); what is left out is settled from the data. ``out`` is the run folder, by default
    ``runs/<data>-<model>``. Raises ``ConfigError`` for unknown or impossible settings and ``DataError`` for bad data;
    what a run has written before an error stays, and ``resume`` goes on from it.
    """
    plan = make_plan({"model": own.name_of(model), **settings})
    if isinstance(data, Data):
        plan = as_loaded(plan, data)
    with using(plan.threads):
        return _train(data, plan, out, observer or Observer(), network=_object(model))


def resume(
    folder: str | Path,
    *,
    data: Data | None = None,
    model: nn.Module | Callable[..., nn.Module] | None = None,
    observer: Observer | None = None,
    **changes: Any,
) -> Run:
    """Go on with an interrupted run; it ends with the weights an undisturbed one would have.

    ``data`` is the set it began with, where that cannot be loaded again from where it came; ``model`` its network,
    where that was given as an object: its weights are those that the run saved.
    ``changes`` may be those settings that past steps did not depend on (more ``epochs``, another ``time``, ...).
    """
    folder = Path(folder)
    check_is_run(folder)
    for key in sorted(set(changes) - RESUMABLE):
        raise ConfigError(
            f"setting {key!r} cannot change in a resumed run; start a new one, or change only "
            + ", ".join(sorted(RESUMABLE))
        )
    source, plan = read_config(folder / files.CONFIG)
    if plan.stages and "epochs" in changes:
        plan = replace(plan, stages=extended(plan.stages, changes["epochs"]), epochs=None)
    plan = make_plan({**plan.to_dict(), **changes})
    network = given_again(model, plan.model, folder)
    with using(plan.threads):
        return _train(data or source, plan, folder, observer or Observer(), resumed=True, network=network)


def _object(model: own.Source) -> own.Source | None:
    """Return a network that its name does not bring back."""
    return model if own.is_object(own.name_of(model)) and not isinstance(model, str) else None


def _train(
    source: str | Path | Data,
    plan: Plan,
    out: str | Path | None,
    observer: Observer,
    *,
    resumed: bool = False,
    network: own.Source | None = None,
) -> Run:
    began = time.perf_counter()
    keep_freed_memory()
    if out is not None and not resumed:
        refuse_taken(Path(out))  # before hours of decoding, not after
    begun = Path(out) if out is not None and resumed and (Path(out) / files.WEIGHTS).exists() else None
    weights = None if begun else weights_of(plan, observer.on_progress)  # a run that has its own needs them no more
    before = began_with(Path(out)) if out is not None and resumed else None
    if isinstance(source, Data):
        data = source
    else:
        alpha = keeps_alpha(begun)
        data = load_source(source, plan, observer.on_progress, weights, began_with=before, alpha=alpha)
    if out is not None and resumed:
        check_unchanged(Path(out), data)
    data, said = scaled(data, plan, weights, begun)
    training = prepare(data, plan, weights, network)
    plan = training.plan
    folder = Path(out) if out is not None and resumed else new_folder(out, f"{data.name}-{folder_word(plan.model)}")
    # Stopped before its first epoch, a run has no state yet and simply begins.
    start = read_state(folder / files.STATE) if resumed and has_state(folder / files.STATE) else None
    pretrained = pretrained_with(weights, (*said, *training.notes), folder)
    if observer.on_plan:
        observer.on_plan(prepared(folder, data, training, pretrained, resumed=resumed))
    write_beginning(folder, plan, data, pretrained)
    for notice in training.notices:
        if observer.on_notice:
            observer.on_notice(notice)
    keeper = RunSink(folder, training.spec)
    if start is None and training.spec.is_object:  # whose first weights nothing else brings back
        step = Supervised(training.model, plan, training.objective, lambda text: None)
        keeper.keep_state(TrainerState(step, plan, None).state())
    loaded = time.perf_counter()
    outcome = fit(
        training.model, training.train, training.valid, plan, training.objective,
        keeper=keeper, select=plan.select, start=start,
        form=training.form, watcher=Watcher(
            observer.on_step, observer.on_epoch, observer.on_notice, observer.on_stage, observer.on_progress
        ),
    )  # fmt: skip
    timing = {
        "until the first step": loaded - began,
        "training": time.perf_counter() - loaded - outcome.saving,
        "saving": outcome.saving,
    }
    _write_history(folder, outcome)
    return _finish(folder, data, training, outcome, timing, observer)


def _write_history(folder: Path, outcome: Outcome) -> None:
    write_file(folder / files.STEPS, outcome.history.steps_csv())
    write_file(folder / files.EPOCHS, outcome.history.epochs_csv())


def _finish(
    folder: Path, data: Data, training: Training, outcome: Outcome, timing: dict[str, float], observer: Observer
) -> Run:
    """Evaluate the chosen weights, score the simple methods beside them, and write what the run found."""
    began = time.perf_counter()
    facts, checksum = noted(folder), weights_hash(folder)
    write_json(folder / files.ENVIRONMENT, {**facts, "weights_sha256": checksum})
    run = open_run(folder, model=training.spec.source)
    judged = data.test or data.valid
    scores, predictions = run.score(judged)
    of_valid = predictions if judged is data.valid else run.predictions(data.valid)
    timing["evaluation"] = time.perf_counter() - began
    beside = _baselines(run, training.plan, data, judged, predictions, observer)
    timing["simple methods"] = sum(baseline["seconds"] for baseline in beside)
    metrics = {
        "format": 2,
        "task": training.plan.task,
        "weights_sha256": checksum,
        "split": judged.name,
        "examples": len(judged),
        "select": training.plan.select,
        "rule": rule(training.plan.select, outcome.stops, has_test=data.test is not None),
        "decided_by_validation": decided(training.plan.select, outcome.stops),
        "chosen_epoch": outcome.chosen_epoch,
        "stopped": outcome.stops[-1],
        "notices": [*training.notices, *outcome.notices],
        **({"stages": list(training.stages)} if training.stages else {}),
        **({"pretrained": facts["pretrained"]} if "pretrained" in facts else {}),
        **scores,
        "valid": _compared(run, data.valid, of_valid, (scores["main"],)),
        "baselines": beside,
        **({"cost": training.spec.cost()} if own.is_own(training.spec.model) else {}),
        "seconds": timing,
    }
    write_json(folder / files.METRICS, metrics)
    write_predictions(folder, data, run.spec, {data.valid.name: of_valid, judged.name: predictions})
    if observer.on_progress:
        observer.on_progress("report", 0, 1)
    contents = collect(run, data, training.settled, outcome.history, metrics, predictions)
    try:
        write_report(contents, folder)
    except OSError as error:
        raise save_error(folder / files.REPORT, 0, error) from error
    record_results(folder)
    if observer.on_progress:
        observer.on_progress("report", 1, 1)
    return run


def _baselines(
    run: Run, plan: Plan, data: Data, judged: Split, predictions: Any, observer: Observer
) -> list[dict[str, Any]]:
    """Train and score the task's simple methods beside the network."""
    if not plan.baselines:
        return []
    chosen, target = task(plan.task), run.spec.target
    names = list(chosen.baselines)

    def tell(done: int) -> None:
        return_freed_memory()  # the blocks of one method do not fit the next
        if observer.on_progress:
            observer.on_progress("simple methods", done, len(names))

    results = baselines.run(
        chosen.baselines,
        data.train,
        judged,
        target,
        seconds=plan.baseline_seconds,
        seed=plan.seed,
        progress=lambda name: tell(names.index(name)),
    )
    tell(len(names))
    network, units = chosen.evidence(judged.target, predictions, target), Units.of(judged.groups, len(judged))
    return [
        {
            "name": result.name,
            "what": result.what,
            **_compared(run, judged, result.predictions, tuple(chosen.compared)),
            "seconds": result.seconds,
            "train_rows": result.train_rows,
            "stopped_early": result.stopped_early,
            "versus": compare(
                network.per_example,
                chosen.evidence(judged.target, result.predictions, target).per_example,
                units=units,
            ),
        }
        for result in results
    ]


def _compared(run: Run, split: Split, predictions: Any, names: Sequence[str]) -> dict[str, Any]:
    """Return these figures of predictions for a split, with intervals."""
    chosen = task(run.spec.task)
    evidence = chosen.evidence(split.target, predictions, run.spec.target)
    found = estimates_of(evidence, next(iter(chosen.compared)), Units.of(split.groups, len(split)))
    return {name: found[name] for name in names}
