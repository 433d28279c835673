"""Every figure of merit of predicted points, with intervals over examples or groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from convscope.data.spec import Points
from convscope.errors import DataError
from convscope.tasks.landmarks.evidence import CURVE_END, FAILED, PointErrors
from convscope.tasks.landmarks.normaliser import said
from convscope.tasks.metrics.estimates import resampled, with_intervals
from convscope.tasks.metrics.units import Units
from convscope.tasks.scores import UNIT, About, Metric, Scores

RESAMPLES = 1000

ABOUT: Mapping[str, About] = {
    "nme": About(
        "normalised mean error", "mean distance of an image's points from the true ones, divided by its size",
        better="lower",
    ),
    "median_nme": About("median error", "half of the images have a smaller normalised mean error", better="lower"),
    "auc": About(
        f"AUC@{CURVE_END:g}", f"mean height of the curve of cumulative errors up to {CURVE_END:g}; 1 is perfect",
        limits=UNIT,
    ),
    "failures": About(
        f"failures@{FAILED:g}", f"images with a normalised mean error above {FAILED:g}", "share", better="lower"
    ),
    "pixels": About(
        "error in pixels", "mean distance of a point from the true one, in pixels of the image", "pixels",
        better="lower",
    ),
}  # fmt: skip
_ABSOLUTE = ("nme", "median_nme", "pixels")  # what has a meaning where errors are divided by nothing


def about(target: Points) -> dict[str, About]:
    """Return the meaning of each figure that there is with a target's normaliser, which is named."""
    if target.normaliser == "pixels":
        meaning = "mean distance of an image's points from the true ones, in pixels of the image"
        mean = About("mean error", meaning, "pixels", "lower")
        median = About("median error", "half of the images have a smaller mean error", "pixels", "lower")
        return {"nme": mean, "median_nme": median}
    divided = f"; divided by {said(target.normaliser)}"
    a = ABOUT["nme"]
    return {**ABOUT, "nme": About(a.title, a.meaning.removesuffix(", divided by its size") + divided, a.unit, a.better)}


def followed(target: Points) -> dict[str, str]:
    """Return what the figures of an epoch are called: without a normaliser no error is normalised.

    >>> followed(Points(("nose",), normaliser="pixels")), followed(Points(("nose",)))
    ({'nme': 'mean error (pixels)'}, {})
    """
    return {"nme": "mean error (pixels)"} if target.normaliser == "pixels" else {}


def scores(
    truth: np.ndarray,
    predictions: np.ndarray,
    target: Points,
    options: Any = None,
    groups: np.ndarray | None = None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Scores:
    """Return every figure of true and predicted points (n, K, 2), with 95 % intervals over examples or ``groups`` (n,).

    Missing true points (NaN) do not count, those outside the image do. ``details`` says what errors are divided by
    (``normaliser``), how many examples have another's length for want of their own (``stood_in``), how many true
    points are missing, and the normalised mean error of each point (``points``).

    Raises:
        DataError: no example with a point, other shapes than (n, K, 2), or a predicted coordinate that is no number.
    """
    shape = (len(truth), len(target.names), 2)
    if np.shape(truth) != shape or np.shape(predictions) != shape or not np.isfinite(truth).all(axis=2).any():
        raise DataError(
            f"scoring needs at least one example with {len(target.names)} points, x and y each; found true ones of the "
            f"shape {np.shape(truth)} and predictions of {np.shape(predictions)}"
        )
    if not np.isfinite(predictions).all():
        row, k, _ = np.argwhere(~np.isfinite(predictions))[0].tolist()
        raise DataError(f"the prediction of {target.names[k]} for example {row} is no number: {predictions[row, k]}")
    evidence = PointErrors.of(truth, predictions, target)
    units = Units.of(groups, len(truth))
    figures = with_intervals(
        lambda weights: evidence.figures(weights) | evidence.of_each(weights), units, resamples=resamples, seed=seed
    )
    missing = (~evidence.known).sum(axis=0)
    return Scores(
        main="nme",
        metrics={name: Metric(**figures[name], about=a) for name, a in about(target).items()},
        examples=len(truth),
        resampled=resampled(units, resamples),
        groups=units.groups or None,
        single=units.single,
        per_example=evidence.per_example,
        details={
            "normaliser": target.normaliser,
            "stood_in": evidence.stood_in,
            "missing": int(missing.sum()),
            "points": [
                {"name": name, "missing": int(missing[k]), "nme": figures["point_nme"][k]}
                for k, name in enumerate(target.names)
            ],
        },
    )
