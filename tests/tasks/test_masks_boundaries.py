"""Boundary F and surface distances: every pair of pixels measured, void and edges, empty masks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.distance import cdist

from convscope.tasks.metrics.masks.boundaries import BoundaryCounts, boundary_counts, hausdorff95


def edge(mask: np.ndarray, k: int, void: np.ndarray) -> np.ndarray:
    """Return the coordinates of pixels of class k with a neighbour of another class that is in the image, not void."""
    points = []
    for at in np.argwhere((mask == k) & ~void):
        for axis in range(mask.ndim):
            for step in (-1, 1):
                beside = at + step * np.eye(mask.ndim, dtype=int)[axis]
                if (beside >= 0).all() and (beside < mask.shape).all():
                    neighbour = tuple(beside)
                    if not void[neighbour] and mask[neighbour] != k:
                        points.append(tuple(at))
    return np.array(sorted(set(points))).reshape(-1, mask.ndim)


@pytest.mark.parametrize("shape", [(14, 17), (6, 7, 8)])
@pytest.mark.parametrize("tolerance", [0, 1.5, 2])
def test_counts_by_all_distances(shape, tolerance):
    rng = np.random.default_rng(len(shape))
    truth, predicted = (ndimage.zoom(rng.integers(0, 3, [s // 3 + 1 for s in shape]), 3, order=0) for _ in range(2))
    truth, predicted = (mask[tuple(slice(s) for s in shape)] for mask in (truth, predicted))
    truth = np.where(rng.random(shape) < 0.05, 255, truth)
    counts = boundary_counts(truth, predicted, 3, tolerance=tolerance)
    for k in range(3):
        t, p = edge(truth, k, truth == 255), edge(predicted, k, truth == 255)
        away = cdist(t, p)
        near = [int((away.min(axis=axis) <= tolerance).sum()) for axis in (1, 0)]
        assert counts[k].tolist() == [len(t), near[0], len(p), near[1]]


def test_an_object_moved_by_no_more_than_the_tolerance_is_right():
    truth = np.zeros((20, 20), int)
    truth[5:12, 5:12] = 1
    figures = [
        BoundaryCounts.of([boundary_counts(truth, np.roll(truth, by, 0), 2)]).figures(np.ones((1, 1)))["boundary_f"][0]
        for by in (0, 2, 3)
    ]
    assert figures[:2] == [1, 1] and figures[2] < 1


def test_means_pooled_figures_and_empty_masks_under_weights():
    blank, some = np.zeros((6, 6), int), np.pad(np.ones((2, 2), int), 2)
    pairs = [(blank, blank), (some, blank), (blank, some), (some, some), (np.full((6, 6), 255), some)]
    found = BoundaryCounts.of([boundary_counts(*pair, 2) for pair in pairs])
    assert np.array_equal(found.of_images[:, 1], [np.nan, 0, 0, 1, np.nan], equal_nan=True)
    weights = np.array([[1, 1, 1, 1, 1], [0, 2, 0, 1, 0], [1, 0, 0, 0, 1]], float).T
    figures = found.figures(weights)
    assert np.allclose(figures["boundary_f"], [1 / 3, 1 / 3, np.nan], equal_nan=True)
    # found and right 4 of 8 each; 4 of 12 found, 4 of 4 right
    assert np.allclose(figures["pooled_boundary_f"], [1 / 2, 1 / 2, np.nan], equal_nan=True)
    assert found.of_each(weights)["boundary_f"].shape == (2, 3)


@pytest.mark.parametrize("spacing", [None, (0.5, 2.0), (1.0, 0.25, 3.0)])
def test_hausdorff95_by_all_distances(spacing):
    axes = 2 if spacing is None else len(spacing)
    rng = np.random.default_rng(axes)
    truth, predicted = (ndimage.gaussian_filter(rng.normal(size=(12,) * axes), 1.5) > 0 for _ in range(2))
    cross = ndimage.generate_binary_structure(axes, 1)
    steps = np.ones(axes) if spacing is None else np.array(spacing)
    t, p = (np.argwhere(mask & ~ndimage.binary_erosion(mask, cross)) * steps for mask in (truth, predicted))
    away = cdist(t, p)
    expected = np.percentile([*away.min(axis=1), *away.min(axis=0)], 95)
    assert (
        hausdorff95(truth, predicted, spacing=spacing)
        == pytest.approx(expected)
        == hausdorff95(predicted, truth, spacing=spacing)
    )


def test_hausdorff95_of_empty_masks_full_ones_and_one_pixel():
    blank, full, pixel = np.zeros((3, 4), bool), np.ones((3, 4), bool), np.ones((1, 1), bool)
    assert np.isnan(hausdorff95(blank, blank)) and hausdorff95(full, full) == hausdorff95(pixel, pixel) == 0
    assert np.isnan([hausdorff95(full, blank), hausdorff95(blank, full), hausdorff95(pixel, ~pixel)]).all()
    assert np.isnan(hausdorff95(full, full, void=full))
