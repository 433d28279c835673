"""Figures of where the boundary runs: boundary F-score and the 95th percentile of surface distances.

A class in neither mask of an image has no figure (NaN). One in only one of them has a boundary F of 0; its distance is
not defined either, and to be counted beside the mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from convscope.tasks.metrics.counts import mean_of_known
from convscope.tasks.metrics.masks.contingency import same_shape
from convscope.tasks.metrics.masks.means import mean_over_images, share


def boundary_counts(
    truth: np.ndarray, predicted: np.ndarray, classes: int, *, tolerance: float = 2.0, void: int = 255
) -> np.ndarray:
    """Return for each class (K, 4): true boundary pixels, how many are found; predicted ones, how many are right.

    Found or right is a pixel with one of the other mask's boundary within ``tolerance`` pixels, straight line. Boundary
    pixels are those of the class with a neighbour (4 in two axes) of another; neither the edge of the image nor void
    pixels make a boundary. Csurka et al., What is a good evaluation measure for semantic segmentation?, BMVC 2013.
    """
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    same_shape(truth, predicted)
    unscored, rows = truth == void, np.zeros((classes, 4), np.int64)
    for k in range(classes):
        true_edge, guess_edge = (_inner_boundary(mask == k, unscored) for mask in (truth, predicted))
        found, right = (true_edge & _near(guess_edge, tolerance)), (guess_edge & _near(true_edge, tolerance))
        rows[k] = [np.count_nonzero(pixels) for pixels in (true_edge, found, guess_edge, right)]
    return rows


@dataclass(frozen=True)
class BoundaryCounts:
    """The ``boundary_counts`` (n, K, 4) of n images; class ``background``, if any, is left out of the means."""

    counts: np.ndarray
    background: int | None = 0

    @classmethod
    def of(cls, images: Iterable[np.ndarray], *, background: int | None = 0) -> BoundaryCounts:
        """Take the counts (K, 4) of each image."""
        return cls(np.stack(list(images)), background)

    @cached_property
    def of_images(self) -> np.ndarray:
        """The boundary F-score by image and class, (n, K); NaN where neither mask has a boundary of the class."""
        return _f_score(self.counts)

    def figures(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return ``boundary_f`` and ``pooled_boundary_f`` (r,) under weights (n, r), means over foreground classes."""
        classes = [k for k in range(self.counts.shape[1]) if k != self.background]
        return {name: mean_of_known(values[classes]) for name, values in self.of_each(weights).items()}

    def of_each(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return ``boundary_f`` (mean over images) and ``pooled_boundary_f`` of each class, (K, r)."""
        pooled = np.moveaxis(np.tensordot(self.counts, weights, (0, 0)), 1, -1)  # (K, r, 4)
        return {"boundary_f": mean_over_images(self.of_images, weights), "pooled_boundary_f": _f_score(pooled)}


def hausdorff95(
    truth: np.ndarray, predicted: np.ndarray, *, spacing: Sequence[float] | None = None, void: np.ndarray | None = None
) -> float:
    """Return the 95th percentile of the distances between the surfaces of two masks (bool, any axes).

    Distances from each surface pixel of either mask to the nearest of the other, both ways together, in units of
    ``spacing`` (one number an axis; pixels without). Surface pixels have a neighbour outside the mask or the image.
    ``void`` pixels (bool) belong to neither mask. NaN if one of them is empty.

    >>> line = np.array([0, 1, 1, 1, 0, 0, 0], bool)
    >>> hausdorff95(line, np.roll(line, 2)), hausdorff95(line, line, spacing=[0.5]), hausdorff95(line, line & False)
    (2.0, 0.0, nan)
    """
    truth, predicted = np.asarray(truth, bool), np.asarray(predicted, bool)
    same_shape(truth, predicted)
    if void is not None:
        truth, predicted = truth & ~void, predicted & ~void
    steps = np.ones(truth.ndim) if spacing is None else np.asarray(spacing, np.float64)
    if not truth.any() or not predicted.any():
        return np.nan
    window = _box(truth | predicted)  # nothing outside of it matters
    surfaces = [mask & ~_eroded(mask, edge=False) for mask in (truth[window], predicted[window])]
    away = [np.asarray(ndimage.distance_transform_edt(~surface, sampling=steps)) for surface in surfaces]
    return float(np.percentile(np.concatenate([away[1][surfaces[0]], away[0][surfaces[1]]]), 95))


def _inner_boundary(mask: np.ndarray, void: np.ndarray) -> np.ndarray:
    """Return the pixels of a mask with a neighbour outside it, neither counting void pixels nor the image's edge."""
    return mask & ~void & ~_eroded(mask | void, edge=True)


def _eroded(mask: np.ndarray, *, edge: bool) -> np.ndarray:
    """Return the pixels of a mask whose neighbours are all in it; ``edge``: whether what is outside of the image is."""
    return np.asarray(ndimage.binary_erosion(mask, border_value=int(edge)), bool)


def _box(mask: np.ndarray) -> tuple[slice, ...]:
    """Return the smallest window that holds all of a mask that is not empty."""
    return tuple(slice(int(at.min()), int(at.max()) + 1) for at in np.nonzero(mask))


def _near(edge: np.ndarray, tolerance: float) -> np.ndarray:
    """Return which pixels are within ``tolerance`` of a boundary: it, moved by every step that is short enough."""
    reach = int(tolerance)
    steps = np.moveaxis(np.indices((2 * reach + 1,) * edge.ndim), 0, -1).reshape(-1, edge.ndim)
    padded, near = np.pad(edge, reach), np.zeros_like(edge)
    for step in steps[((steps - reach) ** 2).sum(axis=1) <= tolerance**2].tolist():
        near |= padded[tuple(slice(start, start + size) for start, size in zip(step, edge.shape, strict=True))]
    return near


def _f_score(counts: np.ndarray) -> np.ndarray:
    """Return the F-score (...) of counts (..., 4); 0 where only one mask has a boundary."""
    truth, found, guesses, right = np.moveaxis(np.asarray(counts, np.float64), -1, 0)
    there = truth + guesses > 0
    recall, precision = share(found, truth, there), share(right, guesses, there)
    return share(2 * precision * recall, precision + recall, there)
