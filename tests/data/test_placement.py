"""Points take the way of the pixels into a network's frame, and find back to the original's."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from convscope.data.transforms.placement import original, placed, placements
from convscope.data.transforms.resize import Fit, resize

FRAMED = [fit for fit in get_args(Fit) if fit != "keep"]  # which has no frame
SIZES = [(120, 90), (90, 120), (64, 64), (33, 200), (200, 33), (48, 80)]


def dot(height: int, width: int, point: np.ndarray, sigma: float) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return np.exp(-((x - point[0]) ** 2 + (y - point[1]) ** 2) / (2 * sigma**2)).astype(np.float32)[..., None]


@pytest.mark.parametrize("fit", FRAMED)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("frame", [(64, 64), (48, 80)])
def test_a_dot_and_its_point_come_to_one_place(fit, size, frame):
    H, W = size
    sigma = 1.5 * max(1.0, H / frame[0], W / frame[1])
    placement = placements(np.array([H]), np.array([W]), *frame, fit)
    rng, compared = np.random.default_rng(0), 0
    for _ in range(12):
        point = rng.uniform([0, 0], [W - 1, H - 1])
        inside = placed(point[None, None], placement)[0, 0]
        margin = 3.5 * sigma * placement[0, :2] + 1
        if ((inside < margin) | (inside > np.array(frame[::-1]) - 1 - margin)).any():
            continue
        if ((point < 4.2 * sigma) | (point > np.array([W, H]) - 1 - 4.2 * sigma)).any():
            continue
        small = resize(dot(H, W, point, sigma), *frame, fit)[..., 0].astype(np.float64)
        y, x = np.mgrid[: frame[0], : frame[1]]
        centre = np.array([(small * x).sum(), (small * y).sum()]) / small.sum()
        assert centre == pytest.approx(inside, abs=0.1)
        compared += 1
    assert compared or min(size) < 40 or fit == "pad"


@pytest.mark.parametrize("fit", get_args(Fit))
def test_points_find_back(fit):
    rng = np.random.default_rng(0)
    H, W = np.array(SIZES).T
    points = rng.uniform(-50, 250, (len(SIZES), 7, 2))
    points[2, 3] = np.nan
    placement = placements(H, W, 64, 48, fit)
    there = placed(points, placement)
    assert np.isnan(there[2, 3]).all()
    assert original(there, placement) == pytest.approx(points, nan_ok=True)


@pytest.mark.parametrize("fit", ["pad", "crop", "centre"])
def test_only_squashing_stretches(fit):
    H, W = np.array(SIZES).T
    across, down = placements(H, W, 64, 64, fit)[:, :2].T
    assert across == pytest.approx(down, rel=0.05)  # whole pixels: 33 of 200 become 11 of 64


def test_images_of_the_frames_size_are_left_alone():
    for fit in get_args(Fit):
        assert placements(np.array([64]), np.array([48]), 64, 48, fit).tolist() == [[1.0, 1.0, 0.0, 0.0]]
