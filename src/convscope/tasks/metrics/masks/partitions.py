"""How well a mask is cut into the right pieces: V_rand and V_info of the ISBI 2012 challenge (membranes in EM).

Arganda-Carreras et al., Crowdsourcing the creation of image segmentation algorithms for connectomics, Front. Neuroanat.
9:142, 2015. Both are restricted to the foreground: pixels whose true label is 0 (membrane) do not count. What counts
is whether two pixels of the rest belong together; the split part suffers from objects cut in pieces, the merge part
from objects joined, and the score is their F-score. As in the challenge's script, a pixel predicted as 0 (membrane)
where the truth is foreground is a piece of its own, and pairs of a pixel with itself count (sums of n², not of
n (n - 1)).

The width of predicted membranes should not matter, therefore grow predicted objects until they touch before the table
is made (``touching``). The challenge's script thins membranes by a watershed to lines one pixel wide, whose pixels stay
pieces of their own: for thresholded slices of the challenge its V_rand is lower by up to 0.005, its V_info by up to
0.015; for nearly right membranes by less than 0.001.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from convscope.tasks.metrics.counts import ratio
from convscope.tasks.metrics.masks.contingency import Contingency
from convscope.tasks.metrics.masks.means import mean_over_images


@dataclass(frozen=True)
class Partitions:
    """Of each of n images, all (n,): pairs of foreground pixels that belong together, and entropies in nats.

    ``together``: pairs in one object of truth and of prediction; ``true_pairs``, ``predicted_pairs``: in one object of
    either. ``true_entropy``, ``predicted_entropy``, ``mutual``: of the labels, and their mutual information; NaN
    without foreground.
    """

    together: np.ndarray
    true_pairs: np.ndarray
    predicted_pairs: np.ndarray
    true_entropy: np.ndarray
    predicted_entropy: np.ndarray
    mutual: np.ndarray

    @classmethod
    def of(cls, tables: Iterable[Contingency]) -> Partitions:
        """Take the table of each image: labels above 0 are objects, 0 is membrane.

        >>> truth, predicted = np.array([1, 1, 1, 1, 0, 2, 2]), np.array([5, 5, 6, 6, 6, 7, 7])
        >>> parts = Partitions.of([Contingency.of(truth, predicted)])
        >>> parts.together.tolist(), parts.true_pairs.tolist(), parts.predicted_pairs.tolist()
        ([12.0], [20.0], [12.0])
        >>> figures = parts.figures(np.ones((1, 1)))
        >>> [figures[name].round(3).item() for name in ("v_rand", "v_rand_split", "v_rand_merge")]
        [0.75, 0.6, 1.0]
        """
        return cls(*np.array([_of_image(table) for table in tables], np.float64).reshape(-1, 6).T)

    @cached_property
    def of_images(self) -> dict[str, np.ndarray]:
        """V_rand, V_info and their parts of each image, (n,); NaN of an image without foreground."""
        return _rand(self.together, self.true_pairs, self.predicted_pairs) | self._info

    @property
    def per_example(self) -> np.ndarray:
        """V_rand (n,) of each image."""
        return self.of_images["v_rand"]

    def figures(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return each figure (r,) under whole weights (n, r) of the images.

        ``v_rand``, ``v_info``, each with ``_split`` and ``_merge``: means over images with foreground. ``rand_error``:
        1 - V_rand. ``pooled_v_rand``: of the pairs of all images together, as the challenge's script has it of a stack.
        """
        means = {name: mean_over_images(values, weights) for name, values in self.of_images.items()}
        pooled = _rand(self.together @ weights, self.true_pairs @ weights, self.predicted_pairs @ weights)
        return means | {"rand_error": 1 - means["v_rand"], "pooled_v_rand": pooled["v_rand"]}

    @property
    def _info(self) -> dict[str, np.ndarray]:
        truth, predicted = self.true_entropy, self.predicted_entropy
        return {
            "v_info": _informed(2 * self.mutual, truth + predicted),
            "v_info_split": _informed(self.mutual, predicted),
            "v_info_merge": _informed(self.mutual, truth),
        }


def touching(labels: np.ndarray) -> np.ndarray:
    """Return labels (any axes) whose 0 are filled with the nearest object's; all 0 where there is no object.

    >>> touching(np.array([0, 4, 0, 0, 0, 9])).tolist()
    [4, 4, 4, 4, 9, 9]
    """
    outside = labels == 0
    if outside.all() or not outside.any():
        return labels
    nearest = ndimage.distance_transform_edt(outside, return_distances=False, return_indices=True)
    return labels[tuple(np.asarray(nearest))]


def _of_image(table: Contingency) -> tuple[float, float, float, float, float, float]:
    inside = table.where(table.truth > 0)
    if not len(inside.pixels):
        return 0, 0, 0, np.nan, np.nan, np.nan
    truth, predicted = _totals(inside.truth, inside.pixels), _totals(inside.predicted, inside.pixels, alone=0)
    both = np.where(inside.predicted == 0, 0, inside.pixels)
    alone = float(inside.pixels[inside.predicted == 0].sum())  # pixels that are pieces of their own
    n = float(inside.pixels.sum())
    of_truth, of_prediction, of_both = (max(0.0, np.log(n) - _x_log_x(sizes) / n) for sizes in (truth, predicted, both))
    mutual = max(0.0, min(of_truth + of_prediction - of_both, of_truth, of_prediction))  # but for rounding
    return _squares(both) + alone, _squares(truth), _squares(predicted) + alone, of_truth, of_prediction, mutual


def _totals(labels: np.ndarray, pixels: np.ndarray, alone: int | None = None) -> np.ndarray:
    """Return the pixels of each label but ``alone``."""
    kept = labels != alone if alone is not None else np.full(len(labels), True)
    return np.bincount(np.unique(labels[kept], return_inverse=True)[1], pixels[kept])


def _squares(sizes: np.ndarray) -> float:
    return float((sizes.astype(np.float64) ** 2).sum())


def _x_log_x(sizes: np.ndarray) -> float:
    sizes = sizes[sizes > 0]
    return float((sizes * np.log(sizes)).sum())


def _rand(together: np.ndarray, truth: np.ndarray, predicted: np.ndarray) -> dict[str, np.ndarray]:
    return {
        "v_rand": ratio(2 * together, truth + predicted),
        "v_rand_split": ratio(together, truth),
        "v_rand_merge": ratio(together, predicted),
    }


def _informed(mutual: np.ndarray, entropy: np.ndarray) -> np.ndarray:
    """Return mutual / entropy; 1 where there is nothing to know (a single object), NaN without foreground."""
    return np.where(entropy <= 1e-12, 1.0, ratio(mutual, entropy))
