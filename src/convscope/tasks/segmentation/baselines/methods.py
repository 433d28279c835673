"""The simple methods by name, each as all tasks have them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from convscope.data.columns.computed import Computed
from convscope.data.dataset import Split
from convscope.data.spec import Instances, PixelClasses
from convscope.tasks.baselines import Baseline, BaselineResult, Budget
from convscope.tasks.segmentation.baselines import forest, grey, pixels, places, splitting
from convscope.tasks.segmentation.baselines.pixels import Learned, Map
from convscope.tasks.segmentation.tuning import tuned

INPUTS = ("image", "volume")
FOREST = 4.0  # times as long as other methods: most of it goes into scoring, which no budget counts


@dataclass(frozen=True)
class Job:
    """What a method learns from, and what for."""

    train: Split
    scored: Split
    target: PixelClasses | Instances
    budget: Budget

    @property
    def count(self) -> int:
        """How many classes pixels have; of instances background, inside and border."""
        return len(self.target.names)

    @property
    def instances(self) -> bool:
        """Whether objects are learned."""
        return isinstance(self.target, Instances)

    @cached_property
    def valid(self) -> Split:
        """The images that thresholds are chosen on, as the network's are."""
        valid = self.train.dataset.valid
        return self.scored if np.array_equal(valid.rows, self.scored.rows) else valid


def majority(job: Job) -> Learned:
    """Give every pixel the most frequent class of the training pixels."""
    return places.anywhere(job.train, job.count, job.budget.seed)


def place_prior(job: Job) -> Learned:
    """Give a pixel the frequencies that the classes have at its place in the training images."""
    return places.at_this_place(job.train, job.count, job.budget.seed)


def otsu(job: Job) -> Learned:
    """Take what is brighter or darker than Otsu's threshold for the foreground."""
    return _of_foreground(grey.otsu(job.train, job.budget.seed), job)


def smoothed_grey(job: Job) -> Learned:
    """Take what is above or below a learned brightness for the foreground."""
    return _of_foreground(grey.smoothed(job.train, job.budget.seed), job)


def random_forest(job: Job) -> Learned:
    """Learn a random forest on brightness, edges and texture at several scales."""
    splits = [job.scored] if job.valid is job.scored else [job.scored, job.valid]
    learned = forest.learned(
        job.train,
        splits,
        job.count,
        job.budget.seed,
        seconds=FOREST * job.budget.seconds,
        foreground_only=job.instances,
    )
    return _of_foreground(learned, job) if job.instances else learned


def _of_foreground(learned: Learned, job: Job) -> Learned:
    """Return a method for a foreground as one for two classes, or for objects, which a watershed cuts."""
    if not job.instances:
        return _then(learned, _two, learned.how)
    splitter = splitting.learned(job.train, job.budget.seed)
    how = f"touching objects are cut by a watershed, their middles at least {splitter.distance} pixels apart"

    def cut(foreground: np.ndarray) -> np.ndarray:
        return splitting.as_probabilities(splitter(foreground > 0.5))

    return _then(learned, cut, f"{learned.how}; {how}")


def _then(learned: Learned, convert: Callable[[np.ndarray], np.ndarray], how: str) -> Learned:
    """Return a method whose maps go through ``convert``."""

    def predict(split: Split) -> Map:
        maps = learned.predict(split)
        return lambda at: convert(maps(at))

    return Learned(predict, how, learned.images)


def _two(foreground: np.ndarray) -> np.ndarray:
    return np.stack([1 - foreground, foreground], -1)


def _method(learn: Callable[[Job], Learned], *, foreground: bool = False) -> Baseline:
    """Return a method as a baseline; one for a ``foreground`` says nothing of more than two classes."""

    def method(
        name: str, train: Split, scored: Split, target: PixelClasses | Instances, budget: Budget
    ) -> BaselineResult | None:
        job = Job(train, scored, target, budget)
        few = job.instances or job.count == 2
        if train.input.spec.kind not in INPUTS or not len(train) or not len(scored) or (foreground and not few):
            return None
        start = time.perf_counter()
        learned = learn(job)
        predictions = pixels.probabilities(scored, job.count, learned.predict(scored))
        own = _read_as(job, learned, predictions)
        return BaselineResult(
            name, learned.how, predictions, time.perf_counter() - start, learned.images, False, target=own
        )

    return method


def _read_as(job: Job, learned: Learned, predictions: Computed) -> PixelClasses | Instances:
    """Return the target with the thresholds that suit this method, chosen on the same images as the network's."""
    usual = replace(job.target, threshold=0.5, seeds=0.5, smallest=0)
    if job.valid is not job.scored:
        if not len(job.valid):
            return usual
        predictions = pixels.probabilities(job.valid, job.count, learned.predict(job.valid))
    return tuned(usual, job.valid.column(job.valid.dataset.targets[0]), predictions)


METHODS: dict[str, Baseline] = {
    "majority class": _method(majority),
    "place prior": _method(place_prior),
    "Otsu's threshold": _method(otsu, foreground=True),
    "smoothed grey threshold": _method(smoothed_grey, foreground=True),
    "random forest": _method(random_forest),
}
