"""What a finished training found: the chosen weights scored, baselines beside them, the report, all written."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from convscope.data.dataset import Data, Split
from convscope.data.spec import TargetSpec
from convscope.events import Listener
from convscope.models import own
from convscope.report.collect import collect
from convscope.report.html import write as write_report
from convscope.runs import files
from convscope.runs.checksum import noted, record_results, weights_hash
from convscope.runs.folder import compared_of
from convscope.runs.motion import motion_controls
from convscope.runs.predictions import write_predictions
from convscope.runs.run import Run, open_run
from convscope.runs.setup import Training
from convscope.runs.write import write_json
from convscope.tasks import baselines
from convscope.tasks.metrics.estimates import estimates_of
from convscope.tasks.metrics.paired import paired
from convscope.tasks.metrics.units import Units
from convscope.tasks.registry import task
from convscope.training.checkpoint import save_error
from convscope.training.choice import decided, rule
from convscope.training.loop import Outcome
from convscope.training.memory import return_freed_memory, stop_keeping_freed_memory


def write_results(
    folder: Path, data: Data, training: Training, outcome: Outcome, timing: dict[str, float], listener: Listener
) -> Run:
    """Evaluate the chosen weights, score the simple methods beside them, and write what the run found."""
    began = time.perf_counter()
    stop_keeping_freed_memory()
    facts, checksum = noted(folder), weights_hash(folder)
    write_json(folder / files.ENVIRONMENT, {**facts, "weights_sha256": checksum})
    run = open_run(folder, model=training.spec.source)
    judged = data.test or data.valid
    scores, predictions = run.score(judged)
    of_valid = predictions if judged.name == "valid" else run.predictions(data.valid)
    timing["evaluation"] = time.perf_counter() - began
    figures = list(compared_of(scores, training.plan.task))
    beside = _baselines(run, data, judged, predictions, figures, listener)
    timing["simple methods"] = sum(baseline["seconds"] for baseline in beside)
    metrics = {
        "format": 2,
        "task": training.plan.task,
        "weights_sha256": checksum,
        "split": judged.name,
        "examples": len(judged),
        "select": training.plan.select,
        "rule": rule(training.plan.select, outcome.stops, training.objective.monitor, has_test=data.test is not None),
        "decided_by_validation": decided(training.plan.select, outcome.stops),
        "chosen_epoch": outcome.chosen_epoch,
        "stopped": outcome.stops[-1],
        "notices": [*training.notices, *outcome.notices],
        **({"stages": list(training.stages)} if training.stages else {}),
        **({"pretrained": facts["pretrained"]} if "pretrained" in facts else {}),
        **scores,
        "valid": _compared(run, data.valid, of_valid, (scores["main"],)),
        "baselines": beside,
        **({"motion": motion} if (motion := motion_controls(run, judged, predictions)) else {}),
        **({"cost": training.spec.cost()} if own.is_own(training.spec.model) else {}),
        "seconds": timing,
    }
    write_json(folder / files.METRICS, metrics)
    write_predictions(folder, data, run.spec, {data.valid.name: of_valid, judged.name: predictions})
    listener.progress("report", 0, 1)
    contents = collect(run, data, training.settled, outcome.history, metrics, predictions)
    try:
        write_report(contents, folder)
    except OSError as error:
        raise save_error(folder / files.REPORT, 0, error, folder) from error
    record_results(folder)
    listener.progress("report", 1, 1)
    return run


def _baselines(
    run: Run, data: Data, judged: Split, predictions: Any, figures: Sequence[str], listener: Listener
) -> list[dict[str, Any]]:
    """Train the task's baselines and score the ``figures`` of each, beside the network."""
    plan, chosen, target = run.plan, run.spec.does, run.spec.target
    if not plan.baselines:
        return []
    names = list(chosen.baselines)

    def tell(done: int) -> None:
        return_freed_memory()  # the blocks of one method do not fit the next
        listener.progress("baselines", done, len(names))

    results = baselines.run(
        chosen.baselines,
        data.train,
        judged,
        target,
        seconds=plan.baseline_seconds,
        seed=plan.seed,
        width=getattr(run.model, "latent", None),
        progress=lambda name: tell(names.index(name)),
    )
    tell(len(names))
    main = figures[0]
    network, units = chosen.evidence(judged.target, predictions, target), Units.of(judged.groups, len(judged))
    return [
        {
            "name": result.name,
            "what": result.what,
            **_compared(run, judged, result.predictions, figures, result.target),
            "seconds": result.seconds,
            "train_rows": result.train_rows,
            "stopped_early": result.stopped_early,
            "versus": paired(
                network, chosen.evidence(judged.target, result.predictions, result.target or target), main, units=units
            ),
        }
        for result in results
    ]


def _compared(
    run: Run, split: Split, predictions: Any, names: Sequence[str], target: TargetSpec | None = None
) -> dict[str, Any]:
    """Return the figures called ``names`` of a split's predictions, with intervals; ``target`` is usually the run's."""
    chosen = task(run.spec.task)
    evidence = chosen.evidence(split.target, predictions, target or run.spec.target)
    estimates = estimates_of(evidence, names[0], Units.of(split.groups, len(split)))
    return {name: estimates[name] for name in names}
