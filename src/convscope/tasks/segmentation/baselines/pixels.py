"""What the simple methods see: one image after the other, the classes of its pixels, and a fair part of a split."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from convscope.data.columns.computed import Computed
from convscope.data.dataset import Split
from convscope.data.patches import example
from convscope.data.spec import FieldSpec
from convscope.tasks.segmentation.borders import VOID, instance_classes

Map = Callable[[int], np.ndarray]  # of an image's position in a split: something of each of its pixels


class Learned(NamedTuple):
    """What a method learned.

    ``predict`` gives, for a split, the probabilities (H, W, K) of each image; of methods for a foreground the
    probability (H, W) of that, above 0.5 where it is seen. ``how`` says it in words; ``images`` were learned from.
    """

    predict: Callable[[Split], Map]
    how: str
    images: int


def image(split: Split, at: int) -> np.ndarray:
    """Return one raw image (H, W, C)."""
    return example(split.input, at)


def stored_mask(split: Split, at: int) -> np.ndarray:
    """Return one mask (H, W) as it is stored: class numbers, or labels of objects."""
    return example(split.column(split.dataset.targets[0]), at)


def of_instances(split: Split) -> bool:
    """Return whether the masks are labels of objects."""
    return split.dataset.target_kind == "instances"


def classes(split: Split, at: int) -> np.ndarray:
    """Return the class (H, W) of each pixel, 255 for void; of objects background 0, inside 1 and border 2."""
    mask = stored_mask(split, at)
    return instance_classes(mask) if of_instances(split) else mask


def foreground(split: Split, at: int) -> np.ndarray:
    """Return 1 (H, W) in objects or in any class but the first, 0 elsewhere, 255 in the void."""
    mask = stored_mask(split, at)
    void = mask < 0 if of_instances(split) else mask == VOID
    return np.where(void, VOID, mask > 0).astype(np.uint8)


def some(split: Split, pixels: float, seed: int) -> Iterator[int]:
    """Yield positions of images, drawn at random without repeats, until they have so many pixels together."""
    total = 0
    for at in np.random.default_rng(seed).permutation(len(split)):
        if total >= pixels:
            return
        yield int(at)
        total += image(split, int(at))[..., 0].size


def probabilities(split: Split, count: int, function: Map) -> Computed:
    """Return the probabilities (H, W, count) float32 of a split's images, each computed when it is asked for."""
    space = split.input.spec.shape[:-1]
    spec = FieldSpec("probabilities", "image", (*space, count), "float32")
    return Computed(spec, len(split), lambda at: np.asarray(function(at), np.float32))
