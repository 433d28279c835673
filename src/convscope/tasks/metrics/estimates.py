"""Figures as they are reported: each with its value and the ends of its interval, as plain numbers fit for JSON."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from convscope.tasks.metrics.bootstrap import interval, resample
from convscope.tasks.metrics.proportion import wilson
from convscope.tasks.metrics.units import Units
from convscope.tasks.scores import Evidence


def estimates(
    figures: Callable[[np.ndarray], dict[str, np.ndarray]],
    labels: np.ndarray,
    predicted: np.ndarray,
    units: Units,
    *,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    """Return each of the ``figures`` of weights, with recall and precision among them, and its interval.

    The interval comes from resamples of the units; where all of them agree, Wilson's stands in for plain proportions of
    labels (n,) and predicted classes (n,).
    """
    point = {name: values[..., 0] for name, values in figures(np.ones((len(labels), 1))).items()}
    samples = resample(figures, units, resamples=resamples, seed=seed)
    found = {name: _estimate(point[name], *interval(samples[name], point[name])) for name in point}
    _wilson_where_collapsed(found, labels, predicted, units)
    return found


def estimates_of(
    evidence: Evidence, main: str, units: Units, *, resamples: int = 1000, seed: int = 0
) -> dict[str, Any]:
    """Return each of the evidence's figures with its interval, as ``estimates``.

    Where all resamples agree, Wilson's interval stands in for the ``main`` figure if that is a share of right answers.
    """
    point = {name: float(values[0]) for name, values in evidence.figures(np.ones((len(units.unit), 1))).items()}
    samples = resample(evidence.figures, units, resamples=resamples, seed=seed)
    found = {name: _estimate(value, *interval(samples[name], value)) for name, value in point.items()}
    if evidence.per_example.dtype == bool and found[main]["low"] is None:
        ends = wilson(point[main] * units.count, units.count)
        found[main] |= dict(zip(("low", "high"), map(_known, ends), strict=True))
    return found


def _estimate(value: Any, low: Any, high: Any) -> Any:
    """Return ``{"value", "low", "high"}``, or a list of them where the figure has one number a class."""
    if np.ndim(value):
        return [_estimate(*three) for three in zip(value, low, high, strict=True)]
    return {name: _known(number) for name, number in (("value", value), ("low", low), ("high", high))}


def _known(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None


def _wilson_where_collapsed(found: dict[str, Any], labels: np.ndarray, predicted: np.ndarray, units: Units) -> None:
    """Give the plain proportions on which all resamples agree Wilson's interval."""
    K = len(found["recall"])
    proportions = [(found["accuracy"], units.count)]
    proportions += zip(found["recall"], units.holding(labels, K), strict=True)
    proportions += zip(found["precision"], units.holding(predicted, K), strict=True)
    for estimate, trials in proportions:
        if estimate["low"] is None and estimate["value"] is not None:
            ends = wilson(estimate["value"] * int(trials), int(trials))
            estimate["low"], estimate["high"] = map(_known, ends)
