"""Each compared network's figures with their intervals: of one run its own, of several seeds their mean."""

from __future__ import annotations

from typing import Any

import numpy as np

from convscope.runs.compare.statistics import resampled_means
from convscope.runs.predictions import Answers
from convscope.runs.run import Run
from convscope.tasks import classification
from convscope.tasks.metrics.bootstrap import interval, resample
from convscope.tasks.metrics.calibration import Calibration
from convscope.tasks.metrics.counts import Counts
from convscope.tasks.metrics.proportion import wilson
from convscope.tasks.metrics.units import Units

FIGURES = ("accuracy", "balanced_accuracy", "log_loss", "ece")
DRAWS = 1_000


def estimates(
    runs: list[Run], answers: list[Answers], units: Units, networks: dict[str, dict[int, int]]
) -> dict[str, dict[str, Any]]:
    """Return each network's estimates; ``networks`` has for each name: seed -> place of its run.

    Those of a single run are the ones it wrote down itself, unless it drew single images where groups are known.
    """
    found = {}
    for name, places in networks.items():
        metrics = [runs[at].metrics for at in places.values()]
        if len(metrics) == 1 and metrics[0].get("groups") == (units.groups or None):
            found[name] = {key: metrics[0][key] for key in FIGURES}
            continue
        samples = _resampled([answers[at] for at in places.values()], units, len(runs[0].spec.classes))
        rows = {seed: row for row, seed in enumerate(places)}
        found[name] = {
            key: _estimate(
                float(np.mean([each[key]["value"] for each in metrics])),
                resampled_means(samples[key], [rows], seed=0)[0],
                units.count if key == "accuracy" else None,
            )
            for key in FIGURES
        }
    return found


def _resampled(answers: list[Answers], units: Units, classes: int) -> dict[str, np.ndarray]:
    """Return every figure (runs, resamples) of every run, all on the same draws."""
    counts = [Counts.of(each.labels, each.predicted, classes) for each in answers]
    calibrations = [Calibration.of(each.right, each.stated) for each in answers]
    surprised = np.stack([classification.surprise(each.of_label) for each in answers])

    def figures(weights: np.ndarray) -> dict[str, np.ndarray]:
        each = [count.figures(weights) for count in counts]
        return {
            "accuracy": np.stack([row["accuracy"] for row in each]),
            "balanced_accuracy": np.stack([row["balanced_accuracy"] for row in each]),
            "log_loss": surprised @ weights / weights.sum(axis=0),
            "ece": np.stack([calibration.error(weights) for calibration in calibrations]),
        }

    return resample(figures, units, resamples=DRAWS, seed=0)


def _estimate(value: float, samples: np.ndarray, trials: int | None) -> dict[str, float | None]:
    """Return a mean with its interval; where all resamples agree, Wilson's of ``trials``, or none."""
    low, high = (float(end) for end in interval(samples, value))
    if np.isfinite([low, high]).all():
        return {"value": value, "low": low, "high": high}
    low, high = wilson(value * trials, trials) if trials else (None, None)
    return {"value": value, "low": low, "high": high}
