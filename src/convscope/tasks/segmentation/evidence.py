"""What predicted masks show of each image: pixels of each class, objects found, and how membranes were cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from convscope.data.columns import Column
from convscope.data.patches import example
from convscope.data.spec import Instances, PixelClasses
from convscope.tasks.metrics.masks.boundaries import BoundaryCounts, boundary_counts
from convscope.tasks.metrics.masks.contingency import Contingency
from convscope.tasks.metrics.masks.means import mean_over_images
from convscope.tasks.metrics.masks.objects import THRESHOLDS, ObjectCounts
from convscope.tasks.metrics.masks.partitions import Partitions, touching
from convscope.tasks.metrics.masks.pixels import PixelCounts, confusion
from convscope.tasks.metrics.masks.warping import warping_error
from convscope.tasks.segmentation.borders import VOID
from convscope.tasks.segmentation.decoding import Decoded, decoded, of_truth

# Of membranes, beside pixels and objects.
OTHERS = ("v_rand", "v_rand_split", "v_rand_merge", "v_info", "v_info_split", "v_info_merge", "warping_error")
WARPED = 1 << 20  # pixels of an image up to which the truth is warped: some seconds
_COUNTED = ("hits", "iou", "truth", "predicted", "splits", "merges")


@dataclass(frozen=True, eq=False)
class MaskEvidence:
    """Of n images the confusion of their pixels, their ``objects``, if any are counted, and other figures (n,) each.

    ``others`` are figures of which the mean over images counts, those of membranes. ``of_objects`` says that objects,
    not pixels, are what networks are compared by.
    """

    pixels: PixelCounts
    boundaries: BoundaryCounts
    objects: ObjectCounts | None
    others: Mapping[str, np.ndarray]
    of_objects: bool

    @property
    def per_example(self) -> np.ndarray:
        """The main figure (n,) of each image: AP of objects, V_rand of membranes, else Dice; NaN where it has none."""
        if "v_rand" in self.others:
            return self.others["v_rand"]
        return self.objects.per_example if self.of_objects and self.objects is not None else self.pixels.per_example

    def figures(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return each figure (r,) under whole weights (n, r) of the images."""
        figures = self.pixels.figures(weights) | self.boundaries.figures(weights)
        if self.objects is not None:
            figures |= {f"object_{name}": values for name, values in self.objects.figures(weights).items()}
        return figures | {name: mean_over_images(values, weights) for name, values in self.others.items()}

    def of_each(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return the figures of each class, (K, r), and those of objects at each threshold, (t, r)."""
        figures = {f"class_{name}": values for name, values in self.pixels.of_each(weights).items()}
        if self.objects is not None:
            figures |= {f"object_{name}": values for name, values in self.objects.of_each(weights).items()}
        return figures


@lru_cache(maxsize=3)  # asked for by scores, comparisons and the table of predictions, of the same columns
def evidence(truth: Column, predictions: Column, target: PixelClasses | Instances) -> MaskEvidence:
    """Return what predicted probabilities (H, W, K) show beside true masks (H, W), image by image."""
    K = 2 if isinstance(target, Instances) else len(target.names)
    matrices, edges, tables, others = [], [], [], []
    for at in range(len(truth)):
        true = of_truth(example(truth, at), target)
        found = decoded(example(predictions, at), target)
        matrices.append(confusion(true.classes, found.classes, K))
        edges.append(boundary_counts(true.classes, found.classes, K))
        if true.objects is not None and found.objects is not None:
            tables.append(Contingency.of(true.objects, found.objects))
        if isinstance(target, PixelClasses) and target.dense:
            others.append(of_partition(true, found, example(predictions, at), target))
    names = others[0] if others else {}
    return MaskEvidence(
        PixelCounts.of(matrices),
        BoundaryCounts.of(edges),
        ObjectCounts.of(tables) if tables else None,
        {name: np.array([each[name] for each in others]) for name in names},
        isinstance(target, Instances),
    )


def of_partition(true: Decoded, found: Decoded, probabilities: np.ndarray, target: PixelClasses) -> dict[str, float]:
    """Return how well membranes cut an image: V_rand, V_info and their parts, and what no warping explains.

    Predicted objects are grown until they touch: how thick a membrane is drawn makes no difference. Of slices that lie
    far apart it is the mean over the slices.
    """
    if target.slices and true.classes.ndim == 3:
        each = [
            of_partition(_slice(true, k), _slice(found, k), probabilities[k], target) for k in range(len(true.classes))
        ]
        values = {name: np.array([figures[name] for figures in each]) for name in OTHERS}
        return {name: float(np.nanmean(v)) if np.isfinite(v).any() else np.nan for name, v in values.items()}
    assert true.objects is not None and found.objects is not None
    parts = Partitions.of([Contingency.of(true.objects, touching(found.objects))]).of_images
    figures = {name: float(parts[name][0]) for name in OTHERS if name in parts}
    if true.classes.ndim == 2 and true.classes.size <= WARPED:
        confidence = np.abs(probabilities[..., 1] - target.threshold)
        masks = (true.classes == 1, found.classes == 1)
        figures["warping_error"] = warping_error(*masks, confidence=confidence, valid=true.classes != VOID)
    return {name: figures.get(name, np.nan) for name in OTHERS}


def _slice(masks: Decoded, k: int) -> Decoded:
    return Decoded(masks.classes[k], None if masks.objects is None else masks.objects[k])


def to_cells(evidence: MaskEvidence) -> list[list[str]]:
    """Return the numbers of each image, written: they are all that comparisons need."""
    parts: list[list[str]] = []
    for at, matrix in enumerate(evidence.pixels.counts):
        cells = [_written(matrix), _written(evidence.boundaries.counts[at])]
        if (found := evidence.objects) is not None:
            cells += [_written(getattr(found, name)[at]) for name in _COUNTED]
        parts.append([*cells, *(repr(float(values[at])) for values in evidence.others.values())])
    return parts


def titles(target: PixelClasses | Instances) -> tuple[str, ...]:
    """Return the titles of these cells."""
    if isinstance(target, PixelClasses) and not target.objects:
        return ("confusion", "boundaries")
    return ("confusion", "boundaries", *(f"objects:{name}" for name in _COUNTED), *_others(target))


def _others(target: PixelClasses | Instances) -> tuple[str, ...]:
    return OTHERS if isinstance(target, PixelClasses) and target.dense else ()


def from_cells(rows: Any, target: PixelClasses | Instances) -> MaskEvidence:
    """Return what such cells say; ``ValueError`` or ``KeyError`` where they are not of these masks."""
    K = 2 if isinstance(target, Instances) else len(target.names)
    matrices = np.array([_numbers(row["confusion"]) for row in rows]).reshape(len(rows), K, K).astype(np.int64)
    edges = np.array([_numbers(row["boundaries"]) for row in rows]).reshape(len(rows), K, 4)
    pixels, boundaries = PixelCounts(matrices), BoundaryCounts(edges)
    of_objects = isinstance(target, Instances)
    if isinstance(target, PixelClasses) and not target.objects:
        return MaskEvidence(pixels, boundaries, None, {}, of_objects)
    counted = [np.array([_numbers(row[f"objects:{name}"]) for row in rows]) for name in _COUNTED]
    hits, iou, *numbers = counted
    objects = ObjectCounts(THRESHOLDS, hits, iou, *(each[:, 0] for each in numbers))
    others = {name: np.array([float(row[name]) for row in rows]) for name in _others(target)}
    return MaskEvidence(pixels, boundaries, objects, others, of_objects)


def _written(values: np.ndarray) -> str:
    return " ".join(f"{value:.17g}" for value in np.ravel(values))


def _numbers(cell: str) -> list[float]:
    return [float(word) for word in cell.split()]
