"""What is learned of masks: classes of pixels, or objects as inside and border."""

from __future__ import annotations

from typing import Any

import numpy as np

from convscope.data.columns import RaggedBatch
from convscope.data.dataset import Data
from convscope.data.patches import class_counts, example
from convscope.data.spec import Instances, PixelClasses
from convscope.data.transforms import VolumeTransform
from convscope.data.volumes.parts import flat_levels
from convscope.errors import ConfigError, DataError
from convscope.tasks.known import OTHERS
from convscope.tasks.segmentation.borders import VOID, border_weights, instance_classes
from convscope.tasks.segmentation.decoding import objects_of

PARTS = ("background", "inside", "border")  # what a network tells of objects
SAMPLED = 50  # training masks whose borders are counted


def measured(data: Data, options: Any) -> PixelClasses | Instances:
    """Return what is learned, with the classes' shares of the training pixels.

    Raises:
        DataError: a split in which no pixel is known, or training masks of one class only.
    """
    for split in data.splits:
        if len(split) and not class_counts(split.target).any():
            raise DataError(f"no pixel of the {len(split):,} {split.name} masks is known: all are void; {OTHERS}")
    counts = class_counts(data.train.target).sum(0)
    spec = data.train.target.spec
    if (counts > 0).sum() < 2:
        what = "objects" if spec.kind == "instances" else spec.names[int(counts.argmax())]
        what = "background" if spec.kind == "instances" and not counts[1] else what
        raise DataError(f"nothing to learn: all pixels of the {len(data.train):,} training masks are {what}; {OTHERS}")
    spacing: tuple[float, float, float] | None = getattr(data.preprocessing, "spacing", None)
    if spec.kind == "instances":
        return Instances(
            PARTS, _shares_of_parts(data), border_weight=options.border_weight, spacing=spacing or ()
        )  # fmt: skip
    shares = tuple((counts / counts.sum()).tolist())
    objects = options.objects in ("yes", "slices") or (options.objects == "auto" and len(spec.names) == 2)
    if options.objects == "slices" and not isinstance(data.preprocessing, VolumeTransform):
        raise ConfigError("setting 'objects': slices are counted apart in volumes only; say yes, or leave it out")
    if options.border_weight and len(spec.names) != 2:
        raise ConfigError(
            f"setting 'border_weight': it is for gaps between objects, and these masks have {len(spec.names)} classes; "
            "leave it out"
        )
    slices = options.objects == "slices" or flat_levels(spacing, 2) > 0
    return PixelClasses(
        spec.names, shares, objects, border_weight=options.border_weight, slices=slices, spacing=spacing or ()
    )  # fmt: skip


def _shares_of_parts(data: Data) -> tuple[float, ...]:
    masks = data.train.target
    few = np.unique(np.linspace(0, len(masks) - 1, min(SAMPLED, len(masks))).astype(int))
    counts = sum(np.bincount(instance_classes(example(masks, int(at))).ravel(), minlength=256)[:3] for at in few)
    return tuple((counts / np.sum(counts)).tolist())


def encode(stored: Any, target: PixelClasses | Instances) -> np.ndarray:
    """Return masks (N, *space) uint8 of classes, or of the parts of objects.

    With a border weight they are (N, 2, *space) float32: the same, and the weight of each pixel.
    """
    masks = stored.padded(VOID) if isinstance(stored, RaggedBatch) else stored
    of_objects = isinstance(target, Instances)
    encoded = np.stack([instance_classes(mask) for mask in masks]) if of_objects else np.ascontiguousarray(masks)
    if not target.border_weight:
        return encoded
    weights = np.stack([border_weights(objects_of(mask, target), w0=target.border_weight) for mask in masks])
    return np.stack([encoded.astype(np.float32), weights], axis=1)
