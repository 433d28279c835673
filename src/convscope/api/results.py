"""What a finished training found: the chosen weights scored, simple methods beside them, the report, all written."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from convscope.data.dataset import Data, Split
from convscope.events import Listener
from convscope.models import own
from convscope.report.collect import collect
from convscope.report.html import write as write_report
from convscope.runs import files
from convscope.runs.checksum import noted, record_results, weights_hash
from convscope.runs.predictions import write_predictions
from convscope.runs.run import Run, open_run
from convscope.runs.setup import Training
from convscope.runs.write import write_json
from convscope.tasks import baselines, classification
from convscope.tasks.metrics.units import Units
from convscope.training.checkpoint import save_error
from convscope.training.choice import decided, rule
from convscope.training.loop import Outcome
from convscope.training.memory import return_freed_memory
from convscope.training.plan import Plan


def write_results(
    folder: Path, data: Data, training: Training, outcome: Outcome, timing: dict[str, float], listener: Listener
) -> Run:
    """Evaluate the chosen weights, score the simple methods beside them, and write what the run found."""
    began = time.perf_counter()
    facts, checksum = noted(folder), weights_hash(folder)
    write_json(folder / files.ENVIRONMENT, {**facts, "weights_sha256": checksum})
    run = open_run(folder, model=training.spec.source)
    judged = data.test or data.valid
    scores, shares = run.score(judged)
    valid_shares = shares if judged is data.valid else run.probabilities(data.valid)
    timing["evaluation"] = time.perf_counter() - began
    rivals = _baselines(training.plan, data, judged, shares, listener)
    timing["simple methods"] = sum(rival["seconds"] for rival in rivals)
    metrics = {
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
        "valid": {"accuracy": _accuracy(data.valid, valid_shares)["accuracy"]},
        "baselines": rivals,
        **({"cost": training.spec.cost()} if own.is_own(training.spec.model) else {}),
        "seconds": timing,
    }
    write_json(folder / files.METRICS, metrics)
    write_predictions(folder, data, {data.valid.name: valid_shares, judged.name: shares})
    listener.progress("report", 0, 1)
    contents = collect(run, data, training.settled, outcome.history, metrics, shares)
    try:
        write_report(contents, folder)
    except OSError as error:
        raise save_error(folder / files.REPORT, 0, error) from error
    record_results(folder)
    listener.progress("report", 1, 1)
    return run


def _baselines(plan: Plan, data: Data, judged: Split, shares: np.ndarray, listener: Listener) -> list[dict[str, Any]]:
    if not plan.baselines:
        return []
    names = list(baselines.METHODS)

    def tell(done: int) -> None:
        return_freed_memory()  # the blocks of one method do not fit the next
        listener.progress("simple methods", done, len(names))

    found = baselines.run(
        data.train,
        judged,
        len(data.classes),
        seconds=plan.baseline_seconds,
        seed=plan.seed,
        progress=lambda name: tell(names.index(name)),
    )
    tell(len(names))
    right, units = shares.argmax(axis=1) == judged.labels, Units.of(judged.groups, len(judged))
    return [
        {
            "name": rival.name,
            "what": rival.what,
            **_accuracy(judged, rival.probabilities),
            "seconds": rival.seconds,
            "train_rows": rival.train_rows,
            "stopped_early": rival.stopped_early,
            "versus": classification.compare(right, rival.probabilities.argmax(axis=1) == judged.labels, units=units),
        }
        for rival in found
    ]


def _accuracy(split: Split, shares: np.ndarray) -> dict[str, Any]:
    predicted = shares.argmax(axis=1)
    return classification.accuracies(split.labels, predicted, shares.shape[1], groups=split.groups)
