"""Pairs of points that change places in a mirrored image: given, named, of a face, or found in the mean shape."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.errors import ConfigError
from convscope.tasks.landmarks.pairs import face, matched, mean_shape, named, order, settled


def symmetric(K: int, noise: float, seed: int = 0) -> tuple[np.ndarray, tuple[tuple[int, int], ...]]:
    """Return a shape of K points with two on its axis and the others in shuffled pairs, and the pairs."""
    rng = np.random.default_rng(seed)
    half = rng.uniform(0.1, 1, (K // 2 - 1, 2))
    points = np.concatenate([half, half * [-1, 1], [[0, 0.5], [0, -0.5]]])
    shuffle = rng.permutation(len(points))
    place = np.argsort(shuffle)
    pairs = sorted(tuple(sorted((int(place[k]), int(place[k + len(half)])))) for k in range(len(half)))
    return (points + noise * rng.normal(size=points.shape))[shuffle] + 5, tuple(pairs)


@pytest.mark.parametrize("seed", range(5))
def test_pairs_are_found_in_a_symmetric_shape(seed):
    shape, pairs = symmetric(14, 0.002, seed)
    found, residual = matched(shape)
    assert found == pairs
    assert residual < 0.01


def test_a_shape_that_is_not_symmetric_has_none():
    shape = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 1.0], [0.2, 4.0]])
    pairs = settled("auto", [f"p{k}" for k in range(4)], shape)
    assert pairs.pairs is None
    assert "not mirrored" in pairs.why


def test_points_on_a_vertical_line_have_nothing_to_exchange():
    spine = np.array([[0.0, k] for k in range(5)])
    assert matched(spine)[0] is None


def test_partners_are_mutual():
    for seed in range(30):
        shape = np.random.default_rng(seed).normal(size=(5, 2)) * [1, 0.02]
        found, _ = matched(shape)
        if found:
            becomes = order(found, 5)
            assert (becomes[becomes] == np.arange(5)).all()


def test_the_pairs_of_a_face_are_those_of_its_parts():
    becomes = order(face(), 68)
    assert (becomes[becomes] == np.arange(68)).all()
    assert [int(k) for k in np.flatnonzero(becomes == np.arange(68))] == [8, 27, 28, 29, 30, 33, 51, 57, 62, 66]
    for part in (range(17), range(17, 27), range(27, 31), range(31, 36), range(36, 48), range(48, 60), range(60, 68)):
        assert {int(becomes[k]) for k in part} == set(part)


def test_the_table_of_a_face_is_not_used_for_other_shapes():
    shape = np.random.default_rng(0).normal(size=(68, 2))
    assert settled("auto", [f"p{k}" for k in range(68)], shape).pairs is None


@pytest.mark.parametrize(
    ("names", "pairs"),
    [
        (["left_eye", "right_eye", "nose"], ((0, 1),)),
        (["nose", "LeftEar", "RightEar"], ((1, 2),)),
        (["l_hip", "r_hip"], ((0, 1),)),
        (["left_eye", "nose"], None),
        (["nose", "mouth"], None),
        (["0", "1"], None),
    ],
)
def test_names_tell_pairs(names, pairs):
    assert named(names) == pairs


def test_pairs_are_given_by_name_or_number():
    names = ["nose-tip", "ear-a", "ear-b", "tail"]
    assert settled("ear-a-ear-b, 3-0", names, np.zeros((4, 2))).pairs == ((0, 3), (1, 2))
    assert settled("none", names, np.zeros((4, 2))).pairs is None


@pytest.mark.parametrize(
    ("given", "part"), [("0-9", "9"), ("0-0", "itself"), ("0-1,1-2", "twice"), ("ears", "A-B"), ("", "expected auto")]
)
def test_pairs_that_mean_nothing_are_refused(given, part):
    with pytest.raises(ConfigError, match=part):
        settled(given, ["nose", "left", "rite", "tail"], np.zeros((4, 2)))


def test_the_mean_shape_weighs_large_and_small_alike_and_leaves_gaps_out():
    shape, _ = symmetric(10, 0.0)
    rng = np.random.default_rng(1)
    points = np.stack([shape * s + rng.uniform(0, 500, 2) for s in (3, 40, 200)])
    mean = mean_shape(points)
    flat = (shape - shape.mean(0)) / np.sqrt(((shape - shape.mean(0)) ** 2).mean())
    assert mean == pytest.approx(flat)
    points[1, 2] = np.nan
    assert mean_shape(points) == pytest.approx(flat)
    points[:, 4] = np.nan
    assert np.isnan(mean_shape(points)[4]).all()
    assert np.isfinite(np.delete(mean_shape(points), 4, 0)).all()
