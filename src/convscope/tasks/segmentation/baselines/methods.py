"""The simple methods by name, each as all tasks have them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from convscope.data.dataset import Split
from convscope.tasks.baselines import Baseline, BaselineResult, Budget
from convscope.tasks.segmentation.baselines import forest, grey, pixels, places, splitting
from convscope.tasks.segmentation.baselines.operating import moved
from convscope.tasks.segmentation.baselines.pixels import Map

INPUTS = ("image", "volume")


def majority(name: str, train: Split, scored: Split, target: Any, budget: Budget) -> BaselineResult | None:
    """Give every pixel the most frequent class of the training pixels; its probabilities are their frequencies."""
    what = "takes every pixel for the most frequent class of the training pixels; probabilities are class frequencies"
    return _blind(places.anywhere, what, name, train, scored, target, budget)


def place_prior(name: str, train: Split, scored: Split, target: Any, budget: Budget) -> BaselineResult | None:
    """Give a pixel the frequencies that the classes have at its place in the training images."""
    what = "looks at no image: the frequencies of the classes at the same place in the training images"
    return _blind(places.at_this_place, what, name, train, scored, target, budget)


def otsu(name: str, train: Split, scored: Split, target: Any, budget: Budget) -> BaselineResult | None:
    """Take what is brighter or darker than Otsu's threshold for the foreground; ``None`` for more than two classes."""
    return _bright(grey.otsu, name, train, scored, target, budget)


def smoothed_grey(name: str, train: Split, scored: Split, target: Any, budget: Budget) -> BaselineResult | None:
    """Take what is above or below a learned brightness for the foreground; ``None`` for more than two classes."""
    return _bright(grey.smoothed, name, train, scored, target, budget)


def random_forest(name: str, train: Split, scored: Split, target: Any, budget: Budget) -> BaselineResult | None:
    """Learn a random forest on brightness, edges and texture at several scales."""
    if train.input.spec.kind not in INPUTS or not len(train) or not len(scored):
        return None
    start = time.perf_counter()
    instances = pixels.of_instances(train)
    wanted = 0.5 if instances else _threshold(target)
    learned = forest.learned(
        train, scored, _count(train, target), budget.seed, foreground_only=instances, wanted=wanted
    )
    predict, how = learned.probabilities, learned.how
    if instances:
        predict, how = _cut(predict, how, train, budget.seed)
    return _result(name, how, predict, train, scored, target, learned.images, start)


Frequencies = Callable[[Split, Split, int, int], Map]


def _blind(
    method: Frequencies, what: str, name: str, train: Split, scored: Split, target: Any, budget: Budget
) -> BaselineResult | None:
    if train.input.spec.kind not in INPUTS or not len(train):
        return None
    start = time.perf_counter()
    count = _count(train, target)
    predict = method(train, scored, count, budget.seed)
    if count == 2:
        predict = _at_threshold(predict, _threshold(target))
    return _result(name, what, predict, train, scored, target, len(train), start)


def _bright(
    method: Callable[[Split, Split, int], grey.Learned],
    name: str,
    train: Split,
    scored: Split,
    target: Any,
    budget: Budget,
) -> BaselineResult | None:
    instances = pixels.of_instances(train)
    if train.input.spec.kind not in INPUTS or not len(train) or not (instances or _count(train, target) == 2):
        return None
    start = time.perf_counter()
    foreground, how, images = method(train, scored, budget.seed)
    if instances:
        predict, how = _cut(foreground, how, train, budget.seed)
    else:
        predict = _at_threshold(lambda at: _two(foreground(at)), _threshold(target))
    return _result(name, how, predict, train, scored, target, images, start)


def _cut(foreground: Map, how: str, train: Split, seed: int) -> tuple[Map, str]:
    """Return what cuts a foreground into objects, and how."""
    splitter = splitting.learned(train, seed)
    said = f"{how}; touching objects are cut by a watershed, their middles at least {splitter.distance} pixels apart"
    return lambda at: splitting.as_probabilities(splitter(foreground(at) > 0.5)), said


def _two(foreground: np.ndarray) -> np.ndarray:
    return np.stack([1 - foreground, foreground], -1)


def _at_threshold(predict: Map, wanted: float) -> Map:
    """Return probabilities of two classes, moved so that what was above 0.5 is above the threshold of the target."""
    return predict if wanted == 0.5 else lambda at: _two(moved(predict(at)[..., 1], 0.5, wanted))


def _threshold(target: Any) -> float:
    return float(np.clip(getattr(target, "threshold", 0.5), 0.01, 0.99))


def _count(train: Split, target: Any) -> int:
    return 3 if pixels.of_instances(train) else len(target.names)


def _result(
    name: str, what: str, predict: Map, train: Split, scored: Split, target: Any, images: int, start: float
) -> BaselineResult:
    predictions = pixels.probabilities(scored, _count(train, target), predict)
    return BaselineResult(name, what, predictions, time.perf_counter() - start, images, False)


METHODS: dict[str, Baseline] = {
    "majority class": majority,
    "place prior": place_prior,
    "Otsu's threshold": otsu,
    "smoothed grey threshold": smoothed_grey,
    "random forest": random_forest,
}
