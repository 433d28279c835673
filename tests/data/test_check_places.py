"""Points outside of their images are told of, and points given as (row, column) are found out."""

from __future__ import annotations

import numpy as np

from convscope.data.checks.places import check_places

H, W = np.full(10, 100), np.full(10, 300)
IDS = [f"{k}.png" for k in range(10)]


def inside() -> np.ndarray:
    return np.random.default_rng(0).uniform([0, 0], [299, 99], (10, 6, 2))


def test_points_inside_pass_in_silence():
    points = inside()
    points[2, 3] = np.nan
    assert list(check_places(points, H, W, IDS)) == []


def test_points_outside_are_told_with_the_farthest_first():
    points = inside()
    points[4, 0] = [-3, 50]
    points[7, 1] = [310, 120]
    (notice,) = check_places(points, H, W, IDS)
    assert notice.code == "points-outside"
    assert notice.examples == ("7.png", "4.png")
    assert "2 points in 2 images" in notice.text
    assert "7.png by 20 pixels" in notice.text


def test_rows_and_columns_are_found_out():
    (notice,) = check_places(inside()[..., ::-1], H, W, IDS)
    assert notice.code == "points-exchanged"
    assert "(row, column)" in notice.text


def test_square_images_tell_nothing_of_the_order():
    points = np.random.default_rng(0).uniform(0, 99, (10, 6, 2))
    assert list(check_places(points[..., ::-1], H, H, IDS)) == []
    points[0, 0] = [150, 40]
    (notice,) = check_places(points, H, H, IDS)
    assert notice.code == "points-outside"
