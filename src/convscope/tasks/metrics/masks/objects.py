"""Objects found and missed: true and predicted labels matched by IoU, splits and merges, counts.

A true and a predicted object match if their intersection over union is at least a threshold, each at most once. Above
0.5 no object can have two such partners; from 0.5 downwards the assignment with the most matches is taken, and among
those the one with the largest sum of IoU. Average precision is TP / (TP + FP + FN), as in the Data Science Bowl 2018
and in StarDist (Schmidt et al. 2018); panoptic quality is of Kirillov et al. 2019, equation 1. Thin objects (tracks,
membranes) shift by a pixel and lose most of their IoU: match them at a lower threshold, such as 0.2.

An image without any object, true or predicted, has no figure (NaN); one with either only true or only predicted objects
has 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from convscope.errors import ConfigError
from convscope.tasks.metrics.counts import ratio
from convscope.tasks.metrics.masks.contingency import Contingency
from convscope.tasks.metrics.masks.means import mean_over_images, share

THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)  # those of StarDist's tables


@dataclass(frozen=True)
class Pairs:
    """Pairs of a true and a predicted object (numbered from 0) that overlap, and the IoU of each, all (p,)."""

    truth: np.ndarray
    predicted: np.ndarray
    iou: np.ndarray

    @classmethod
    def of(cls, table: Contingency) -> Pairs:
        """Take all overlapping pairs of objects (labels above 0) of a table."""
        both = (table.truth > 0) & (table.predicted > 0)
        iou = table.pixels / (table.true_sizes + table.predicted_sizes - table.pixels)
        truth = np.unique(table.truth[both], return_inverse=True)[1]
        predicted = np.unique(table.predicted[both], return_inverse=True)[1]
        return cls(truth, predicted, iou[both])

    def matched(self, threshold: float) -> np.ndarray:
        """Return the IoU of each matched pair; raises ``ConfigError`` unless the threshold is above 0, up to 1."""
        if not 0 < threshold <= 1:
            raise ConfigError(f"objects match at an IoU above 0, up to 1; found a threshold of {threshold:g}")
        near = self.iou >= threshold
        truth, predicted, iou = self.truth[near], self.predicted[near], self.iou[near]
        rivals = (np.bincount(truth)[truth] > 1) | (np.bincount(predicted)[predicted] > 1)
        if not rivals.any():
            return iou
        # a pair without a rival is the only one of both its objects, so that it matches whatever the others do
        return np.concatenate([iou[~rivals], _assigned(truth[rivals], predicted[rivals], iou[rivals])])


@dataclass(frozen=True)
class ObjectCounts:
    """What was found in each of n images, at t thresholds of IoU.

    ``hits`` (n, t) matched pairs and ``iou`` (n, t) the sum of their IoU; ``truth`` and ``predicted`` (n,) how many
    objects there are; ``splits`` and ``merges`` (n,) as ``splits_and_merges``.
    """

    thresholds: tuple[float, ...]
    hits: np.ndarray
    iou: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray
    splits: np.ndarray
    merges: np.ndarray

    @classmethod
    def of(cls, tables: Iterable[Contingency], thresholds: Sequence[float] = THRESHOLDS) -> ObjectCounts:
        """Count the objects of each image, from its table; label 0 is background, all above are objects."""
        images = [_of_image(table, thresholds) for table in tables]
        matches = np.array([matches for matches, _ in images], np.float64).reshape(-1, len(thresholds), 2)
        numbers = np.array([numbers for _, numbers in images], np.float64).reshape(-1, 4)
        return cls(tuple(thresholds), matches[..., 0], matches[..., 1], *numbers.T)

    @cached_property
    def of_images(self) -> dict[str, np.ndarray]:
        """Precision, recall, F1, AP, PQ and SQ by image and threshold, (n, t); NaN of an image without any object."""
        return _quality(self.hits, self.iou, self.truth[:, None], self.predicted[:, None])

    @property
    def per_example(self) -> np.ndarray:
        """The AP (n,) of each image at the first threshold; NaN for an image without objects, true or predicted."""
        return self.of_images["ap"][:, 0]

    @property
    def absent(self) -> int:
        """In how many images there is neither a true nor a predicted object."""
        return int((self.truth + self.predicted == 0).sum())

    def figures(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return each figure (r,) under whole weights (n, r) of the images.

        At the first threshold: ``ap``, ``precision``, ``recall``, ``f1``, ``pq``, ``sq`` (mean over images with any
        object) and ``pooled_...`` (all objects together); ``mean_ap``, ``pooled_mean_ap``: over all thresholds.
        ``count_error``: mean of |predicted - true| objects an image, ``count_bias``: of predicted - true.
        ``split_rate``, ``merge_rate``: splits and merges per true object.
        """
        of_each, images, objects = self.of_each(weights), weights.sum(axis=0), self.truth @ weights
        surplus = self.predicted - self.truth
        return {
            **{name.removesuffix("_at"): values[0] for name, values in of_each.items()},
            "mean_ap": of_each["ap_at"].mean(axis=0),
            "pooled_mean_ap": of_each["pooled_ap_at"].mean(axis=0),
            "count_error": ratio(np.abs(surplus) @ weights, images),
            "count_bias": ratio(surplus @ weights, images),
            "split_rate": ratio(self.splits @ weights, objects),
            "merge_rate": ratio(self.merges @ weights, objects),
        }

    def of_each(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return the figures at each threshold (t, r), as ``ap_at`` and ``pooled_ap_at``, ``f1_at`` and so on."""
        means = {f"{name}_at": mean_over_images(values, weights) for name, values in self.of_images.items()}
        totals = (self.hits.T @ weights, self.iou.T @ weights, self.truth @ weights, self.predicted @ weights)
        return means | {f"pooled_{name}_at": values for name, values in _quality(*totals).items()}


def splits_and_merges(table: Contingency) -> tuple[int, int]:
    """Return how many true objects are split, and how many predicted ones merge several.

    Each object is assigned to the label of the other mask, background among them, with which it shares most pixels (the
    lower label, if two share as many). A true object with two or more predicted ones assigned to it is split; a
    predicted one with two or more true ones assigned to it merges them. Coelho, Shariff and Murphy, Nuclear
    segmentation in microscope cell images, ISBI 2009.

    >>> truth, predicted = np.array([1, 1, 1, 1, 0, 2, 2, 3, 3]), np.array([1, 1, 2, 2, 0, 5, 5, 5, 5])
    >>> splits_and_merges(Contingency.of(truth, predicted))
    (1, 1)
    """
    return (
        _several(table.predicted, table.truth, table.pixels),
        _several(table.truth, table.predicted, table.pixels),
    )


def _several(objects: np.ndarray, others: np.ndarray, pixels: np.ndarray) -> int:
    """Return to how many of the others (above 0) two or more objects (above 0) are assigned."""
    order = np.lexsort((others, -pixels, objects))
    objects, others = objects[order], others[order]
    largest = np.concatenate([[True], objects[1:] != objects[:-1]])[: len(objects)]
    assigned = others[largest & (objects > 0) & (others > 0)]
    return int((np.unique(assigned, return_counts=True)[1] > 1).sum())


def _of_image(table: Contingency, thresholds: Sequence[float]) -> tuple[list[list[float]], tuple[int, int, int, int]]:
    """Return the matches and the sum of their IoU at each threshold; objects true and predicted, splits, merges."""
    pairs = Pairs.of(table)
    matches = [pairs.matched(threshold) for threshold in thresholds]
    truth, predicted = (len(np.unique(labels[labels > 0])) for labels in (table.truth, table.predicted))
    return [[len(iou), float(iou.sum())] for iou in matches], (truth, predicted, *splits_and_merges(table))


def _assigned(truth: np.ndarray, predicted: np.ndarray, iou: np.ndarray) -> np.ndarray:
    """Return the IoU of the pairs of the assignment with the most pairs and, among those, the largest sum of IoU.

    Each true object may also stay alone, at a cost beyond what any rearrangement of IoU can win.
    """
    rows, columns = (np.unique(labels, return_inverse=True)[1] for labels in (truth, predicted))
    n, width = int(rows.max()) + 1, int(columns.max()) + 1
    alone = np.arange(n)
    costs = np.concatenate([1 + (1 - iou) / (n + 1), np.full(n, 3.0)])
    at = np.concatenate([rows, alone]), np.concatenate([columns, width + alone])
    chosen_rows, chosen = min_weight_full_bipartite_matching(sparse.csr_array((costs, at), shape=(n, width + n)))
    paired = chosen < width
    values = sparse.csr_array((iou, (rows, columns)), shape=(n, width))
    return np.asarray(values[chosen_rows[paired], chosen[paired]]).ravel()


def _quality(hits: np.ndarray, iou: np.ndarray, truth: np.ndarray, predicted: np.ndarray) -> dict[str, np.ndarray]:
    """Return the figures of matched pairs; all 0 where only truth or only prediction has objects, NaN where neither."""
    either = truth + predicted
    there = either > 0
    alike = np.zeros_like(hits)  # (n, t), where the numbers of objects are (n, 1)
    return {
        "ap": ratio(hits, either - hits),
        "precision": share(hits, alike + predicted, there),
        "recall": share(hits, alike + truth, there),
        "f1": ratio(2 * hits, alike + either),
        "pq": ratio(2 * iou, alike + either),
        "sq": ratio(iou, hits),
    }
