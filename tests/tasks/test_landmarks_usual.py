"""How points are learned where the user leaves it open: the number of images decides."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.data import from_arrays
from convscope.data.dataset import Data
from convscope.data.listing import Target
from convscope.errors import ConfigError
from convscope.tasks.landmarks.usual import MANY, STEPS, VARIED, VARIED_WIDELY
from convscope.training.defaults import settle
from convscope.training.plan import make_plan

NAMES = ("left_eye", "right_eye", "chin")


def faces(train: int) -> Data:
    """Return a set of so many training images with three points, and a tenth as many to validate and to test on."""
    few = train // 10
    n = train + 2 * few
    rng = np.random.default_rng(0)
    points = np.array([[4.0, 5.0], [11.0, 5.0], [8.0, 12.0]]) + rng.normal(size=(n, 3, 2))
    splits = np.repeat(["train", "valid", "test"], (train, few, few))
    return from_arrays(
        rng.integers(0, 256, (n, 16, 16, 3), np.uint8), Target("points", points, NAMES), name="faces", splits=splits,
        ids=[str(at) for at in range(n)],
    )  # fmt: skip


def test_few_images_are_varied_widely_in_many_epochs_and_the_last_weights_kept():
    plan = settle(make_plan({}), faces(50)).plan
    assert (plan.head, plan.augment, plan.select) == ("heatmap", f"hflip {VARIED_WIDELY}", "last")
    assert (plan.batch_size, plan.epochs) == (16, STEPS // 4)


def test_many_images_are_varied_less_and_validation_chooses():
    plan = settle(make_plan({}), faces(MANY)).plan
    assert (plan.head, plan.augment, plan.select) == ("heatmap", f"hflip {VARIED}", "best")
    assert (plan.batch_size, plan.epochs) == (32, 32)


def test_what_the_user_says_stays():
    plan = settle(
        make_plan({"augment": "none", "epochs": 3, "select": "best", "points": "coordinates"}), faces(50)
    ).plan
    assert (plan.head, plan.augment, plan.epochs, plan.select) == ("own", "none", 3, "best")
    with pytest.raises(ConfigError, match="leave one of them out"):
        settle(make_plan({"head": "heatmap", "points": "coordinates"}), faces(50))
