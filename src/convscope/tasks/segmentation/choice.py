"""How probabilities become a mask or objects, chosen on the validation split: thresholds and the smallest object.

Every choice is a search over a small grid of values, from probabilities that are stored: the network is not asked
again. It depends on its arguments only. Of equal values the first one in the grid is taken; grids begin with the usual
value and go outwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from convscope.tasks.segmentation.borders import VOID
from convscope.tasks.segmentation.objects import label_classes, label_instances, without_small

MOST_PIXELS = 2**21  # looked at in a search for objects: half a minute; of larger validation splits a part is
BINS = 1000  # of a probability, in the search for a threshold of pixels
THRESHOLDS = (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.1, 0.9, 0.95)  # what parts membranes is often nearly certain

Progress = Callable[[int, int], None]  # how many settings are done, of how many


class Maps(Protocol):
    """What can be asked for the probabilities (H, W, K) of the i-th image."""

    def __getitem__(self, at: int, /) -> np.ndarray: ...


@dataclass(frozen=True)
class Choice:
    """What was chosen, and its ``score`` on the validation split; ``tried`` are all settings with their scores.

    ``seed_threshold`` is of instances only. ``images`` of the split were looked at, or parts of them.
    """

    threshold: float
    seed_threshold: float
    smallest: int
    score: float
    tried: tuple[tuple[float, float, int, float], ...]
    images: int


def choose_threshold(probabilities: Maps, truths: Sequence[np.ndarray]) -> Choice:
    """Choose the probability of the second class above which a pixel is taken for it, by the Dice of all pixels.

    It is the mean Dice of both classes: that of the second alone would rather see it everywhere where it fills most of
    an image. ``probabilities[i]`` is (H, W, 2), ``truths[i]`` (H, W) is 0, 1 or void (255). Thresholds lie 0.01 apart.

    >>> foreground = np.array([[0.1, 0.2, 0.35, 0.4]])
    >>> choose_threshold([np.stack([1 - foreground, foreground], -1)], [np.array([[0, 0, 1, 1]])]).threshold
    0.34
    """
    counts = np.zeros((2, BINS + 1))
    for at, truth in enumerate(truths):
        foreground = np.asarray(probabilities[at][..., 1], np.float32)
        level = np.ceil(foreground * BINS).clip(0, BINS).astype(np.int64)  # p > k / BINS is the same as level > k
        for is_foreground in (0, 1):
            counts[is_foreground] += np.bincount(level[truth == is_foreground], minlength=BINS + 1)
    above = counts[:, ::-1].cumsum(1)[:, ::-1]
    grid = sorted((k for k in range(BINS // 100, BINS, BINS // 100)), key=lambda k: abs(k - BINS // 2))
    hits, false = above[1, np.array(grid) + 1], above[0, np.array(grid) + 1]
    dice = mean_dice(hits, false, *counts.sum(1))
    tried = tuple((k / BINS, 0.0, 0, float(score)) for k, score in zip(grid, dice, strict=True))
    return _best(tried, len(truths))


def mean_dice(hits: np.ndarray, false: np.ndarray, background: float, foreground: float) -> np.ndarray:
    """Return the mean Dice of foreground and background, from the pixels of both that were taken for foreground.

    >>> mean_dice(np.array([3.0]), np.array([1.0]), 6.0, 4.0).round(3).tolist()  # of 3/4 and 10/12
    [0.792]
    """
    kept, wrong = background - false, false + foreground - hits
    least = np.finfo(float).tiny  # of nothing there is nothing right
    return hits / np.maximum(2 * hits + wrong, least) + kept / np.maximum(2 * kept + wrong, least)


def choose_objects(
    probabilities: Maps,
    truths: Sequence[np.ndarray],
    score: Callable[[np.ndarray, np.ndarray], float],
    *,
    progress: Progress | None = None,
) -> Choice:
    """Choose the threshold of the second class and the smallest of its objects, by any figure of objects.

    ``probabilities[i]`` is (H, W, 2), ``truths[i]`` (H, W) is 0, 1 or void (255). ``score(truth, labels)`` compares
    objects (H, W), with -1 for void in the truth; its mean over the images decides, NaN left out. Thresholds are tried
    first, with all objects, and then sizes, each four times the one before.
    """
    parts = _parts(truths)
    objects = [_true_objects(truths[at][box]) for at, box in parts]
    sizes = _smallest(objects)[2::2]
    count = len(THRESHOLDS) + len(sizes)
    tried: list[tuple[float, float, int, float]] = []

    def try_out(found: list[np.ndarray], threshold: float, smallest: int) -> None:
        if progress:
            progress(len(tried), count)
        kept = [without_small(labels, smallest) for labels in found]
        scores = [score(truth, labels) for truth, labels in zip(objects, kept, strict=True)]
        tried.append((threshold, 0.0, smallest, _mean(scores)))

    def labelled(threshold: float) -> list[np.ndarray]:
        return [label_classes(np.asarray(probabilities[at][box][..., 1] > threshold, np.uint8)) for at, box in parts]

    for threshold in THRESHOLDS:
        try_out(labelled(threshold), threshold, 0)
    best = _best(tuple(tried), len(parts)).threshold
    found = labelled(best)
    for smallest in sizes:
        try_out(found, best, smallest)
    return _best(tuple(tried), len(parts))


def choose_instances(probabilities: Maps, truths: Sequence[np.ndarray], *, progress: Progress | None = None) -> Choice:
    """Choose both thresholds of ``label_instances`` and the smallest object, by the AP at IoU 0.5 of all objects.

    ``probabilities[i]`` is (H, W, 3), ``truths[i]`` (H, W) are labels, 0 in the background, -1 in the void. Seed
    thresholds are tried first, then thresholds, then seed thresholds again.
    """
    parts = _parts(truths)
    maps = [np.asarray(probabilities[at][box], np.float32) for at, box in parts]
    objects = [np.asarray(truths[at][box]) for at, box in parts]
    sizes = _smallest(objects)
    best = {"threshold": THRESHOLDS[0], "seed_threshold": THRESHOLDS[0]}
    tried: dict[tuple[float, float], list[tuple[float, float, int, float]]] = {}
    rounds, done = ("seed_threshold", "threshold", "seed_threshold"), 0
    for varied in rounds:
        for value in THRESHOLDS:
            settings = best | {varied: value}
            key = (settings["threshold"], settings["seed_threshold"])
            if progress:
                progress(done, len(rounds) * len(THRESHOLDS))
            if key not in tried:
                scores = _average_precision(objects, maps, sizes, *key)
                tried[key] = [(*key, smallest, ap) for smallest, ap in zip(sizes, scores, strict=True)]
            done += 1
        chosen = _best(tuple(row for rows in tried.values() for row in rows), len(parts))
        best = {"threshold": chosen.threshold, "seed_threshold": chosen.seed_threshold}
    return _best(tuple(row for rows in tried.values() for row in rows), len(parts))


def _average_precision(
    truths: list[np.ndarray], maps: list[np.ndarray], sizes: tuple[int, ...], threshold: float, seed_threshold: float
) -> list[float]:
    """Return TP / (TP + FP + FN) at IoU 0.5 of all images' objects together, for each smallest size."""
    hits, predicted, objects = np.zeros(len(sizes)), np.zeros(len(sizes)), 0
    for truth, probabilities in zip(truths, maps, strict=True):
        labels = label_instances(probabilities, threshold=threshold, seed_threshold=seed_threshold)
        areas, overlapping, count = overlaps(truth, labels)
        objects += count
        for at, smallest in enumerate(sizes):
            predicted[at] += (areas >= max(1, smallest)).sum()
            hits[at] += ((areas >= smallest) & overlapping).sum()
    return [float(a) for a in hits / np.maximum(predicted + objects - hits, 1)]


def overlaps(truth: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Return each predicted object's area (n,), whether its IoU with a true one is above 0.5, and how many are true.

    Areas are whole ones, since that is what is compared with the smallest size; an object in the void has none.
    """
    seen = truth >= 0
    areas = np.bincount(labels.ravel())
    true_number, true_code = np.unique(truth[seen], return_inverse=True)
    codes = true_code * len(areas) + labels[seen]
    pairs, shared = np.unique(codes, return_counts=True)
    true_at, label_at = pairs // len(areas), pairs % len(areas)
    union = np.bincount(true_code)[true_at] + np.bincount(labels[seen], minlength=len(areas))[label_at] - shared
    good = (2 * shared > union) & (true_number[true_at] > 0) & (label_at > 0)
    overlapping = np.zeros(len(areas), bool)
    overlapping[label_at[good]] = True
    areas[np.bincount(labels[seen], minlength=len(areas)) == 0] = 0
    return areas[1:], overlapping[1:], int((true_number > 0).sum())


def _true_objects(classes: np.ndarray) -> np.ndarray:
    """Return the objects (H, W) of a mask of 0, 1 and void (255): -1 in the void."""
    labels = label_classes(np.where(classes == VOID, 0, classes).astype(np.uint8))
    labels[classes == VOID] = -1
    return labels


def _smallest(truths: list[np.ndarray]) -> tuple[int, ...]:
    """Return the sizes to try: none, and powers of two up to half the median size of a true object."""
    areas = np.concatenate([np.bincount(truth[truth > 0]) for truth in truths] or [np.zeros(0, np.int64)])
    middle = float(np.median(areas[areas > 0])) if (areas > 0).any() else 0.0
    return (0, *(2**k for k in range(1, 31) if 2**k <= middle / 2))


def _parts(truths: Sequence[np.ndarray]) -> list[tuple[int, tuple[slice, ...]]]:
    """Return the images to look at, at even distances in the split, each with the box of its middle, if it is large."""
    pixels = np.array([truth.size for truth in truths])
    wanted = max(1, min(len(truths), int(MOST_PIXELS // max(1.0, float(np.minimum(pixels, MOST_PIXELS).mean())))))
    chosen = np.arange(wanted) * len(truths) // wanted if len(truths) else np.arange(0)
    return [(at, _middle(truths[at].shape)) for at in chosen.tolist()]


def _middle(shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Return the box around the middle of an image that has ``MOST_PIXELS`` or fewer."""
    pixels = int(np.prod(shape))
    scale = min(1.0, (MOST_PIXELS / max(1, pixels)) ** (1 / len(shape)))
    sides = [max(1, int(size * scale)) if scale < 1 else size for size in shape]
    return tuple(slice((size - side) // 2, (size - side) // 2 + side) for size, side in zip(shape, sides, strict=True))


def _best(tried: tuple[tuple[float, float, int, float], ...], images: int) -> Choice:
    threshold, seed_threshold, smallest, score = max(tried, key=lambda row: row[3])
    return Choice(threshold, seed_threshold, smallest, score, tried, images)


def _mean(scores: list[float]) -> float:
    known = [score for score in scores if np.isfinite(score)]
    return float(np.mean(known)) if known else 0.0
