"""Matched objects: StarDist's formulas, every assignment tried, splits and merges object by object, weights."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from convscope.errors import ConfigError
from convscope.tasks.metrics.masks.contingency import Contingency
from convscope.tasks.metrics.masks.objects import ObjectCounts, Pairs, splits_and_merges

LEVELS = (0.1, 0.3, 0.5, 0.51, 0.7, 0.9, 1.0)


def dense_iou(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    rows, columns = np.unique(truth[truth > 0]), np.unique(predicted[predicted > 0])
    return np.array(
        [
            [((truth == t) & (predicted == p)).sum() / ((truth == t) | (predicted == p)).sum() for p in columns]
            for t in rows
        ]
    ).reshape(len(rows), len(columns))


def as_stardist(iou: np.ndarray, level: float) -> dict[str, float]:
    """Return the figures as StarDist's documentation defines them: assignment with the IoU as a tie-breaker."""
    matched = min(iou.shape)
    hits, total = 0, 0.0
    if matched and (iou >= level).any():
        rows, columns = linear_sum_assignment(-(iou >= level).astype(float) - iou / (2 * matched))
        taken = iou[rows, columns][iou[rows, columns] >= level]
        hits, total = len(taken), taken.sum()
    extra, missed = iou.shape[1] - hits, iou.shape[0] - hits
    return {
        "ap": hits / (hits + extra + missed),
        "precision": hits / (hits + extra) if hits else 0,
        "recall": hits / (hits + missed) if hits else 0,
        "f1": 2 * hits / (2 * hits + extra + missed),
        "pq": total / (hits + extra / 2 + missed / 2),
        "sq": total / hits if hits else np.nan,
    }


def best(iou: np.ndarray, level: float) -> tuple[int, float]:
    """Return the most matches, and the largest sum of IoU with that many, of all assignments."""
    if iou.shape[0] > iou.shape[1]:
        iou = iou.T
    taken = (
        [iou[r, c] for r, c in enumerate(way) if iou[r, c] >= level]
        for way in permutations(range(iou.shape[1]), len(iou))
    )
    return max((len(values), sum(values)) for values in taken)


def blobs(seed: int, size: int = 12, kinds: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Return random stripes and boxes, and a disturbed copy of them."""
    rng = np.random.default_rng(seed)
    truth, predicted = np.zeros((2, size, size), int)
    for label in range(1, kinds + 1):
        (top, left), (height, width) = rng.integers(0, size - 1, 2), rng.integers(1, size // 2, 2)
        truth[top : top + height, left : left + width] = label
        shift, grown = rng.integers(-1, 2, 2), rng.integers(0, 2)
        if rng.random() < 0.8:
            top, left = max(0, top + shift[0]), max(0, left + shift[1])
            predicted[top : top + height + grown, left : left + width] = 10 * label
    return truth, predicted


@pytest.mark.parametrize("seed", range(25))
def test_figures_are_those_of_stardist(seed):
    truth, predicted = blobs(seed)
    found = ObjectCounts.of([Contingency.of(truth, predicted)], LEVELS).of_images
    for at, level in enumerate(LEVELS):
        expected = as_stardist(dense_iou(truth, predicted), level)
        values = {name: figures[0, at] for name, figures in found.items()}
        if level < 0.5:  # there StarDist's tie-breaker also counts pairs below the threshold
            expected, values = ({k: v for k, v in d.items() if k not in ("pq", "sq")} for d in (expected, values))
        assert values == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("seed", range(25))
def test_the_assignment_is_the_best_of_all(seed):
    rng = np.random.default_rng(seed)
    truth, predicted = rng.integers(0, 5, (2, 4, 4)) if seed % 2 else blobs(seed, 8, 4)
    iou, pairs = dense_iou(truth, predicted), Pairs.of(Contingency.of(truth, predicted))
    for level in (0.05, 0.2, 1 / 3, 0.5, 0.6):
        matched = pairs.matched(level)
        assert (len(matched), matched.sum()) == pytest.approx(best(iou, level))


def test_at_exactly_one_half_an_object_still_matches_once():
    truth, predicted = np.array([1, 1, 1, 1]), np.array([1, 1, 2, 2])
    assert Pairs.of(Contingency.of(truth, predicted)).matched(0.5).tolist() == [0.5]


def test_more_matches_win_over_better_ones():
    # IoU 0.5 of (1, 5), 0.25 of (1, 6) and 1/3 of (2, 5): both objects find a partner at 0.25
    truth, predicted = np.array([1, 1, 1, 1, 2, 2, 0, 0]), np.array([5, 5, 5, 6, 5, 5, 6, 0])
    iou = dense_iou(truth, predicted)
    matched = Pairs.of(Contingency.of(truth, predicted)).matched(0.2)
    assert len(matched) == 2 and matched.sum() == pytest.approx(best(iou, 0.2)[1]) and iou.max() not in matched


def test_a_field_of_thousands_of_thin_objects_at_a_low_threshold():
    truth = np.arange(1, 20_001).reshape(200, 100).repeat(3, axis=0)
    predicted = np.roll(truth, 1, axis=0)
    pairs = Pairs.of(Contingency.of(truth, predicted))
    assert pairs.matched(0.1).tolist() == pytest.approx([0.5] * 20_000) and len(pairs.matched(0.51)) == 0


@pytest.mark.parametrize("seed", range(20))
def test_splits_and_merges_object_by_object(seed):
    truth, predicted = np.random.default_rng(seed).integers(0, 5, (2, 5, 6))
    assert splits_and_merges(Contingency.of(truth, predicted)) == (several(predicted, truth), several(truth, predicted))


def several(objects: np.ndarray, others: np.ndarray) -> int:
    assigned = [int(np.bincount(others[objects == label]).argmax()) for label in np.unique(objects[objects > 0])]
    return sum(assigned.count(label) > 1 for label in np.unique(others[others > 0]).tolist())


def test_weights_repeat_images():
    tables = [Contingency.of(*blobs(seed)) for seed in range(6)] + [Contingency.of(*np.zeros((2, 3, 3), int))]
    weights = np.random.default_rng(0).integers(0, 3, (7, 4)).astype(float)
    found = ObjectCounts.of(tables, LEVELS)
    for r in range(4):
        repeated = ObjectCounts.of([tables[i] for i in np.repeat(np.arange(7), weights[:, r].astype(int))], LEVELS)
        for name in ("figures", "of_each"):
            for figure, values in getattr(repeated, name)(np.ones((len(repeated.truth), 1))).items():
                assert np.allclose(getattr(found, name)(weights)[figure][..., r], values[..., 0], equal_nan=True)


def test_pooled_figures_and_counts():
    one, two = np.array([1, 1, 0, 0]), np.array([1, 1, 2, 2])
    found = ObjectCounts.of([Contingency.of(two, two), Contingency.of(one, two), Contingency.of(two, one)])
    figures = {name: values[0] for name, values in found.figures(np.ones((3, 1))).items()}
    assert figures["ap"] == pytest.approx(2 / 3) and figures["pooled_ap"] == pytest.approx(4 / 6)
    assert figures["pooled_f1"] == figures["pooled_pq"] == pytest.approx(8 / 10) and figures["pooled_sq"] == 1
    assert figures["count_error"] == pytest.approx(2 / 3) and figures["count_bias"] == 0
    assert figures["mean_ap"] == figures["ap"] and figures["split_rate"] == figures["merge_rate"] == 0


def test_empty_masks_all_void_and_one_pixel():
    blank, some, void = np.zeros((2, 2), int), np.ones((2, 2), int), np.full((2, 2), -1)
    found = ObjectCounts.of(
        [Contingency.of(*pair) for pair in ((blank, blank), (void, some), (blank, some), (some, blank))]
    )
    for name, values in found.of_images.items():
        assert np.isnan(values[:2]).all() and (np.isnan(values[2:]).all() if name == "sq" else not values[2:].any())
    assert found.absent == 2 and np.array_equal(found.per_example, [np.nan, np.nan, 0, 0], equal_nan=True)
    pixel = ObjectCounts.of([Contingency.of(np.array([[3]]), np.array([[9]]))]).figures(np.ones((1, 1)))
    assert pixel["mean_ap"] == pixel["pooled_pq"] == pixel["f1"] == 1


def test_thresholds_that_match_everything_are_refused():
    for level in (0, -0.5, 1.5):
        with pytest.raises(ConfigError, match=f"{level:g}"):
            Pairs.of(Contingency.of(*np.ones((2, 2, 2), int))).matched(level)
