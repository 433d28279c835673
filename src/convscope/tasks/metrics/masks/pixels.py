"""Figures over pixels, from the confusion matrix of each image: Dice, IoU, precision, recall, pixel accuracy.

One rule for classes that are absent. A class in neither truth nor prediction of an image has no figure there (NaN, and
the image is counted as such). A class in only one of them has 0 for all four figures: also for the precision of what
was never predicted and the recall of what was never there, so that a blank prediction gains nothing by 0 / 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from convscope.tasks.metrics.counts import mean_of_known, ratio
from convscope.tasks.metrics.masks.contingency import paired_pixels
from convscope.tasks.metrics.masks.means import mean_over_images, share


def confusion(truth: np.ndarray, predicted: np.ndarray, classes: int, *, void: int = 255) -> np.ndarray:
    """Return how many pixels of each true class (rows) were predicted as each (columns), (K, K) int64, of one image.

    ``truth`` and ``predicted`` are class numbers of any axes. Pixels whose truth is ``void`` do not count. Raises
    ``ShapeError`` where shapes differ, ``ValueError`` for a class beyond ``classes``.

    >>> confusion(np.array([[0, 1], [1, 255]]), np.array([[0, 1], [0, 1]]), 2).tolist()
    [[1, 0], [1, 1]]
    """
    true_class, guess = paired_pixels(truth, predicted, (void,))
    for numbers, of_what in ((true_class, "true"), (guess, "predicted")):
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < classes:
            wrong = numbers.min() if numbers.min() < 0 else numbers.max()
            raise ValueError(f"{of_what} classes have to be 0 to {classes - 1} (void is {void}), found {wrong}")
    return np.bincount(true_class * classes + guess, minlength=classes**2).reshape(classes, classes)


@dataclass(frozen=True)
class PixelCounts:
    """The confusion matrices (n, K, K) of n images; class ``background``, if any, is left out of Dice and IoU's means.

    ``dice``, ``iou``, ``precision``, ``recall`` are means over the images that have the class, then over classes;
    ``pooled_...`` are those of all pixels together, as of one large image.
    """

    counts: np.ndarray
    background: int | None = 0

    @classmethod
    def of(cls, matrices: Iterable[np.ndarray], *, background: int | None = 0) -> PixelCounts:
        """Take the matrix (K, K) of each image."""
        return cls(np.stack(list(matrices)), background)

    @cached_property
    def foreground(self) -> np.ndarray:
        """The classes that means are taken over: all but the background, and that too if there is no other."""
        classes = range(self.counts.shape[1])
        return np.array([k for k in classes if k != self.background] or [*classes])

    @cached_property
    def of_images(self) -> dict[str, np.ndarray]:
        """Each of the four figures by image and class, (n, K); NaN where the class is in neither mask."""
        return _overlap(*self._sums)

    @property
    def per_example(self) -> np.ndarray:
        """The Dice (n,) of each image, mean over its foreground classes; NaN for an image that has none."""
        return mean_of_known(self.of_images["dice"][:, self.foreground].T)

    @property
    def absent(self) -> np.ndarray:
        """In how many images (K,) a class is in neither truth nor prediction."""
        return np.isnan(self.of_images["dice"]).sum(axis=0)

    def figures(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return each figure (r,) under whole weights (n, r) of the images.

        The four figures per image and pooled, means over the foreground classes that have any. ``miou``: mean over all
        classes, background too, of the pooled IoU (Cityscapes, VOC). ``pixel_accuracy`` and ``pixel_error`` = 1 -
        accuracy: mean over images; ``pooled_pixel_accuracy``: over all pixels.
        """
        of_each = self.of_each(weights)
        right, total = np.trace(self.counts, axis1=1, axis2=2), self.counts.sum(axis=(1, 2))
        accuracy = mean_over_images(ratio(right, total), weights)
        return {
            **{name: mean_of_known(values[self.foreground]) for name, values in of_each.items()},
            "miou": mean_of_known(of_each["pooled_iou"]),
            "pixel_accuracy": accuracy,
            "pixel_error": 1 - accuracy,
            "pooled_pixel_accuracy": ratio(right @ weights, total @ weights),
        }

    def of_each(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return the four figures of each class (K, r): mean over the images that have it, and ``pooled_...``."""
        means = {name: mean_over_images(values, weights) for name, values in self.of_images.items()}
        pooled = _overlap(*(sums.T @ weights for sums in self._sums))
        return means | {f"pooled_{name}": values for name, values in pooled.items()}

    @cached_property
    def _sums(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """True positives, pixels of the truth and of the prediction, each (n, K)."""
        hits = np.diagonal(self.counts, axis1=1, axis2=2).astype(np.float64)
        return hits, self.counts.sum(axis=2).astype(np.float64), self.counts.sum(axis=1).astype(np.float64)


def _overlap(hits: np.ndarray, truth: np.ndarray, predicted: np.ndarray) -> dict[str, np.ndarray]:
    there = truth + predicted > 0
    return {
        "dice": ratio(2 * hits, truth + predicted),
        "iou": ratio(hits, truth + predicted - hits),
        "precision": share(hits, predicted, there),
        "recall": share(hits, truth, there),
    }
