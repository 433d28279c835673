"""From the probabilities of an image to its class map and its objects, as a target's thresholds say."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from convscope.data.spec import Instances, PixelClasses
from convscope.tasks.segmentation.borders import VOID
from convscope.tasks.segmentation.objects import classes_of, label_classes, label_instances


class Decoded(NamedTuple):
    """The class (H, W) uint8 of each pixel, and its object (H, W) int32 from 1 on; ``None`` where none are counted."""

    classes: np.ndarray
    objects: np.ndarray | None


def decoded(probabilities: np.ndarray, target: PixelClasses | Instances) -> Decoded:
    """Return what probabilities (H, W, K) say of an image."""
    if isinstance(target, Instances):
        objects = label_instances(
            probabilities, threshold=target.threshold, seed_threshold=target.seeds, smallest=target.smallest
        )
        return Decoded((objects > 0).astype(np.uint8), objects)
    classes = classes_of(probabilities, threshold=target.threshold)
    if not target.objects:
        return Decoded(classes, None)
    same = target.seeds == target.threshold
    seen = classes if same else classes_of(probabilities, threshold=target.seeds)
    return Decoded(classes, _objects(seen, target, target.smallest))


def decoded_names(target: PixelClasses | Instances) -> tuple[str, ...]:
    """Return what the numbers of a class map are called.

    >>> decoded_names(Instances(("background", "inside", "border"), (0.5, 0.3, 0.2)))
    ('background', 'object')
    """
    return ("background", "object") if isinstance(target, Instances) else target.names


def of_truth(mask: np.ndarray, target: PixelClasses | Instances) -> Decoded:
    """Return the same of a true mask: void is 255 in the class map and -1 among the objects."""
    if isinstance(target, Instances):
        return Decoded(np.where(mask < 0, VOID, mask > 0).astype(np.uint8), mask)
    return Decoded(mask, objects_of(mask, target) if target.objects else None)


def objects_of(mask: np.ndarray, target: PixelClasses | Instances) -> np.ndarray:
    """Return the objects (H, W) of a true mask, -1 for void: those that it numbers, or what hangs together in it."""
    if isinstance(target, Instances):
        return mask
    objects = _objects(np.where(mask == VOID, 0, mask), target)
    objects[mask == VOID] = -1
    return objects


def _objects(classes: np.ndarray, target: PixelClasses, smallest: int = 0) -> np.ndarray:
    """Return what hangs together of a class map, numbered from 1; of slices that lie far apart slice by slice."""
    if not (target.slices and classes.ndim == 3):
        return label_classes(classes, smallest=smallest)
    objects, number = np.zeros(classes.shape, np.int32), 0
    for k, of_slice in enumerate(classes):
        labels = label_classes(of_slice, smallest=smallest)
        objects[k] = np.where(labels > 0, labels + number, 0)
        number += int(labels.max(initial=0))
    return objects
