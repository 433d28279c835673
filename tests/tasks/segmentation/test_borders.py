"""Insides and borders against scikit-image; border weights against distances to every object, one by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt
from skimage.segmentation import expand_labels, find_boundaries

from convscope.tasks.segmentation.borders import BORDER, INSIDE, VOID, border_weights, instance_classes


def touching(shape: tuple[int, ...], objects: int, reach: float, seed: int = 0) -> np.ndarray:
    """Return labels int32 of roundish objects, many of which touch, none at the edge."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(shape, np.int32)
    inner = tuple(slice(1, -1) for _ in shape)
    points = labels[inner].reshape(-1).copy()
    points[rng.choice(points.size, objects, replace=False)] = rng.permutation(objects) + 1
    labels[inner] = expand_labels(points.reshape(labels[inner].shape), reach)
    return labels


@pytest.mark.parametrize(("shape", "objects", "reach"), [((96, 70), 40, 7), ((300,), 12, 6), ((24, 30, 28), 15, 6)])
def test_borders_are_the_inner_boundaries(shape: tuple[int, ...], objects: int, reach: float):
    labels = touching(shape, objects, reach)
    expected = (labels > 0) + find_boundaries(labels, connectivity=1, mode="inner").astype(np.uint8)
    seen = np.unique(labels[expected == INSIDE])
    thin = ~np.isin(labels, seen) & (labels > 0)
    expected[thin] = INSIDE
    np.testing.assert_array_equal(instance_classes(labels), expected)


def test_an_object_cut_by_the_edge_or_the_void_has_no_border_there():
    labels = np.zeros((9, 12), np.int32)
    labels[2:7, 0:5] = 1  # goes on beyond the left edge
    labels[2:7, 8:11] = 2
    labels[:, 10] = -1  # and this one in the void
    classes = instance_classes(labels)
    assert (classes[3:6, 0] == INSIDE).all() and (classes[2:7, 4] == BORDER).all()
    assert (classes[3:6, 9] == INSIDE).all() and (classes[3:6, 8] == BORDER).all()
    assert (classes[:, 10] == VOID).all() and set(np.unique(classes)) == {0, 1, 2, VOID}


def test_only_an_object_seen_as_a_whole_becomes_all_inside_when_it_is_all_border():
    labels = np.zeros((8, 12), np.int32)
    labels[1, 1:8] = 1  # a thin line
    labels[3:5, 3:5] = 2  # two by two
    labels[6, 0:4] = 3  # thin, but cut by the edge
    labels[6, 8:10], labels[6, 10] = 4, -1  # thin, but cut by the void
    classes = instance_classes(labels)
    assert [set(classes[labels == k]) for k in (1, 2, 3, 4)] == [{INSIDE}, {INSIDE}, {BORDER}, {BORDER}]


def test_nothing_and_all_void():
    assert not instance_classes(np.zeros((3, 4), np.int32)).any()
    assert (instance_classes(np.full((3, 4), -1, np.int32)) == VOID).all()
    assert instance_classes(np.zeros((0, 4), np.int32)).shape == (0, 4)


@pytest.mark.parametrize("shape", [(60, 80), (14, 20, 16)])
def test_border_weights_are_equation_2(shape: tuple[int, ...]):
    labels = touching(shape, 9, 4, seed=3)
    labels[labels == 5] = 0
    labels[0, 0] = -1
    distances = np.stack([distance_transform_edt(labels != k) for k in np.unique(labels[labels > 0])])
    first, second = np.sort(distances, axis=0)[:2]
    expected = 1 + np.where(labels == 0, 10 * np.exp(-((first + second) ** 2) / 50), 0)
    weights = border_weights(labels)
    assert weights.dtype == np.float32 and weights.max() > 5
    np.testing.assert_allclose(weights, expected, rtol=1e-5)


def test_one_object_alone_weighs_nothing_more():
    labels = np.zeros((9, 9), np.int32)
    labels[4, 4] = 3
    assert (border_weights(labels) == 1).all() and (border_weights(labels * 0) == 1).all()
