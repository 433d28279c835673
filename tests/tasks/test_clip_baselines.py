"""What simple methods see of clips: one frame, the mean of all, and where edges move."""

from __future__ import annotations

import numpy as np
import pytest

import convscope as cs
from convscope.data.spec import Classes
from convscope.data.synthetic import motions
from convscope.tasks import baselines
from convscope.tasks.classification.baselines import METHODS
from convscope.tasks.frames import as_images, mean, middle
from convscope.tasks.motion import DIRECTIONS, motion_histograms


def square(down: int, right: int) -> np.ndarray:
    clip = np.zeros((1, 8, 32, 32, 1), np.uint8)
    for at in range(8):
        clip[0, at, 12 + at * down : 20 + at * down, 12 + at * right : 20 + at * right] = 200
    return clip


@pytest.mark.parametrize("label", range(8))
def test_a_histogram_has_its_peak_where_an_edge_moves(label: int):
    down, right = motions.STEPS[label]
    histogram = motion_histograms(square(down, right))[0, :DIRECTIONS]
    direction = np.arange(DIRECTIONS) * 2 * np.pi / DIRECTIONS
    mean_direction = np.arctan2(histogram @ np.sin(direction), histogram @ np.cos(direction))
    wanted = np.arctan2(-down, right)
    assert abs((mean_direction - wanted + np.pi) % (2 * np.pi) - np.pi) < 0.2


def test_a_still_clip_has_no_motion_and_no_nan():
    assert not motion_histograms(square(0, 0)).any()
    assert motion_histograms(np.zeros((2, 2, 1, 1, 3), np.uint8)).shape == (2, 5 * DIRECTIONS)


def test_clips_as_images():
    data = cs.load("motions")
    some = data.train[:5]
    raw = some.input.take(np.arange(5))
    images = as_images(some, middle)
    assert images.input.spec.kind == "image" and images.input.spec.shape == (32, 32, 1)
    np.testing.assert_array_equal(images.input.take(np.arange(5)), raw[:, 6])
    np.testing.assert_allclose(as_images(some, mean).input.take(np.arange(5)), raw.mean(1), atol=0.5)


def test_only_the_method_that_sees_motion_tells_motions():
    data = cs.load("motions")
    assert data.test is not None
    results = baselines.run(METHODS, data.train[::2], data.test[::2], Classes(data.classes), seconds=4)
    scores = {each.name: (each.predictions.argmax(1) == data.test[::2].labels).mean() for each in results}
    assert set(scores) == {
        "majority class", "HOG + linear, middle frame", "logistic regression, mean frame", "motion histogram + linear"
    }  # fmt: skip
    assert scores.pop("motion histogram + linear") > 0.9
    assert all(score < 0.2 for score in scores.values())
