"""What is learned of points: mean places, spread, pairs and normaliser, missing points left out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from convscope.data.augment import Policy
from convscope.data.augment.views import views
from convscope.data.spec import target_from_dict, target_to_dict
from convscope.errors import ConfigError
from convscope.tasks.landmarks.options import Options
from convscope.tasks.landmarks.target import encode, measured, to_places

NAMES = ("left", "right", "chin")
FRAME = (60, 80)


def faces(n: int = 20, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shape = np.array([[-10.0, -5], [10, -5], [0, 8]])
    return shape * rng.uniform(0.5, 1.5, (n, 1, 1)) + rng.uniform(15, 45, (n, 1, 2)) + rng.normal(0, 0.2, (n, 3, 2))


def test_mean_places_and_their_spread_are_in_frames_of_the_size_one():
    points = faces()
    target = measured(NAMES, points, FRAME, Options())
    places = (points + 0.5) / [80, 60]
    assert np.array(target.shape) == pytest.approx(places.mean(0))
    assert target.spread == pytest.approx(np.sqrt(((places - places.mean(0)) ** 2).mean()))
    assert target.pairs == ((0, 1),)
    assert target.normaliser == "box"
    assert encode(points, target) == pytest.approx(places, rel=1e-6)


def test_missing_points_do_not_count_and_one_never_seen_lies_in_the_middle():
    points = faces()
    points[3, 0] = np.nan
    points[:, 2] = np.nan
    target = measured(NAMES, points, FRAME, Options())
    assert target.shape[0] == pytest.approx(np.nanmean(to_places(points, FRAME)[:, 0], 0))
    assert target.shape[2] == (0.5, 0.5)
    assert np.isnan(encode(points, target)[:, 2]).all()


def test_points_that_never_move_do_not_divide_by_nothing():
    assert measured(NAMES, np.full((4, 3, 2), 7.0), FRAME, Options()).spread == 1.0


def test_options_overrule():
    target = measured(NAMES, faces(), FRAME, Options("coordinates", "none", "left,right"))
    assert (target.form, target.pairs, target.normaliser) == ("coordinates", None, "left,right")
    with pytest.raises(ConfigError, match="no point 'nose'"):
        measured(NAMES, faces(), FRAME, Options(normaliser="left,nose"))


@pytest.mark.parametrize("pairs", ["auto", "none"])
def test_a_target_is_saved_and_read(pairs):
    target = measured(NAMES, faces(), FRAME, Options(pairs=pairs))
    assert target_from_dict(target_to_dict(target)) == target


def test_the_mean_over_views_is_laid_back_and_named_back():
    from convscope.tasks.landmarks.views import average

    target = measured(NAMES, faces(), (40, 50), Options())
    points = np.array([[[5.0, 6.0], [20.0, 7.0], [12.0, 30.0]]])
    mirrored = points.copy()
    mirrored[..., 0] = 49 - mirrored[..., 0]
    mirrored = mirrored[:, [1, 0, 2]]  # what a network would say of the mirrored image
    laid = views(Policy.parse("hflip"))
    mean = average(torch.from_numpy(np.stack([points, mirrored + 2])), laid, target)
    assert mean.numpy() == pytest.approx(points + np.array([-1, 1]))
