"""Each compared network's figures with their intervals: of one run its own, of several seeds their mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from convscope.runs.compare.statistics import resampled_means
from convscope.runs.run import Run
from convscope.tasks.metrics.bootstrap import interval, resample
from convscope.tasks.metrics.proportion import wilson
from convscope.tasks.metrics.units import Units
from convscope.tasks.scores import Evidence

DRAWS = 1_000
Estimate = dict[str, Any]  # {"value", "low", "high"}, each a number, or None where it cannot be told


def estimates(
    runs: list[Run], evidence: list[Evidence], units: Units, networks: dict[str, dict[int, int]]
) -> dict[str, dict[str, Estimate]]:
    """Return each network's estimates; ``networks`` has for each name: seed -> place of its run.

    Those of a single run are the ones it wrote down itself, unless it drew single examples where groups are known.
    """
    names = list(runs[0].about)
    estimated = {}
    for network, places in networks.items():
        metrics = [runs[at].metrics for at in places.values()]
        if len(metrics) == 1 and metrics[0].get("groups") == (units.groups or None):
            estimated[network] = {name: metrics[0][name] for name in names}
            continue
        shown = [evidence[at] for at in places.values()]
        samples = [resample(each.figures, units, resamples=DRAWS, seed=0) for each in shown]  # on the same draws
        rows = {seed: row for row, seed in enumerate(places)}
        proportions = {names[0]} if shown[0].per_example.dtype == bool else set()
        estimated[network] = {
            name: _estimate(
                [each[name]["value"] for each in metrics],
                resampled_means(np.stack([sample[name] for sample in samples]), [rows], seed=0)[0],
                units.count if name in proportions else None,
            )
            for name in names
        }
    return estimated


def pooled_estimates(evidence: list[Evidence], names: Sequence[str], units: Units) -> dict[str, Estimate]:
    """Return estimates of one network that was trained with several seeds, each with ``evidence`` of all examples."""
    samples = [resample(each.figures, units, resamples=DRAWS, seed=0) for each in evidence]
    points = [each.figures(np.ones((len(units.unit), 1))) for each in evidence]
    rows = {row: row for row in range(len(evidence))}
    proportions = {names[0]} if evidence[0].per_example.dtype == bool else set()
    return {
        name: _estimate(
            [_finite(float(point[name][0])) for point in points],
            resampled_means(np.stack([sample[name] for sample in samples]), [rows], seed=0)[0],
            units.count if name in proportions else None,
        )
        for name in names
    }


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _estimate(values: list[float | None], samples: np.ndarray, trials: int | None) -> Estimate:
    """Return a mean with its interval; where all resamples agree, Wilson's of ``trials``, or none."""
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return {"value": None, "low": None, "high": None}
    value = float(np.mean(known))
    low, high = (float(end) for end in interval(samples, value))
    if np.isfinite([low, high]).all():
        return {"value": value, "low": low, "high": high}
    low, high = wilson(value * trials, trials) if trials else (None, None)
    return {"value": value, "low": low, "high": high}
