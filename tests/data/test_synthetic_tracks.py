"""Frames with tracks: the truth is that of the paths, found here by trying points along them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.ndimage import label
from scipy.spatial import KDTree

from convscope.data.synthetic import MASKS, tracks

PIXELS = np.indices((tracks.SIZE, tracks.SIZE)).reshape(2, -1).T
FRAMES = tracks.make(7, 60)


def distances(path: np.ndarray) -> np.ndarray:
    """Return how far each pixel's centre is from the nearest of many points along a path."""
    points = [a + (b - a) * t for a, b in itertools.pairwise(path) for t in np.linspace(0, 1, 400)]
    return KDTree(points).query(PIXELS)[0].reshape(tracks.SIZE, tracks.SIZE)


def test_the_truth_is_that_of_the_paths() -> None:
    for number in range(6):
        paths = [track.path for track in tracks.placed(np.random.default_rng((7, number)))]
        away = np.stack([distances(path) for path in paths])
        radius = tracks.WIDTH * np.sqrt(-2 * np.log(tracks.SHARE))
        owner = np.where(away.min(0) < radius, away.argmin(0) + 1, 0)
        clear = abs(away.min(0) - radius) > 1e-3  # the points lie some thousandths of a pixel apart
        if len(away) > 1:
            clear &= np.diff(np.sort(away, 0)[:2], axis=0)[0] > 1e-3
        assert clear.mean() > 0.99
        assert np.array_equal(FRAMES.labels[number][clear], owner[clear])
        covered = away < radius
        expected = [bool((covered[at] & (covered.sum(0) > 1)).any()) for at in range(len(paths))]
        assert FRAMES.crossing[FRAMES.frame == number].tolist() == expected


def test_the_peak_is_five_times_the_noise() -> None:
    light = np.stack([
        np.max([track.light for track in tracks.placed(np.random.default_rng((7, number)))], 0) for number in range(60)
    ])  # fmt: skip
    dark = tracks.make(7, 60, peak=0.0).images[..., 0].astype(float)
    bright = FRAMES.images[..., 0].astype(float)
    spread = 1.4826 * np.median(abs(dark - np.median(dark)))  # of a Gaussian; hits hardly count
    assert spread == pytest.approx(tracks.NOISE, rel=0.01) and np.median(dark) == pytest.approx(tracks.GROUND, rel=0.01)
    unclipped = (bright < tracks.WHITE) & (dark > 0)
    alone = (light > 0.99) & unclipped & np.isin(FRAMES.labels, (0, 1, 2, 3, 4, 5))
    assert np.median((bright - dark)[alone]) == pytest.approx(5 * spread, rel=0.01)
    assert (dark == 0).mean() < 1e-5


def test_the_same_seed_is_the_same_bytes_and_each_frame_has_its_own_draws() -> None:
    again, fewer, other = tracks.make(7, 60), tracks.make(7, 3), tracks.make(8, 3)
    assert again.images.tobytes() == FRAMES.images.tobytes() and again.labels.tobytes() == FRAMES.labels.tobytes()
    assert np.array_equal(fewer.images, FRAMES.images[:3]) and (other.images != fewer.images).any()


def test_every_track_is_listed_and_shows_itself() -> None:
    images, labels = FRAMES.images, FRAMES.labels
    assert images.shape == (60, 128, 128, 1) and images.dtype == np.uint16 and labels.dtype == np.int32
    for number in range(60):
        listed = FRAMES.label[FRAMES.frame == number]
        assert listed.tolist() == list(range(1, labels[number].max() + 1))
        sizes = np.bincount(labels[number].ravel(), minlength=len(listed) + 1)[1:]
        assert (sizes >= tracks.SMALLEST - tracks.SHARED * (len(listed) - 1)).all()
    assert 0.2 < FRAMES.crossing.mean() < 0.45 and set(FRAMES.kind) == {"straight", "worm"}
    assert 0.02 < (labels > 0).mean() < 0.08


def test_tracks_that_do_not_cross_are_objects_of_their_own() -> None:
    for number in range(60):
        parts = np.asarray(label(FRAMES.labels[number] > 0, np.ones((3, 3)))[0])  # pyright: ignore[reportIndexIssue]
        for at in np.flatnonzero((FRAMES.frame == number) & ~FRAMES.crossing):
            mine = FRAMES.labels[number] == FRAMES.label[at]
            (part,) = np.unique(parts[mine])
            assert np.array_equal(parts == part, mine)


def test_tracks_are_named_among_the_sets_with_masks() -> None:
    assert "240" in MASKS["tracks"] and tracks.make.__defaults__ == (240,)
