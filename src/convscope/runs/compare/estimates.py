"""Each compared network's figures with their intervals: of one run its own, of several seeds their mean."""

from __future__ import annotations

from typing import Any

import numpy as np

from convscope.runs.compare.statistics import resampled_means
from convscope.runs.run import Run
from convscope.tasks.metrics.bootstrap import interval, resample
from convscope.tasks.metrics.proportion import wilson
from convscope.tasks.metrics.units import Units
from convscope.tasks.scores import Evidence

FIGURES = ("accuracy", "balanced_accuracy", "log_loss", "ece")
DRAWS = 1_000


def estimates(
    runs: list[Run], evidence: list[Evidence], units: Units, networks: dict[str, dict[int, int]]
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
        samples = _resampled([evidence[at] for at in places.values()], units)
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


def _resampled(evidence: list[Evidence], units: Units) -> dict[str, np.ndarray]:
    """Return every figure (runs, resamples) of every run, all on the same draws."""

    def figures(weights: np.ndarray) -> dict[str, np.ndarray]:
        each = [run.figures(weights) for run in evidence]
        return {name: np.stack([run[name] for run in each]) for name in FIGURES}

    return resample(figures, units, resamples=DRAWS, seed=0)


def _estimate(value: float, samples: np.ndarray, trials: int | None) -> dict[str, float | None]:
    """Return a mean with its interval; where all resamples agree, Wilson's of ``trials``, or none."""
    low, high = (float(end) for end in interval(samples, value))
    if np.isfinite([low, high]).all():
        return {"value": value, "low": low, "high": high}
    low, high = wilson(value * trials, trials) if trials else (None, None)
    return {"value": value, "low": low, "high": high}
