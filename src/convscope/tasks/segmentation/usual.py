"""How masks are learned where the user leaves it open."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from convscope.data.dataset import Data
from convscope.data.patches import Drawn, class_counts, example, sizes_of
from convscope.data.transforms import VolumeTransform
from convscope.data.volumes.parts import flat_levels
from convscope.tasks.keeping import kept
from convscope.tasks.segmentation.objects import label_classes
from convscope.text import count

AT_ONCE = 8 * 256**2  # pixels that a step sees
LEAST_BATCH, MOST_BATCH = 2, 64
LEAST_STEPS = 4  # an epoch, where there are few images
STEPS = 1_000  # that a network of masks needs at least
LEAST_EPOCHS = 20
LEVELS = 4  # of unet3d_mini
SEEN = 256  # voxels along each axis of a volume whose objects are looked at
ONE, APART = 0.9, 0.5  # share of the largest object: from there on they are one; up to there they are several
RARE = 0.01  # share of the pixels below which a class counts more
# Without any up and down: cells, tissue, sections. Scenes have a sky and a ground.
TURNED = "hflip vflip rotate=15 scale=0.2 elastic=0.05 brightness=0.2 contrast=0.2"
UPRIGHT = "hflip rotate=10 scale=0.3 brightness=0.2 contrast=0.2"


def usual(data: Data, plan: Any) -> dict[str, tuple[Any, str]]:
    """Return a value and its reason for network, batch size, length, augmentation, class weights and what is kept."""
    transform = data.preprocessing
    size = transform.part or transform.input.space
    parts = len(Drawn(sizes_of(data.train.input)[:, : len(size)], size, *2 * (data.train.rows[:0],)).at)
    said = " × ".join(map(str, size))
    fits = max(LEAST_BATCH, min(MOST_BATCH, AT_ONCE // math.prod(size)))
    batch = plan.batch_size or min(max(LEAST_BATCH, parts // LEAST_STEPS), fits)
    epochs = max(LEAST_EPOCHS, math.ceil(STEPS / math.ceil(parts / batch)))
    grey = transform.channels < 3 or len(size) > 2
    shares = class_counts(data.train.target).sum(0)
    rare = 0 < shares.min() < RARE * shares.sum()
    return {
        **_network(transform),
        "epochs": (epochs, f"at least {STEPS:,} steps; an epoch is {count(parts, 'part')} of {said}"),
        "batch_size": (batch, f"parts of {said} pixels"),
        "augment": _augmented(transform, size, grey=grey),
        "class_weights": ("balanced", "a class has less than 1 % of the pixels") if rare else ("none", "no rare class"),
        **_objects(data),
        **kept(data),
    }


def _network(transform: Any) -> dict[str, tuple[Any, str]]:
    """Return the network for images or volumes; for those of coarse slices with levels that work within slices."""
    if len(transform.input.space) == 2:
        return {"model": ("unet_mini", "a small U-Net, which takes images of any size")}
    model = ("unet3d_mini", "a small U-Net, which takes volumes of any size")
    if not (flat := flat_levels(transform.spacing, LEVELS)):
        return {"model": model}
    why = f"slices lie {transform.spacing[0] / min(transform.spacing[1:]):.3g} times as far apart as pixels"
    return {"model": model, "set": ({"flat": flat}, why)}


def _objects(data: Data) -> dict[str, tuple[Any, str]]:
    """Return that objects are counted slice by slice where they would be one along all three axes, as cells in a stack.

    The middle of the first training volume tells.
    """
    masks = data.train.target
    if not isinstance(data.preprocessing, VolumeTransform) or len(masks.spec.names) != 2:
        return {}
    mask = example(masks, 0)
    middle = tuple(slice(max(0, (size - SEEN) // 2), (size + SEEN) // 2) for size in mask.shape)
    inside = mask[middle] == 1
    if _largest(inside) < ONE or _largest(inside[len(inside) // 2]) > APART:
        return {}
    why = "of volumes slice by slice: across slices they all hang together, within one they do not"
    return {"objects": ("slices", why)}


def _largest(inside: np.ndarray) -> float:
    """Return the share of the largest connected part."""
    areas = np.bincount(label_classes(inside.astype(np.uint8)).ravel())[1:]
    return float(areas.max() / areas.sum()) if len(areas) else 0.0


def _augmented(transform: Any, size: tuple[int, ...], *, grey: bool) -> tuple[str, str]:
    if not grey:
        return UPRIGHT, "images in colour may have an up"
    turned = f"rot90 {TURNED}" if size[-1] == size[-2] else TURNED
    return turned, f"{transform.input.noun}s without up and down"
