"""How many pixels each true and each predicted label share: the one table that figures of objects come from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from convscope.errors import ShapeError


@dataclass(frozen=True)
class Contingency:
    """The pairs of a true and a predicted label that share pixels, m of them, sorted, and how many pixels they share.

    A sparse matrix as triplets: a pair that is not there shares nothing. Labels are kept as they are, 0 (background)
    among them; sizes are sums over the table, so that they leave out void pixels too.
    """

    truth: np.ndarray  # (m,) true label of each pair
    predicted: np.ndarray  # (m,) predicted label of each pair
    pixels: np.ndarray  # (m,) how many pixels have both, at least 1

    @classmethod
    def of(cls, truth: np.ndarray, predicted: np.ndarray, *, void: Collection[int] = (-1,)) -> Contingency:
        """Count integer labels (any axes, both the same); pixels whose true label is in ``void`` do not count.

        Raises ``ShapeError`` where the two differ in shape and ``TypeError`` for labels that are not integers.

        >>> table = Contingency.of(np.array([[1, 1, 0], [1, 2, -1]]), np.array([[7, 7, 0], [0, 7, 7]]))
        >>> list(zip(table.truth.tolist(), table.predicted.tolist(), table.pixels.tolist()))
        [(0, 0, 1), (1, 0, 1), (1, 7, 2), (2, 7, 1)]
        """
        true_labels, predicted_labels = paired_pixels(truth, predicted, void)
        if not true_labels.size:
            return cls(*(np.zeros(0, np.int64) for _ in range(3)))
        lowest, width = predicted_labels.min(), np.ptp(predicted_labels) + 1
        pairs, pixels = np.unique(true_labels * width + (predicted_labels - lowest), return_counts=True)
        return cls(pairs // width, pairs % width + lowest, pixels)

    @property
    def true_sizes(self) -> np.ndarray:
        """The pixels (m,) of each pair's true label."""
        return _sizes(self.truth, self.pixels)

    @property
    def predicted_sizes(self) -> np.ndarray:
        """The pixels (m,) of each pair's predicted label."""
        return _sizes(self.predicted, self.pixels)

    def where(self, kept: np.ndarray) -> Contingency:
        """Return the table of some pairs only, by a mask (m,): sizes are then those of what is left."""
        return Contingency(self.truth[kept], self.predicted[kept], self.pixels[kept])


def paired_pixels(truth: np.ndarray, predicted: np.ndarray, void: Collection[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return both labels (pixels,), int64, of the pixels that are not void; raises as ``Contingency.of``."""
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    same_shape(truth, predicted)
    for labels, of_what in ((truth, "true"), (predicted, "predicted")):
        if labels.dtype.kind not in "iub":
            raise TypeError(
                f"{of_what} labels have to be integers, found {labels.dtype}; round or threshold them first"
            )
    flat, guesses = truth.ravel(), predicted.ravel()
    if void:
        scored = ~np.isin(flat, list(void)) if len(void) > 1 else flat != next(iter(void))
        if not scored.all():
            flat, guesses = flat[scored], guesses[scored]
    return flat.astype(np.int64), guesses.astype(np.int64)


def same_shape(truth: np.ndarray, predicted: np.ndarray) -> None:
    """Raise ``ShapeError`` unless a true and a predicted mask have the same shape."""
    if truth.shape != predicted.shape:
        raise ShapeError(
            f"a true mask of shape {truth.shape} cannot be compared with a predicted one of shape {predicted.shape}; "
            "resize neither: predict at the size of the mask"
        )


def _sizes(labels: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    codes = np.unique(labels, return_inverse=True)[1]
    return np.bincount(codes, pixels).astype(np.int64)[codes]
