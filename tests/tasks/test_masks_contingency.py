"""The table of shared pixels: as scikit-image counts it, void pixels left out, whatever the labels are."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.metrics import contingency_table

from convscope.errors import ShapeError
from convscope.tasks.metrics.masks.contingency import Contingency


@pytest.mark.parametrize("shape", [(1,), (40,), (13, 17), (5, 6, 7)])
def test_it_is_that_of_scikit_image(shape):
    rng = np.random.default_rng(len(shape))
    truth, predicted = rng.integers(0, 6, shape), rng.integers(0, 9, shape).astype(np.uint16)
    table = Contingency.of(truth, predicted, void=(3,))
    dense = np.zeros((truth.max() + 1, predicted.max() + 1))
    dense[table.truth, table.predicted] = table.pixels
    assert np.array_equal(dense, contingency_table(truth, predicted, ignore_labels=[3]).toarray())
    assert np.array_equal(table.true_sizes, dense.sum(axis=1)[table.truth])
    assert np.array_equal(table.predicted_sizes, dense.sum(axis=0)[table.predicted])


def test_labels_may_be_far_apart_and_negative():
    truth, predicted = np.array([2**31 - 1, 5, 5, -2, -1]), np.array([-7, 2**31 - 1, 2**31 - 1, -7, 3])
    table = Contingency.of(truth, predicted)
    assert [*zip(table.truth, table.predicted, table.pixels, strict=True)] == [
        (-2, -7, 1),
        (5, 2**31 - 1, 2),
        (2**31 - 1, -7, 1),
    ]


def test_seventy_thousand_objects():
    labels = np.arange(1, 70_001, dtype=np.int32).reshape(700, 100).repeat(3, axis=0)
    table = Contingency.of(labels, np.roll(labels, 1, axis=0))
    assert len(np.unique(table.truth)) == 70_000 and len(table.pixels) == 140_000 and table.pixels.sum() == labels.size
    assert (table.true_sizes == 3).all() and (table.predicted_sizes == 3).all()


def test_nothing_to_count():
    for mask in (np.zeros((0, 4), int), np.full((3, 4), -1)):
        assert len(Contingency.of(mask, mask).pixels) == len(Contingency.of(mask, mask).true_sizes) == 0


def test_what_cannot_be_compared():
    with pytest.raises(ShapeError, match=r"\(2, 3\).*\(3, 2\)"):
        Contingency.of(np.zeros((2, 3), int), np.zeros((3, 2), int))
    with pytest.raises(TypeError, match=r"predicted labels.*float64"):
        Contingency.of(np.zeros(3, int), np.zeros(3))
