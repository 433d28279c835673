"""Every figure of merit of predicted masks, with intervals over images or groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from convscope.data.columns import Column
from convscope.data.spec import Instances, PixelClasses
from convscope.errors import DataError
from convscope.tasks.metrics.estimates import resampled, with_intervals
from convscope.tasks.metrics.masks.objects import THRESHOLDS
from convscope.tasks.metrics.units import Units
from convscope.tasks.scores import UNIT, About, Metric, Scores
from convscope.tasks.segmentation import surfaces
from convscope.tasks.segmentation.evidence import MaskEvidence, evidence

RESAMPLES = 1000

_OF_PIXELS: Mapping[str, About] = {
    "dice": About(
        "Dice", "twice the shared pixels over those of both masks: mean over images, then over classes but the first; "
        "1 is perfect", limits=UNIT,
    ),
    "iou": About("IoU", "the same of intersection over union", limits=UNIT),
    "pooled_dice": About("Dice, all pixels pooled", "as of one large image", limits=UNIT),
    "pooled_iou": About("IoU, all pixels pooled", "as of one large image", limits=UNIT),
    "miou": About("mIoU", "mean over all classes, the first too, of the IoU of all pixels pooled", limits=UNIT),
    "precision": About("precision", "predicted pixels that are right, mean over images and classes", "share"),
    "recall": About("recall", "true pixels that were found, mean over images and classes", "share"),
    "boundary_f": About(
        "boundary F", "boundary pixels with one of the other mask within 2 pixels, mean over images and classes",
        limits=UNIT
    ),
    "pixel_error": About("pixel error", "pixels of an image that have another class", "share", better="lower"),
}  # fmt: skip
_OF_OBJECTS: Mapping[str, About] = {
    "object_ap": About(
        "AP50", "objects found over those found, missed and invented, at an IoU of 0.5: mean over images", limits=UNIT
    ),
    "object_mean_ap": About("AP50-90", "the same, mean over IoU thresholds from 0.5 to 0.9", limits=UNIT),
    "object_f1": About("object F1", "harmonic mean of precision and recall of objects at an IoU of 0.5", limits=UNIT),
    "object_pq": About("panoptic quality", "object F1 times the mean IoU of what was found", limits=UNIT),
    "object_precision": About("object precision", "predicted objects that are one", "share"),
    "object_recall": About("object recall", "true objects that were found", "share"),
    "object_count_error": About(
        "count error", "predicted less true objects of an image, without sign", "objects", better="lower"
    ),
    "object_split_rate": About("splits", "true objects found in several pieces, of all", "share", better="lower"),
    "object_merge_rate": About(
        "merges", "predicted objects that join several true ones, per true object", better="lower"
    ),
}  # fmt: skip
_OF_MEMBRANES: Mapping[str, About] = {
    "v_rand": About(
        "V_rand", "do two pixels inside belong to one object? F-score over pairs, membranes drawn thin (ISBI 2012)",
        limits=UNIT,
    ),
    "v_info": About("V_info", "the same in information that both masks share", limits=UNIT),
    "v_rand_split": About("V_rand, split", "lower where objects are cut in pieces", limits=UNIT),
    "v_rand_merge": About("V_rand, merge", "lower where objects are joined", limits=UNIT),
    "warping_error": About(
        "warping error", "pixels whose change cuts, joins, makes or loses an object: no shift of the border explains "
        "them", "share", better="lower",
    ),
}  # fmt: skip
ABOUT: Mapping[str, About] = {**_OF_PIXELS, **_OF_MEMBRANES, **_OF_OBJECTS}


def about(found: MaskEvidence) -> dict[str, About]:
    """Return the meaning of each figure that there is, the main one first."""
    objects = _OF_OBJECTS if found.objects is not None else {}
    membranes = {name: a for name, a in _OF_MEMBRANES.items() if name in found.others}
    if found.of_objects:
        return {**objects, **_OF_PIXELS}
    return {**membranes, **_OF_PIXELS, **objects} if membranes else {**_OF_PIXELS, **objects}


def scores(
    truth: Column,
    predictions: Column,
    target: PixelClasses | Instances,
    options: Any = None,
    groups: np.ndarray | None = None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Scores:
    """Return every figure of probabilities (H, W, K) beside true masks (H, W) of n images, with 95 % intervals.

    Intervals are over images or ``groups`` (n,), never over pixels. ``details`` has the figures of each class, those of
    objects at each IoU threshold, and how many images lack a class. Distances of surfaces are there where the
    ``options`` ask for them.

    Raises:
        DataError: no image, or none with a pixel that is known.
    """
    if not len(truth):
        raise DataError("scoring needs at least one image with a mask; found none")
    found = evidence(truth, predictions, target)
    if not found.pixels.counts.any():
        raise DataError(f"no pixel of {len(truth):,} masks is known: all are void")
    units = Units.of(groups, len(truth))
    distances = surfaces.surface_distances(truth, predictions, target) if getattr(options, "hd95", False) else None

    def all_figures(weights: np.ndarray) -> dict[str, np.ndarray]:
        of_surfaces = {} if distances is None else surfaces.figures(distances, weights)
        return found.figures(weights) | found.of_each(weights) | of_surfaces

    figures = with_intervals(all_figures, units, resamples=resamples, seed=seed)
    described = about(found) if distances is None else {**about(found), surfaces.NAME: surfaces.about(target)}
    details = _details(found, target, figures)
    if distances is not None:
        for row, of_surfaces in zip(details["classes"], surfaces.of_classes(distances, figures), strict=True):
            row |= of_surfaces
    return Scores(
        main=next(iter(described)),
        metrics={name: Metric(**figures[name], about=a) for name, a in described.items()},
        examples=len(truth),
        resampled=resampled(units, resamples),
        groups=units.groups or None,
        single=units.single,
        per_example=found.per_example,
        details=details,
    )


def _details(found: MaskEvidence, target: PixelClasses | Instances, figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return what else is written down: each class, each threshold, each image's counts."""
    names = ("background", "objects") if isinstance(target, Instances) else target.names
    of_class = ("dice", "iou", "precision", "recall", "pooled_dice", "pooled_iou")
    details: dict[str, Any] = {
        "classes": [
            {
                "name": name, "absent": int(found.pixels.absent[k]),
                **{figure: figures[f"class_{figure}"][k] for figure in of_class},
            }
            for k, name in enumerate(names)
        ],
        "threshold": target.threshold,
        "seeds": target.seeds,
        "smallest": target.smallest,
    }  # fmt: skip
    if (objects := found.objects) is not None:
        details["objects"] = {
            "thresholds": list(THRESHOLDS),
            **{name: figures[f"object_{name}_at"] for name in ("ap", "f1", "pq")},
            "truth": objects.truth.astype(int).tolist(),
            "predicted": objects.predicted.astype(int).tolist(),
        }
    return details
