"""What validation chooses: the best of a grid by exhaustive search, and the same whatever is left out to save time."""

from __future__ import annotations

import numpy as np
import pytest
from test_borders import touching
from test_objects import soft

from convscope.tasks.segmentation import choice
from convscope.tasks.segmentation.choice import THRESHOLDS, choose_instances, choose_objects, choose_threshold
from convscope.tasks.segmentation.objects import label_classes, label_instances


def average_precision(pairs: list[tuple[np.ndarray, np.ndarray]]) -> float:
    hits = predicted = true = 0
    for truth, labels in pairs:
        seen = truth >= 0
        for k in np.unique(labels[seen & (labels > 0)]):
            mine = (labels == k) & seen
            hits += any(
                2 * (mine & (truth == t)).sum() > (mine | (truth == t)).sum() for t in np.unique(truth[mine]) if t
            )
            predicted += 1
        true += len(np.unique(truth[truth > 0]))
    return hits / (predicted + true - hits)


def specks(labels: np.ndarray, seed: int) -> np.ndarray:
    """Return probabilities in which single pixels and pairs of them look like insides of objects."""
    probabilities = soft(labels, 0.6, seed)
    at = np.random.default_rng(seed).random(labels.shape) < 0.01
    probabilities[at & (labels == 0)] = [0.02, 0.96, 0.02]
    return probabilities


@pytest.fixture(scope="module")
def validation() -> tuple[list[np.ndarray], list[np.ndarray]]:
    truths = [touching((70, 60), 14, 8, seed) for seed in range(3)]
    truths[0][:20] = -1
    return [specks(np.maximum(truth, 0), 7) for truth in truths], truths


def test_instances_get_the_best_settings_that_were_tried(validation: tuple[list[np.ndarray], list[np.ndarray]]):
    probabilities, truths = validation
    steps: list[tuple[int, int]] = []
    chosen = choose_instances(probabilities, truths, progress=lambda done, of: steps.append((done, of)))
    for threshold, seed_threshold, smallest, score in chosen.tried[:: len(chosen.tried) // 12]:
        found = [
            label_instances(p, threshold=threshold, seed_threshold=seed_threshold, smallest=smallest)
            for p in probabilities
        ]
        assert score == pytest.approx(average_precision(list(zip(truths, found, strict=True))))
    assert chosen.score == max(row[3] for row in chosen.tried) > 0.8
    assert chosen.smallest >= 2, "single pixels are no objects"
    assert steps[0] == (0, 30) and steps[-1] == (29, 30) and chosen.images == 3
    assert chosen == choose_instances(probabilities, truths)


def test_the_threshold_has_the_best_dice_of_all_pixels():
    rng = np.random.default_rng(1)
    truths = [(rng.random((30, 40)) < 0.2).astype(np.uint8) for _ in range(3)]
    foreground = [np.clip(0.25 * truth + 0.5 * rng.random(truth.shape), 0, 1) for truth in truths]
    truths[1][:, :9] = 255
    chosen = choose_threshold([np.stack([1 - p, p], -1) for p in foreground], truths)
    p, truth = (np.concatenate([array.ravel() for array in arrays]) for arrays in (foreground, truths))
    p, truth = p[truth < 255], truth[truth < 255]
    for threshold, _, _, score in chosen.tried:
        mask = p > threshold
        dice = [
            2 * (mine & (truth == k)).sum() / (mine.sum() + (truth == k).sum()) for k, mine in enumerate((~mask, mask))
        ]
        assert score == pytest.approx(np.mean(dice))
    assert len(chosen.tried) == 99 and chosen.score == max(row[3] for row in chosen.tried)


def test_of_equally_good_thresholds_the_usual_one_is_taken():
    p = np.array([[0.05, 0.95]])
    assert choose_threshold([np.stack([1 - p, p], -1)], [np.array([[0, 1]])]).threshold == 0.5


def test_objects_are_chosen_by_the_figure_that_is_given():
    truth = (touching((80, 80), 12, 6, seed=4) > 0).astype(np.uint8)
    truth[:, :10] = 255
    foreground = specks(truth.astype(np.int32), 3)[..., 1:].sum(-1)
    probabilities = [np.stack([1 - foreground, foreground], -1)]

    def counts_right(true: np.ndarray, labels: np.ndarray) -> float:
        assert (true[:, :10] == -1).all()
        return -abs(int(true.max()) - int(labels[:, 10:].max()))

    chosen = choose_objects(probabilities, [truth], counts_right)
    true = label_classes(np.where(truth == 255, 0, truth).astype(np.uint8))
    true[:, :10] = -1
    sizes = {row[2] for row in chosen.tried}
    best = max(THRESHOLDS, key=lambda t: counts_right(true, label_classes((foreground > t).astype(np.uint8))))
    assert chosen.threshold == best and sizes == {0, 4, 16}
    for smallest in sizes:
        labels = label_classes((foreground > best).astype(np.uint8), smallest=smallest)
        assert counts_right(true, labels) <= chosen.score


def test_of_a_large_split_a_part_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, validation: tuple[list[np.ndarray], list[np.ndarray]]
):
    probabilities, truths = validation
    monkeypatch.setattr(choice, "MOST_PIXELS", 2 * 70 * 60)
    assert choose_instances(probabilities, truths).images == 2
    monkeypatch.setattr(choice, "MOST_PIXELS", 1000)
    chosen = choose_instances(probabilities[1:], truths[1:])
    assert chosen.images == 1 and chosen.score > 0


def test_no_object_at_all_is_no_error():
    nothing = np.zeros((9, 8), np.int32)
    chosen = choose_instances([np.full((9, 8, 3), 1 / 3, np.float32)], [nothing])
    assert (chosen.threshold, chosen.seed_threshold, chosen.smallest) == (0.5, 0.5, 0)
