"""Figures of merit of reconstructions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from convscope.data.spec import Pixels
from convscope.errors import DataError
from convscope.tasks.metrics.estimates import resampled, with_intervals
from convscope.tasks.metrics.units import Units
from convscope.tasks.reconstruction.evidence import PixelErrors
from convscope.tasks.scores import About, Metric, Scores

RESAMPLES = 1000

ABOUT: Mapping[str, About] = {
    "mse": About(
        "mean squared error", "of pixels from 0 to 1, over each image and then over images", better="lower",
        limits=(0.0, 1.0),
    ),
    "psnr": About(
        "peak signal-to-noise ratio", "10 · log10(1 / squared error) of each image, averaged over images", "dB"
    ),
    "ssim": About(
        "structural similarity", "1: equal; how alike brightness, contrast and structure are in windows of 7×7 pixels",
        limits=(-1.0, 1.0),
    ),
}  # fmt: skip


def scores(
    truth: Any,
    predictions: Any,
    target: Pixels,
    options: Any = None,
    groups: np.ndarray | None = None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Scores:
    """Return every figure of images (n, H, W, C) and their reconstructions (n, C, H, W), with 95 % intervals.

    Raises:
        DataError: no image, or pixels that are no numbers.
    """
    if not len(truth):
        raise DataError("scoring needs at least one image")
    if not all(np.isfinite(part).all() for part in np.array_split(predictions, max(1, len(truth) // 256))):
        raise DataError("the network gives pixels that are no numbers")
    evidence = PixelErrors.of(truth, predictions, target)
    units = Units.of(groups, len(truth))
    figures = with_intervals(evidence.figures, units, resamples=resamples, seed=seed)
    return Scores(
        main="mse",
        metrics={name: Metric(**figures[name], about=about) for name, about in ABOUT.items()},
        examples=len(truth),
        resampled=resampled(units, resamples),
        groups=units.groups or None,
        single=units.single,
        per_example=evidence.per_example,
    )
