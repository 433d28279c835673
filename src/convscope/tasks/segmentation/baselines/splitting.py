"""From a mask to single objects: touching ones are cut where the mask is narrow, as people do with a threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convscope.data.dataset import Split
from convscope.tasks.segmentation.baselines import pixels
from convscope.tasks.segmentation.borders import BORDER, INSIDE, neighbours
from convscope.tasks.segmentation.choice import overlaps
from convscope.tasks.segmentation.objects import without_small
from convscope.tasks.segmentation.regions import components, distances, grown, peaks

FRACTIONS = (0.6, 0.4, 0.8, 1.0)  # of an object's usual radius: how far apart the middles of two are at least
MOST_PIXELS = 2**21  # of training masks that the distance is chosen on


@dataclass(frozen=True)
class Splitter:
    """Cuts masks into objects whose middles lie at least ``distance`` pixels apart, of ``smallest`` pixels or more."""

    distance: int = 1
    smallest: int = 0

    def __call__(self, mask: np.ndarray) -> np.ndarray:
        """Return the objects (H, W) int32 of a mask (H, W) bool.

        Their middles are the pixels of the mask that are farthest from the outside; from there a watershed goes over
        the distance to the outside.
        """
        regions, count = components(mask)
        if not count:
            return regions
        depth = distances(np.pad(mask, 1))[(slice(1, -1),) * mask.ndim]
        middles = peaks(depth, regions, self.distance)
        seeds = np.zeros(mask.shape, np.int32)
        seeds[tuple(middles.T)] = np.arange(1, len(middles) + 1)
        return without_small(grown(seeds, -depth, mask), self.smallest)


def learned(train: Split, seed: int) -> Splitter:
    """Return the splitter that cuts the true masks of training images into their objects best.

    What is smaller than half of the smallest twentieth of the training objects is no object.
    """
    truths = [pixels.stored_mask(train, at) for at in pixels.some(train, MOST_PIXELS, seed)]
    areas = np.concatenate([np.bincount(truth[truth > 0]) for truth in truths])
    areas = areas[areas > 0]
    if not len(areas):
        return Splitter()
    axes = truths[0].ndim
    radius = float(np.median(areas)) ** (1 / axes) / 2
    smallest = int(np.quantile(areas, 0.05) / 2)
    splitters = [Splitter(max(1, round(radius * fraction)), smallest) for fraction in FRACTIONS]
    right = [sum(_gain(truth, splitter(truth > 0)) for truth in truths) for splitter in splitters]
    return splitters[int(np.argmax(right))]


def _gain(truth: np.ndarray, labels: np.ndarray) -> int:
    """Return how many objects overlap a true one by an IoU above 0.5, less those that do not."""
    areas, overlapping, _ = overlaps(truth, labels)
    return int(2 * overlapping.sum() - (areas > 0).sum())


def as_probabilities(labels: np.ndarray) -> np.ndarray:
    """Return probabilities (H, W, 3) of background, inside and border, 0 and 1, that give back these objects.

    All of an object is inside but for the pixels that touch another one; where those cut it in two, the larger part
    stays inside. So each object has one seed, whatever the thresholds.
    """
    touching = np.zeros(labels.shape, bool)
    for axis in range(labels.ndim):
        before, after = neighbours(labels.ndim, axis)
        differ = (labels[before] != labels[after]) & (labels[before] > 0) & (labels[after] > 0)
        touching[before] |= differ
        touching[after] |= differ
    parts, _ = components((labels > 0) & ~touching)
    areas = np.bincount(parts.ravel())
    owner = np.zeros(len(areas), np.int32)
    owner[parts.ravel()] = labels.ravel()
    order = np.argsort(areas[1:], kind="stable") + 1
    largest = np.zeros(int(labels.max(initial=0)) + 1, np.int64)
    largest[owner[order]] = order  # the last one, the largest, stays
    inside = (parts > 0) & (largest[owner[parts]] == parts)
    classes = np.where(inside, INSIDE, np.where(labels > 0, BORDER, 0))
    return np.eye(3, dtype=np.float32)[classes]
