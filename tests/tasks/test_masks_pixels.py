"""Figures over pixels: scikit-learn's confusion, plain loops, one rule for absent classes, weights as repetitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, jaccard_score

from convscope.errors import ShapeError
from convscope.tasks.metrics.masks.pixels import PixelCounts, confusion

ONCE = np.ones((1, 1))


def masks(n: int = 8, K: int = 4, *, seed: int = 0) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return true and predicted masks of n sizes, void pixels and absent classes among them."""
    rng = np.random.default_rng(seed)
    truths, guesses = [], []
    for _ in range(n):
        shape, present = rng.integers(1, 12, 2), rng.choice(K, rng.integers(1, K + 1), replace=False)
        truth = rng.choice(present, shape).astype(np.uint8)
        guess = np.where(rng.random(shape) < 0.7, truth, rng.integers(0, rng.integers(1, K + 1), shape))
        truth[rng.random(shape) < 0.1] = 255
        truths, guesses = [*truths, truth], [*guesses, guess.astype(np.uint8)]
    return truths, guesses


def counts(truths: list[np.ndarray], guesses: list[np.ndarray], K: int = 4, background: int | None = 0) -> PixelCounts:
    return PixelCounts.of((confusion(t, p, K) for t, p in zip(truths, guesses, strict=True)), background=background)


def looped(truth: np.ndarray, guess: np.ndarray, k: int) -> dict[str, float]:
    """Return the four figures of class k, by the stated rule, pixel by pixel."""
    both = truths = guesses = 0
    for t, p in zip(truth.ravel().tolist(), guess.ravel().tolist(), strict=True):
        if t != 255:
            both, truths, guesses = both + (t == p == k), truths + (t == k), guesses + (p == k)
    if not truths + guesses:
        return dict.fromkeys(("dice", "iou", "precision", "recall"), math.nan)
    return {
        "dice": 2 * both / (truths + guesses),
        "iou": both / (truths + guesses - both),
        "precision": both / guesses if guesses else 0.0,
        "recall": both / truths if truths else 0.0,
    }


def test_the_matrix_is_that_of_scikit_learn():
    truth, guess = (mask[0] for mask in masks(1, seed=3))
    scored = truth != 255
    assert np.array_equal(confusion(truth, guess, 4), confusion_matrix(truth[scored], guess[scored], labels=range(4)))


def test_figures_are_those_of_a_plain_loop():
    truths, guesses = masks()
    found = counts(truths, guesses)
    by_image = [[looped(t, p, k) for k in range(4)] for t, p in zip(truths, guesses, strict=True)]
    flat_truth, flat_guess = (np.concatenate([mask.ravel() for mask in those]) for those in (truths, guesses))
    figures, of_each = found.figures(np.ones((8, 1))), found.of_each(np.ones((8, 1)))
    for name in ("dice", "iou", "precision", "recall"):
        values = np.array([[image[k][name] for k in range(4)] for image in by_image])
        assert np.allclose(found.of_images[name], values, equal_nan=True)
        assert np.allclose(of_each[name][:, 0], np.nanmean(values, axis=0))
        assert figures[name][0] == pytest.approx(np.nanmean(values, axis=0)[1:].mean())
        pooled = [looped(flat_truth, flat_guess, k)[name] for k in range(4)]
        assert np.allclose(of_each[f"pooled_{name}"][:, 0], pooled)
    assert np.isnan(found.of_images["dice"]).any() and found.absent.tolist() == np.isnan(values).sum(axis=0).tolist()
    scored = flat_truth != 255
    iou = jaccard_score(flat_truth[scored], flat_guess[scored], labels=range(4), average="macro")
    assert figures["miou"][0] == pytest.approx(iou)
    right = (flat_truth == flat_guess)[scored].mean()
    assert figures["pooled_pixel_accuracy"][0] == pytest.approx(right)
    mean = np.mean([(t == p)[t != 255].mean() for t, p in zip(truths, guesses, strict=True) if (t != 255).any()])
    assert figures["pixel_accuracy"][0] == pytest.approx(mean) == 1 - figures["pixel_error"][0]


def test_weights_repeat_images():
    truths, guesses = masks(seed=1)
    weights = np.random.default_rng(0).integers(0, 3, (8, 5)).astype(float)
    found = counts(truths, guesses)
    for r in range(5):
        rows = np.repeat(np.arange(8), weights[:, r].astype(int))
        repeated = counts([truths[row] for row in rows], [guesses[row] for row in rows])
        for name in ("figures", "of_each"):
            ones = np.ones((len(rows), 1))
            for figure, values in getattr(repeated, name)(ones).items():
                assert np.allclose(getattr(found, name)(weights)[figure][..., r], values[..., 0], equal_nan=True)


def test_an_absent_class_has_no_figure_and_one_predicted_falsely_has_zero():
    blank, some = np.zeros((2, 2), np.uint8), np.array([[0, 1], [0, 0]], np.uint8)
    found = counts([blank, blank, some], [blank, some, blank], K=2)
    for values in found.of_images.values():
        assert np.isnan(values[0, 1]) and values[1:, 1].tolist() == [0, 0]
    assert found.absent.tolist() == [0, 1] and found.figures(np.ones((3, 1)))["dice"] == 0
    assert np.array_equal(found.per_example, [np.nan, 0, 0], equal_nan=True)


def test_all_void_and_one_pixel():
    void = counts([np.full((3, 3), 255)], [np.ones((3, 3), int)], K=2).figures(ONCE)
    assert all(np.isnan(values).all() for values in void.values())
    pixel = counts([np.ones((1, 1), int)], [np.ones((1, 1), int)], K=2).figures(ONCE)
    assert pixel["dice"] == pixel["miou"] == pixel["pooled_pixel_accuracy"] == 1 and pixel["pixel_error"] == 0


def test_without_a_background_all_classes_count():
    truths, guesses = masks(seed=2)
    figures, of_each = ((f := counts(truths, guesses, background=None)).figures(w := np.ones((8, 1))), f.of_each(w))
    assert figures["pooled_iou"] == figures["miou"] == pytest.approx(of_each["pooled_iou"].mean())


def test_what_is_no_class_is_named():
    with pytest.raises(ValueError, match=r"predicted classes.*0 to 1.*7"):
        confusion(np.zeros(3, int), np.array([0, 7, 1]), 2)
    with pytest.raises(ValueError, match=r"true classes.*-1"):
        confusion(np.array([-1]), np.array([0]), 2)
    with pytest.raises(ShapeError):
        confusion(np.zeros((2, 2), int), np.zeros((2, 3), int), 2)
