"""Figures as they are reported: each with its value and the ends of its interval, as plain numbers fit for JSON."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from convscope.tasks.metrics.bootstrap import interval, resample
from convscope.tasks.metrics.proportion import wilson
from convscope.tasks.metrics.units import FEW, Units
from convscope.tasks.scores import Evidence

Figures = Callable[[np.ndarray], dict[str, np.ndarray]]  # weights (n, r) -> each figure (r,), or (K, r) of K parts


def with_intervals(figures: Figures, units: Units, *, resamples: int, seed: int) -> dict[str, Any]:
    """Return each figure of all examples as ``{"value", "low", "high"}``, or a list of them where it has parts.

    The ends are those of the 95 % percentile interval over resamples of the units, ``None`` where all of them agree.
    """
    point = {name: values[..., 0] for name, values in figures(np.ones((len(units.unit), 1))).items()}
    samples = resample(figures, units, resamples=resamples, seed=seed)
    return {name: _estimate(point[name], *interval(samples[name], point[name])) for name in point}


def resampled(units: Units, resamples: int) -> str:
    """Say in words what the intervals of ``with_intervals`` are.

    >>> resampled(Units.of(None, 3), 1000)
    '95 % percentile interval of 1000 bootstrap resamples of the examples'
    """
    begun = f"95 % percentile interval of {resamples} bootstrap resamples of the"
    if not units.groups:
        return f"{begun} examples"
    rough = f"; with fewer than {FEW} groups it is rough, and rather too narrow" if units.few else ""
    return f"{begun} {units}, each drawn as a whole{rough}"


def estimates(
    figures: Figures,
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
    by_name = with_intervals(figures, units, resamples=resamples, seed=seed)
    _wilson_where_collapsed(by_name, labels, predicted, units)
    return by_name


def estimates_of(
    evidence: Evidence, main: str, units: Units, *, resamples: int = 1000, seed: int = 0
) -> dict[str, Any]:
    """Return each of the evidence's figures with its interval, as ``estimates``.

    Where all resamples agree, Wilson's interval stands in for the ``main`` figure if that is a share of right answers.
    """
    by_name = with_intervals(evidence.figures, units, resamples=resamples, seed=seed)
    if evidence.per_example.dtype == bool and by_name[main]["low"] is None:
        ends = wilson(by_name[main]["value"] * units.count, units.count)
        by_name[main] |= dict(zip(("low", "high"), map(_known, ends), strict=True))
    return by_name


def _estimate(value: Any, low: Any, high: Any) -> Any:
    """Return ``{"value", "low", "high"}``, or a list of them where the figure has one number per class."""
    if np.ndim(value):
        return [_estimate(*three) for three in zip(value, low, high, strict=True)]
    return {name: _known(number) for name, number in (("value", value), ("low", low), ("high", high))}


def _known(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None


def _wilson_where_collapsed(by_name: dict[str, Any], labels: np.ndarray, predicted: np.ndarray, units: Units) -> None:
    """Give the plain proportions on which all resamples agree Wilson's interval."""
    K = len(by_name["recall"])
    proportions = [(by_name["accuracy"], units.count)]
    proportions += zip(by_name["recall"], units.holding(labels, K), strict=True)
    proportions += zip(by_name["precision"], units.holding(predicted, K), strict=True)
    for estimate, trials in proportions:
        if estimate["low"] is None and estimate["value"] is not None:
            ends = wilson(estimate["value"] * int(trials), int(trials))
            estimate["low"], estimate["high"] = map(_known, ends)
