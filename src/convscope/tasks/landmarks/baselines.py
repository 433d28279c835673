"""Simple methods beside a network of points: their mean places, and ridge regression on gradients."""

from __future__ import annotations

import time

import numpy as np

from convscope.data.dataset import Split
from convscope.data.spec import Points
from convscope.data.transforms.placement import original
from convscope.tasks import ridge
from convscope.tasks.baselines import Baseline, BaselineResult, Budget


def mean_places(name: str, train: Split, scored: Split, target: Points, budget: Budget) -> BaselineResult:
    """Always answer the mean place of each point in the frame."""
    start = time.perf_counter()
    predictions = _in_images(
        np.broadcast_to(np.array(target.shape), (len(scored), *np.shape(target.shape))), scored, target
    )
    what = "always answers the mean places of the training images' points in the frame"
    return BaselineResult(name, what, predictions, time.perf_counter() - start, len(train), False)


def ridge_on_gradients(name: str, train: Split, scored: Split, target: Points, budget: Budget) -> BaselineResult:
    """Answer a linear function of histograms of oriented gradients."""
    size = np.array(target.frame[::-1])
    values = ((train.placed_target + 0.5) / size).reshape(len(train), -1)
    found = ridge.on_gradients(train, scored, values, seconds=budget.seconds, seed=budget.seed)
    predictions = _in_images(found.predictions.reshape(len(scored), -1, 2), scored, target)
    return BaselineResult(name, ridge.said(found, len(train)), predictions, found.seconds, found.train_rows, False)


def _in_images(places: np.ndarray, split: Split, target: Points) -> np.ndarray:
    """Return places (n, K, 2) from 0 to 1 as points of the images themselves."""
    return original(places * np.array(target.frame[::-1]) - 0.5, split.placements)


METHODS: dict[str, Baseline] = {"mean places": mean_places, "HOG + ridge": ridge_on_gradients}
