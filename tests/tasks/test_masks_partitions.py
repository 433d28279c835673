"""V_rand and V_info: as pairs counted one by one, and as scikit-image has them of the same partitions."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.metrics import adapted_rand_error, contingency_table, variation_of_information

from convscope.tasks.metrics.masks.contingency import Contingency
from convscope.tasks.metrics.masks.partitions import Partitions, touching

RAND = ("v_rand", "v_rand_split", "v_rand_merge")
INFO = ("v_info", "v_info_split", "v_info_merge")


def scores(truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    parts = Partitions.of([Contingency.of(truth, predicted)])
    return {name: float(values[0]) for name, values in parts.of_images.items()}


def alone(predicted: np.ndarray) -> np.ndarray:
    """Return labels in which each pixel that was 0 is an object by itself."""
    outside = predicted == 0
    labels = predicted.copy()
    labels[outside] = predicted.max() + 1 + np.arange(outside.sum())
    return labels


@pytest.mark.parametrize("seed", range(6))
def test_pairs_counted_one_by_one(seed):
    truth, predicted = np.random.default_rng(seed).integers(0, 4, (2, 5, 6))
    inside, labels = truth > 0, alone(predicted)
    t, p = (np.equal.outer(those[inside], those[inside]) for those in (truth, labels))
    split, merge = (t & p).sum() / t.sum(), (t & p).sum() / p.sum()
    found = scores(truth, predicted)
    assert [found[name] for name in RAND] == pytest.approx([2 * split * merge / (split + merge), split, merge])


@pytest.mark.parametrize("shape", [(40, 50), (6, 12, 12)])
def test_scikit_image_says_the_same(shape):
    rng = np.random.default_rng(len(shape))
    truth = rng.integers(0, 7, shape)
    predicted = np.where(rng.random(shape) < 0.8, truth * 2 % 5, rng.integers(0, 9, shape))
    labels, found = alone(predicted), scores(truth, predicted)
    # scikit-image counts pairs of different pixels; of ever more copies of each pixel those are all pairs
    copies = contingency_table(truth, labels, ignore_labels=[0], sparse_type="array") * 1e9
    assert 1 - found["v_rand"] == pytest.approx(adapted_rand_error(table=copies)[0], abs=1e-8)
    splits, merges = variation_of_information(truth, labels, ignore_labels=[0]) * np.log(2)
    parts = Partitions.of([Contingency.of(truth, predicted)])
    assert parts.predicted_entropy - parts.mutual == pytest.approx(splits)
    assert parts.true_entropy - parts.mutual == pytest.approx(merges)
    split, merge = (found[name] for name in INFO[1:])
    assert split == pytest.approx(parts.mutual / parts.predicted_entropy)
    assert merge == pytest.approx(parts.mutual / parts.true_entropy)
    assert found["v_info"] == pytest.approx(2 * split * merge / (split + merge))


def test_splits_and_merges_each_spoil_their_own_part():
    whole, halves = np.repeat([1, 2], 8), np.repeat([1, 2, 3, 4], 4)
    split, merged = scores(whole, halves), scores(halves, whole)
    assert split["v_rand_merge"] == split["v_info_merge"] == merged["v_rand_split"] == merged["v_info_split"] == 1
    spoilt = split["v_rand_split"], split["v_info_split"], merged["v_rand_merge"], merged["v_info_merge"]
    assert spoilt == pytest.approx((0.5,) * 4)


def test_membranes_of_the_truth_do_not_count_and_names_do_not_matter():
    truth = np.array([[1, 1, 0, 2, 2]] * 3)
    expected = dict.fromkeys(RAND + INFO, 1.0)
    for predicted in ([7, 7, 7, 3, 3], [7, 7, 0, 3, 3], [7, 7, 5, 3, 3]):
        assert scores(truth, np.array([predicted] * 3)) == pytest.approx(expected)


def test_objects_grow_until_they_touch():
    labels = np.zeros((5, 9), int)
    labels[:, :2], labels[:, 6:] = 4, 2
    assert touching(labels).tolist() == [[4, 4, 4, 4, 2, 2, 2, 2, 2]] * 5
    assert not touching(np.zeros((3, 3), int)).any() and touching(np.ones((2, 2), int)).all()


def test_without_foreground_there_is_no_figure_and_a_blank_prediction_is_all_splits():
    truth, blank = np.array([[1, 1], [2, 2]]), np.zeros((2, 2), int)
    assert np.isnan([*scores(blank, truth).values(), *scores(np.full((2, 2), -1), truth).values()]).all()
    expected = dict(zip(RAND + INFO, (2 / 3, 1 / 2, 1) * 2, strict=True))
    assert scores(truth, blank) == pytest.approx(expected)
    assert set(scores(np.ones((1, 1), int), np.ones((1, 1), int)).values()) == {1.0}


def test_weights_repeat_images_and_pairs_are_pooled():
    rng = np.random.default_rng(0)
    tables = [Contingency.of(*rng.integers(0, 4, (2, 4, size))) for size in (3, 5, 8)]
    tables.append(Contingency.of(*np.zeros((2, 3, 3), int)))
    weights = rng.integers(0, 3, (4, 6)).astype(float)
    found = Partitions.of(tables).figures(weights)
    for r in range(6):
        rows = np.repeat(np.arange(4), weights[:, r].astype(int))
        repeated = Partitions.of([tables[row] for row in rows]).figures(np.ones((len(rows), 1)))
        for name, values in repeated.items():
            assert np.allclose(found[name][r], values[0], equal_nan=True)
    sums = Partitions.of(tables)
    pooled = 2 * sums.together.sum() / (sums.true_pairs + sums.predicted_pairs).sum()
    once = sums.figures(np.ones((4, 1)))
    assert once["pooled_v_rand"] == pytest.approx(pooled) and once["rand_error"] == 1 - once["v_rand"]
