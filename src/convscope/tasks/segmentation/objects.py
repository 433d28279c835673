"""From the probabilities of an image's pixels to its objects, numbered.

Objects are found once, on the probabilities of the whole image, however it was predicted: those found tile by tile
would be cut at the seams. All work for any number of axes; neighbours are those above, below, left and right.
"""

from __future__ import annotations

import numpy as np

from convscope.tasks.segmentation.borders import BORDER, INSIDE
from convscope.tasks.segmentation.regions import boxes, components, grown

SLAB = 2**22  # pixels looked at together, so that maps in a file are never in memory as a whole


def classes_of(probabilities: np.ndarray, *, threshold: float = 0.5) -> np.ndarray:
    """Return the class (H, W) uint8 of each pixel from probabilities (H, W, K): the most probable one.

    Of two classes it is the second one where its probability is above ``threshold``.

    >>> classes_of(np.array([[[0.6, 0.4], [0.2, 0.8]]]), threshold=0.3)
    array([[1, 1]], dtype=uint8)
    """
    classes = np.empty(probabilities.shape[:-1], np.uint8)
    for at in slabs(classes.shape):
        part = probabilities[at]
        classes[at] = part[..., 1] > threshold if part.shape[-1] == 2 else part.argmax(-1)
    return classes


def label_classes(classes: np.ndarray, *, smallest: int = 0) -> np.ndarray:
    """Return the objects (H, W) int32 of a class map, numbered from 1: connected pixels of one class but class 0.

    They are numbered class by class. Those of fewer than ``smallest`` pixels are left out.

    >>> label_classes(np.array([[1, 1, 0], [0, 2, 1]], np.uint8))
    array([[1, 1, 0],
           [0, 3, 2]], dtype=int32)
    """
    labels = np.zeros(classes.shape, np.int32)
    count = 0
    for k in range(1, int(classes.max(initial=0)) + 1):
        of_class, added = components(classes == k)
        for at in slabs(labels.shape) if added else ():
            labels[at] += np.where(of_class[at] > 0, of_class[at] + np.int32(count), np.int32(0))
        count += added
    return _drop_small(labels, smallest)


def label_instances(
    probabilities: np.ndarray, *, threshold: float = 0.5, seed_threshold: float = 0.5, smallest: int = 0
) -> np.ndarray:
    """Return the objects (H, W) int32, numbered from 1, of probabilities (H, W, 3) of background, inside and border.

    Each connected region whose inside is more probable than ``seed_threshold`` is the seed of one object. From there
    objects grow, over the most probable insides first, until all that is an object with a probability above
    ``threshold`` is shared out. What no seed reaches is no object. Those of fewer than ``smallest`` pixels are left
    out. A watershed: Beucher and Meyer, The morphological approach to segmentation, 1993, as scikit-image computes it.

    >>> inside = np.array([[0.9, 0.4, 0.3, 0.8, 0.0]])
    >>> border = np.array([[0.0, 0.4, 0.5, 0.0, 0.6]])
    >>> label_instances(np.stack([1 - inside - border, inside, border], -1))
    array([[1, 1, 2, 2, 2]], dtype=int32)
    """
    shape = probabilities.shape[:-1]
    seeds, foreground = np.empty((2, *shape), bool)
    for at in slabs(shape):
        inside = probabilities[at][..., INSIDE]
        foreground[at] = inside + probabilities[at][..., BORDER] > threshold
        seeds[at] = (inside > seed_threshold) & foreground[at]
    labels, _ = components(seeds)
    del seeds  # a map of 10,000² pixels takes 100 MB
    _grow(labels, foreground, probabilities)
    return _drop_small(labels, smallest)


def without_small(labels: np.ndarray, smallest: int) -> np.ndarray:
    """Return labels (H, W) int32, numbered from 1 in the same order, without objects of fewer pixels than ``smallest``.

    >>> without_small(np.array([[1, 0, 4, 4, 2, 2]], np.int32), 2)
    array([[0, 0, 2, 2, 1, 1]], dtype=int32)
    """
    return _drop_small(labels.copy(), smallest)


def _drop_small(labels: np.ndarray, smallest: int) -> np.ndarray:
    """Leave small objects out in place, and return the labels."""
    parts, length = slabs(labels.shape), int(labels.max(initial=0)) + 1
    areas = np.zeros(length, np.int64)
    for at in parts:
        areas += np.bincount(labels[at].ravel(), minlength=length)
    keep = areas >= max(1, smallest)
    keep[0] = False
    if not keep[1:].all():
        number = np.where(keep, np.cumsum(keep), 0).astype(np.int32)
        for at in parts:
            labels[at] = number[labels[at]]
    return labels


def _grow(labels: np.ndarray, foreground: np.ndarray, probabilities: np.ndarray) -> None:
    """Let the labels (H, W) of the seeds grow, in place, to all that they reach within the foreground.

    Where a connected region has one seed, all of it is that object. A watershed is left for the others, one by one: it
    gives what one of the whole image would, and seldom needs as much memory.
    """
    regions, count = components(foreground)
    lowest = np.full(count + 1, np.iinfo(np.int32).max, np.int32)  # number of a seed in each region; 0 is no region
    highest = np.zeros(count + 1, np.int32)
    parts = slabs(labels.shape)
    for at in parts:
        seeded = labels[at] > 0
        np.minimum.at(lowest, regions[at][seeded], labels[at][seeded])
        np.maximum.at(highest, regions[at][seeded], labels[at][seeded])
    several = lowest < highest
    for at in parts:
        labels[at] = np.where(several[regions[at]], labels[at], highest[regions[at]])
    for region, box in enumerate(boxes(regions) if several.any() else (), start=1):
        if box is not None and several[region]:
            mask = regions[box] == region
            inside = np.asarray(probabilities[box][..., INSIDE])
            labels[box][mask] = grown(np.where(mask, labels[box], 0), -inside, mask)[mask]


def slabs(shape: tuple[int, ...]) -> list[slice]:
    """Return the parts of the first axis that have ``SLAB`` pixels or fewer, or one row."""
    rows = max(1, SLAB // max(1, int(np.prod(shape[1:]))))
    return [slice(start, start + rows) for start in range(0, shape[0], rows)]
