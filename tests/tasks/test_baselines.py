"""The simple methods: what they see, how much they may learn from, and that they learn."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from convscope.data import from_arrays
from convscope.data.dataset import Split
from convscope.data.listing import Target
from convscope.data.spec import Classes
from convscope.tasks import baselines
from convscope.tasks.classification import baselines as methods
from convscope.tasks.features import gradients, in_chunks, pixels, shrink

NAMES = ["majority class", "logistic regression", "HOG + linear", "small MLP"]


def run(train: Split, scored: Split, classes: int, **settings) -> list[baselines.BaselineResult]:
    target = Classes(tuple(f"c{k}" for k in range(classes)))
    return baselines.run(methods.METHODS, train, scored, target, **settings)


def split(name, pixels: np.ndarray, labels: np.ndarray) -> Split:
    target = Target("class", labels, tuple(map(str, range(labels.max() + 1))))
    return getattr(from_arrays(pixels, target, splits=[name] * len(labels)), name)


def bars(n: int, H: int, W: int, C: int, *, classes: int = 2, dtype=np.uint8, seed: int = 0):
    """Return images (n, H, W, C) of bars, horizontal or upright, on noise, and which it is."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    images = rng.integers(0, 60, (n, H, W, C)).astype(dtype)
    for image, label in zip(images, labels, strict=True):
        at = rng.integers(1, max(2, min(H, W) - 2))
        if label:
            image[at : at + 2] += 150
        else:
            image[:, at : at + 2] += 150
    return images, labels


def test_all_learn_the_digits_and_beat_the_majority(digits):
    named = []
    found = run(digits.train, digits.test, 10, seconds=60, progress=named.append)
    assert [b.name for b in found] == [name for name in named if name in NAMES] == NAMES
    accuracy = {b.name: (b.predictions.argmax(axis=1) == digits.test.labels).mean() for b in found}
    assert accuracy["majority class"] < 0.2
    assert min(accuracy[name] for name in NAMES[1:]) > 0.93
    for b in found:
        assert b.predictions.shape == (len(digits.test), 10)
        assert np.allclose(b.predictions.sum(axis=1), 1)
        assert b.train_rows == len(digits.train)
        assert not b.stopped_early
    assert found[1].what == "logistic regression on 64 pixel values, learned from 1,258 of 1,258 training images"


def test_same_seed_same_probabilities(digits):
    first, again = (run(digits.train, digits.test, 10, seconds=60, seed=1) for _ in range(2))
    for a, b in zip(first, again, strict=True):
        assert (a.predictions == b.predictions).all()


@pytest.mark.parametrize(
    ("H", "W", "C", "dtype"),
    [(8, 8, 1, np.uint8), (40, 24, 3, np.uint8), (28, 28, 1, np.uint16), (33, 70, 5, np.float32), (3, 5, 1, np.uint8)],
)
def test_any_size_channels_and_type(H, W, C, dtype):
    images, labels = bars(60, H, W, C, dtype=dtype)
    for b in run(split("train", images[:40], labels[:40]), split("test", images[40:], labels[40:]), 2):
        assert np.isfinite(b.predictions).all()
        if min(H, W) >= 8 and b.name == "HOG + linear":
            assert (b.predictions.argmax(axis=1) == labels[40:]).mean() > 0.9


def test_short_time_means_fewer_images_of_every_class(digits):
    found = {b.name: b for b in run(digits.train, digits.test, 10, seconds=0.05)}
    few = found["HOG + linear"]
    assert 100 <= few.train_rows < 300
    assert f"learned from {few.train_rows:,} of 1,258 training images" in few.what


def test_rows_keep_the_classes_shares_and_forget_no_class():
    labels = np.array([0] * 9000 + [1] * 990 + [2] * 10)
    job = methods._Job(split("train", np.zeros((10_000, 8, 8, 1), np.uint8), labels), None, 3, 2.0, 0, np.empty(0))  # pyright: ignore
    rows = job.rows(width=64, each=1e-3)  # a thousand rows in the second that is aimed at
    assert len(np.unique(rows)) == len(rows) == pytest.approx(1000, abs=3)
    counts = np.bincount(labels[rows])
    assert counts.tolist() == pytest.approx([900, 99, 1], abs=2)
    assert counts[2] >= 1
    few = job.rows(width=64, each=1.0)
    assert set(labels[few]) == {0, 1, 2}
    assert len(job.rows(width=int(baselines.FLOATS / 50), each=1e-9)) == pytest.approx(50, abs=3)  # memory decides


def test_a_class_missing_from_the_training_split_gets_no_probability():
    images, labels = bars(40, 8, 8, 1)
    for b in run(split("train", images, labels), split("test", images, labels), 3, seconds=1):
        assert b.predictions.shape == (40, 3)
        assert (b.predictions[:, 2] == 0).all()


def test_the_clock_stops_what_the_estimate_did_not(monkeypatch, digits):
    slow = SimpleNamespace(perf_counter=itertools.count(0, 0.9).__next__)
    monkeypatch.setattr(methods, "time", slow)
    monkeypatch.setattr("convscope.tasks.features.CHUNK", (200, 2**24))
    found = {b.name: b for b in run(digits.train, digits.test, 10, seconds=2)}
    assert found["HOG + linear"].stopped_early
    assert found["HOG + linear"].train_rows == 600
    assert found["small MLP"].stopped_early
    assert not found["majority class"].stopped_early


def test_shrink_averages_blocks_and_keeps_units():
    images = np.full((2, 70, 31, 3), 200, np.uint8)
    small = shrink(images, 32)
    assert small.shape == (2, 23, 31, 3)
    assert (small == 200).all()
    assert pixels()(images).shape == (2, 23 * 31 * 3)


def test_hog_takes_the_channel_with_the_largest_gradient():
    images, _ = bars(3, 32, 32, 1)
    with_flat_channels = np.concatenate([np.full_like(images, 9), images, np.full_like(images, 77)], axis=3)
    assert np.allclose(gradients(64)(images), gradients(64)(with_flat_channels))


def test_chunks_cover_all_rows_in_order(monkeypatch):
    images, labels = bars(25, 8, 8, 1)
    whole = split("train", images, labels)
    monkeypatch.setattr("convscope.tasks.features.CHUNK", (7, 2**24))
    at = np.random.default_rng(0).permutation(25)
    parts = list(in_chunks(whole, at))
    assert [len(p) for p in parts] == [7, 7, 7, 4]
    assert (np.concatenate(parts) == images[at]).all()
