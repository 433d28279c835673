"""Every figure of merit of predicted numbers, with intervals, in their units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from convscope.data.spec import Numbers
from convscope.errors import DataError
from convscope.tasks.metrics.estimates import resampled, with_intervals
from convscope.tasks.metrics.units import Units
from convscope.tasks.regression.evidence import DEVIATIONS, NumberErrors, common_unit
from convscope.tasks.scores import About, Metric, Scores

RESAMPLES = 1000

ABOUT: Mapping[str, About] = {
    "mae": About("mean absolute error", "how far off a predicted number is, on average", better="lower"),
    "rmse": About("root mean squared error", "as the mean absolute error, but large errors count more", better="lower"),
    "r2": About(
        "R²",
        "1: every number is right; 0: no better than the mean of the scored examples; below 0: worse",
        limits=(-math.inf, 1.0),
    ),
}
_OF_EACH = ("mae", "rmse", "r2", "bias")


def about(target: Numbers) -> dict[str, About]:
    """Return the meaning of each figure, with the unit of the numbers."""
    unit = common_unit(target)
    shown = DEVIATIONS if unit is None else unit
    return {
        name: a if name == "r2" else About(a.title, _joined(a.meaning, unit), shown, a.better)
        for name, a in ABOUT.items()
    }


def followed(target: Numbers) -> dict[str, str]:
    """Return what the figures of an epoch are called, with the unit of the numbers.

    >>> followed(Numbers(("age",), ("years",), (30.0,), (9.0,)))
    {'mae': 'mae (years)'}
    """
    unit = about(target)["mae"].unit
    return {"mae": f"mae ({unit})"} if unit else {}


def _joined(meaning: str, unit: str | None) -> str:
    how = "; numbers of different units are joined as multiples of their standard deviation (SD) in the training split"
    return meaning + how * (unit is None)


def scores(
    truth: np.ndarray,
    predictions: np.ndarray,
    target: Numbers,
    options: Any = None,
    groups: np.ndarray | None = None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Scores:
    """Return every figure of true and predicted numbers (n, K), with 95 % intervals over examples or ``groups`` (n,).

    ``details["numbers"]`` holds, for each number, its unit, how many are known, its own mae, rmse, r2 and bias
    (predicted minus true, on average), and its mean and standard deviation in the scored examples.

    Raises:
        DataError: no example, other shapes than (n, K), or a prediction that is not a number.
    """
    shape = (len(truth), len(target.names))
    if not len(truth) or np.shape(truth) != shape or np.shape(predictions) != shape:
        raise DataError(
            f"scoring needs at least one example with {len(target.names)} numbers; found true ones of the shape "
            f"{np.shape(truth)} and predictions of {np.shape(predictions)}"
        )
    if not np.isfinite(predictions).all():
        row, k = np.argwhere(~np.isfinite(predictions))[0].tolist()
        raise DataError(f"the prediction of {target.names[k]} for example {row} is no number: {predictions[row, k]}")
    evidence = NumberErrors.of(truth, predictions, target)
    units = Units.of(groups, len(truth))
    figures = with_intervals(
        lambda weights: evidence.figures(weights) | evidence.of_each(weights), units, resamples=resamples, seed=seed
    )
    return Scores(
        main="mae",
        metrics={name: Metric(**figures[name], about=a) for name, a in about(target).items()},
        examples=len(truth),
        resampled=resampled(units, resamples),
        groups=units.groups or None,
        single=units.single,
        per_example=evidence.per_example,
        details={"numbers": _each(evidence, figures, target)},
    )


def _each(evidence: NumberErrors, figures: Mapping[str, Any], target: Numbers) -> list[dict[str, Any]]:
    values = []
    for k, name in enumerate(target.names):
        known = evidence.truth[evidence.known[:, k], k]
        values.append(
            {
                "name": name,
                "unit": target.units[k],
                "examples": len(known),
                "mean": float(known.mean()) if len(known) else None,
                "std": float(known.std()) if len(known) else None,
                **{figure: figures[f"number_{figure}"][k] for figure in _OF_EACH},
            }
        )
    return values
