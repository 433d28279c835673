"""How far predicted surfaces lie from true ones, on request: two distance transforms of each class of each image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from convscope.data.columns import Column
from convscope.data.patches import example
from convscope.data.spec import Instances, PixelClasses
from convscope.tasks.metrics.counts import mean_of_known
from convscope.tasks.metrics.masks.boundaries import hausdorff95
from convscope.tasks.metrics.masks.means import mean_over_images
from convscope.tasks.scores import About
from convscope.tasks.segmentation.borders import VOID
from convscope.tasks.segmentation.decoding import decoded, of_truth

NAME = "hd95"
MEANING = (
    "95th percentile of the distances between true and predicted surfaces: mean over the images that have a class in "
    "both masks, then over classes but the first"
)


def about(target: PixelClasses | Instances) -> About:
    """Return what the figure means, in pixels or in the unit of the pixels' size.

    >>> about(PixelClasses(("a", "b"), (0.5, 0.5), spacing=(0.5, 0.5), unit="um")).unit
    'um'
    """
    unit = target.unit or ("units of the spacing" if target.spacing else "px")
    return About("HD95", MEANING, unit, better="lower")


def surface_distances(truth: Column, predictions: Column, target: PixelClasses | Instances) -> np.ndarray:
    """Return the HD95 (n, K) of each image and class but the first; NaN where truth or prediction lacks the class.

    ``predictions`` are probabilities (H, W, K). Distances are in pixels, or as the target's ``spacing`` has them.
    """
    K = 2 if isinstance(target, Instances) else len(target.names)
    distances = np.full((len(truth), K), np.nan)
    for at in range(len(truth)):
        true = of_truth(example(truth, at), target).classes
        predicted = decoded(example(predictions, at), target).classes
        void = true == VOID
        for k in range(1, K):
            distances[at, k] = hausdorff95(true == k, predicted == k, spacing=target.spacing or None, void=void)
    return distances


def figures(distances: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return the mean (r,) over images and classes of distances (n, K), and that of each class (K, r)."""
    of_each = mean_over_images(distances, weights)
    return {NAME: mean_of_known(of_each[1:]), f"class_{NAME}": of_each}


def of_classes(distances: np.ndarray, estimates: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return of each class its figure, and in how many images it has none; nothing of the first class."""
    undefined = np.isnan(distances).sum(0).tolist()
    classes = [
        {NAME: estimate, f"{NAME}_undefined": number}
        for estimate, number in zip(estimates[f"class_{NAME}"], undefined, strict=True)
    ]
    return [{}, *classes[1:]]
