"""Objects from probabilities, against scikit-image and SciPy on the whole image."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage.segmentation import watershed
from test_borders import touching

from convscope.tasks.segmentation import objects
from convscope.tasks.segmentation.borders import instance_classes
from convscope.tasks.segmentation.objects import classes_of, label_classes, label_instances, without_small


def soft(labels: np.ndarray, noise: float, seed: int = 0) -> np.ndarray:
    """Return probabilities (..., 3) that are blurred and noisy, as a network's."""
    rng = np.random.default_rng(seed)
    classes = instance_classes(labels)
    maps = [ndimage.gaussian_filter((classes == k).astype(float), 0.8) for k in range(3)]
    logits = np.stack(maps, -1) * 6 + rng.normal(0, noise, (*labels.shape, 3))
    exp = np.exp(logits)
    return (exp / exp.sum(-1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("shape", [(90, 110), (20, 24, 22)])
@pytest.mark.parametrize(("threshold", "seed_threshold"), [(0.5, 0.5), (0.3, 0.7), (0.7, 0.4)])
def test_instances_are_those_of_one_watershed_of_the_whole(
    shape: tuple[int, ...], threshold: float, seed_threshold: float
):
    probabilities = soft(touching(shape, 30, 8), 0.8)
    inside = probabilities[..., 1]
    mask = inside + probabilities[..., 2] > threshold
    seeds = ndimage.label((inside > seed_threshold) & mask)[0]
    expected = watershed(-inside, seeds, mask=mask)
    labels = label_instances(probabilities, threshold=threshold, seed_threshold=seed_threshold)
    assert labels.dtype == np.int32 and labels.max() > 20
    np.testing.assert_array_equal(labels, expected)


def test_certain_probabilities_give_back_the_objects():
    labels = touching((120, 120), 40, 9, seed=1)
    certain = np.eye(3, dtype=np.float32)[instance_classes(labels)]
    recovered = label_instances(certain)
    pairs = np.unique(np.stack([labels[recovered > 0], recovered[recovered > 0]]), axis=1)
    overlap = [np.sum((labels == a) & (recovered == b)) / np.sum((labels == a) | (recovered == b)) for a, b in pairs.T]
    assert (np.array(overlap) > 0.7).sum() >= 38


def test_what_is_too_small_is_left_out_and_the_rest_renumbered():
    labels = touching((100, 100), 60, 4, seed=2)
    areas = np.bincount(labels.ravel())
    middle = int(np.median(areas[1:]))
    expected, number = np.zeros_like(labels), 0
    for k in range(1, 61):
        if areas[k] >= middle:
            number += 1
            expected[labels == k] = number
    before = labels.copy()
    np.testing.assert_array_equal(without_small(labels, middle), expected)
    np.testing.assert_array_equal(labels, before)
    assert 20 < number < 60


def test_many_objects_and_none():
    grid = np.zeros((600, 600), np.uint8)
    grid[::2, ::2] = 1
    labels = label_classes(grid)
    assert labels.max() == 90_000 and labels.dtype == np.int32
    for empty in (np.zeros((4, 5, 3), np.float32), np.zeros((0, 5, 3), np.float32)):
        assert not label_instances(empty).any() and not label_classes(classes_of(empty)).any()


def test_components_join_over_sides_only_and_within_a_class_only():
    classes = np.array([[1, 0, 2, 2], [0, 1, 1, 2], [3, 3, 1, 0]], np.uint8)
    assert label_classes(classes).max() == 4
    assert label_classes(classes, smallest=3).max() == 2


def test_a_map_is_classified_slab_by_slab(monkeypatch: pytest.MonkeyPatch):
    probabilities = np.random.default_rng(0).dirichlet(np.ones(4), (37, 20)).astype(np.float32)
    whole = classes_of(probabilities)
    np.testing.assert_array_equal(whole, probabilities.argmax(-1))
    instances = label_instances(probabilities[..., :3])
    monkeypatch.setattr(objects, "SLAB", 45)
    np.testing.assert_array_equal(classes_of(probabilities), whole)
    np.testing.assert_array_equal(label_instances(probabilities[..., :3]), instances)
