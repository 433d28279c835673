"""A random forest on brightness, edges and texture at several scales, as in ilastik and scikit-image's example.

Sommer et al., Ilastik: interactive learning and segmentation toolkit, ISBI 2011. How much it learns from and how finely
it looks at the scored images is planned from their sizes and measured speeds, never by the clock: the same seed gives
the same forest on any machine.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convscope.data.dataset import Split
from convscope.tasks.segmentation.baselines import pixels
from convscope.tasks.segmentation.baselines.operating import best_threshold
from convscope.tasks.segmentation.baselines.pixels import Learned, Map
from convscope.tasks.segmentation.borders import VOID
from convscope.tasks.segmentation.regions import scale_space

MOST_SECONDS = 40  # to plan for, all in all: a machine two thirds as fast still ends within a minute
MOST_SHRUNK = 64
TREES, LEAF, SAMPLE = 50, 5, 30_000
FINEST, COARSEST = 0.5, 16  # standard deviations of the Gaussians, in pixels, each twice the one before
HALO = 68  # pixels beyond a window that its features depend on: four of the coarsest, and the derivatives
BYTES = 2**27  # of the features of one window
SECONDS_OF_FEATURES = {1: 1e-6, 2: 2.5e-6, 3: 8e-6}  # a pixel and channel, by the number of axes; one thread
SECONDS_OF_FOREST = 2.5e-6  # a pixel


@dataclass(frozen=True)
class Windows:
    """How images are looked at: shrunk by whole numbers, a window of ``core`` pixels along each axis at a time.

    ``seconds`` are those that learning may take.
    """

    shrunk: int
    core: int
    seconds: float

    @classmethod
    def of(cls, splits: Sequence[Split], seconds: float) -> Windows:
        """Plan for the images of some splits: shrunk so far that half of the time is enough for them."""
        shape = pixels.image(splits[0], 0).shape
        axes, channels = len(shape) - 1, shape[-1]
        total = sum(math.prod(pixels.image(split, at).shape[:-1]) for split in splits for at in range(len(split)))
        each = SECONDS_OF_FEATURES.get(axes, 8e-6) * channels + SECONDS_OF_FOREST
        shrunk = 1
        while total / shrunk**axes * each > seconds / 2 and shrunk < MOST_SHRUNK:
            shrunk += 1
        side = int((BYTES / (4 * feature_count(axes, channels))) ** (1 / axes))
        return cls(shrunk, max(32, side - 2 * HALO), seconds / 4)

    def each(self, shape: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
        """Yield the windows of a shrunk image."""
        starts = [range(0, size, self.core) for size in shape]
        for start in itertools.product(*starts):
            yield tuple(slice(a, min(a + self.core, size)) for a, size in zip(start, shape, strict=True))


def learned(
    train: Split, splits: Sequence[Split], count: int, seed: int, *, seconds: float, foreground_only: bool
) -> Learned:
    """Train the forest on pixels of ``train``, so that it predicts the images of ``splits`` in time.

    All in all it takes about ``seconds``. ``foreground_only``: it tells objects from all else, above the probability
    that is best for the training pixels by trees that did not learn them; else ``count`` classes.
    """
    windows = Windows.of(splits, min(seconds, MOST_SECONDS))
    x, y, weights, images = _sampled(train, windows, seed, foreground_only)
    forest, own = _fitted(x, y, weights, seed, foreground_only)

    def predict(split: Split) -> Map:
        classes = 2 if foreground_only else count
        kept = [_predicted(forest, pixels.image(split, at), windows, classes) for at in range(len(split))]

        def probabilities(at: int) -> np.ndarray:
            values = kept[at].astype(np.float32)
            values /= np.maximum(values.sum(-1, keepdims=True), 1e-6)
            values = (values[..., 1] > own).astype(np.float32) if foreground_only else values
            return _enlarged(values, windows.shrunk, pixels.image(split, at).shape[:-1])

        return probabilities

    shrunk = f"images shrunk to 1/{windows.shrunk}, " if windows.shrunk > 1 else ""
    how = (
        f"{TREES} trees on {x.shape[1]} values of brightness, edges and texture at scales from {FINEST:g} to "
        f"{COARSEST:g} pixels, {shrunk}learned from {len(x):,} pixels of {images:,} training images"
    )
    return Learned(predict, how, images)


def feature_count(axes: int, channels: int) -> int:
    """Return how many features a pixel has: a brightness, an edge and a curvature along each axis, at each scale.

    >>> feature_count(2, 1), feature_count(2, 3)
    (24, 72)
    """
    return (2 + axes) * channels * round(math.log2(COARSEST / FINEST) + 1)


def features(image: np.ndarray, window: tuple[slice, ...]) -> np.ndarray:
    """Return the features (h, w, F) float32 of a window of an image (H, W, C) float32."""
    around = tuple(slice(max(0, at.start - HALO), at.stop + HALO) for at in window)
    part = image[around]
    short = [max(0, 3 - size) for size in part.shape[:-1]]  # second derivatives need three pixels
    part = np.pad(part, [*((0, pixels) for pixels in short), (0, 0)], mode="edge")
    values = scale_space(part, FINEST, COARSEST)
    inside = (slice(at.start - a.start, at.stop - a.start) for at, a in zip(window, around, strict=True))
    return values[tuple(inside)]


def shrink(image: np.ndarray, times: int) -> np.ndarray:
    """Return the means (h, w, C) float32 of blocks of an image; where a block is cut, its last pixels are repeated.

    >>> shrink(np.arange(5.0)[:, None], 2)[:, 0].tolist()
    [0.5, 2.5, 4.0]
    """
    image = image.astype(np.float32)
    if times == 1:
        return image
    image = np.pad(image, [*((0, -size % times) for size in image.shape[:-1]), (0, 0)], mode="edge")
    for axis in range(image.ndim - 1):
        shape = image.shape
        image = image.reshape(*shape[:axis], shape[axis] // times, times, *shape[axis + 1 :]).mean(axis + 1)
    return image


def _enlarged(values: np.ndarray, times: int, shape: tuple[int, ...]) -> np.ndarray:
    for axis in range(len(shape) if times > 1 else 0):
        values = values.repeat(times, axis)
    return values[tuple(slice(size) for size in shape)]


def _sampled(
    train: Split, windows: Windows, seed: int, foreground_only: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Return features (n, F), classes (n,) and weights (n,) of training pixels, and of how many images they are.

    In a window each class gives as many pixels as the others, as far as it has them; weights give it back its share.
    """
    rng = np.random.default_rng(seed)
    chosen = _planned(train, windows, rng)
    wanted = SAMPLE // len(chosen)
    parts = [_of_window(train, at, window, windows, wanted, rng, foreground_only) for at, window in chosen]
    x, y, weights = (np.concatenate(column) for column in zip(*parts, strict=True))
    return x, y, weights, len({at for at, _ in chosen})


def _planned(train: Split, windows: Windows, rng: np.random.Generator) -> list[tuple[int, tuple[slice, ...]]]:
    """Return the windows to learn from, each with its image's position, until the time is planned away.

    Images come in a random order, each with one window drawn at random, then each that is left with another one.
    """
    first = pixels.image(train, 0).shape
    each = SECONDS_OF_FEATURES.get(len(first) - 1, 8e-6) * first[-1]
    chosen: list[tuple[int, tuple[slice, ...]]] = []
    left: list[int] = rng.permutation(len(train)).tolist()
    waiting: dict[int, list[tuple[slice, ...]]] = {}
    seconds = 0.0
    while left:
        again: list[int] = []
        for at in left:
            if at not in waiting:
                shape = tuple(-(-size // windows.shrunk) for size in pixels.image(train, at).shape[:-1])
                own = list(windows.each(shape))
                waiting[at] = [own[k] for k in rng.permutation(len(own))]
            window = waiting[at].pop()
            halo = 2 * HALO if waiting[at] else 0
            seconds += each * math.prod(side.stop - side.start + halo for side in window)
            if chosen and seconds > windows.seconds:
                return chosen
            chosen.append((at, window))
            if waiting[at]:
                again.append(at)
        left = again
    return chosen


def _of_window(
    train: Split,
    at: int,
    window: tuple[slice, ...],
    windows: Windows,
    wanted: int,
    rng: np.random.Generator,
    foreground_only: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    truth = pixels.foreground(train, at) if foreground_only else pixels.classes(train, at)
    times = windows.shrunk
    box = tuple(slice(each.start * times, each.stop * times) for each in window)
    truth = truth[box]
    flat = truth.ravel()
    present = np.setdiff1d(np.unique(flat), [VOID])
    places, weights = [np.zeros(0, np.int64)], [np.zeros(0)]
    for k in present:
        own = np.flatnonzero(flat == k)
        drawn = rng.choice(own, min(len(own), max(1, wanted // len(present))), replace=False)
        places.append(drawn)
        weights.append(np.full(len(drawn), len(own) / len(drawn)))
    place = np.concatenate(places)
    where = tuple(index // times for index in np.unravel_index(place, truth.shape))
    x = features(shrink(pixels.image(train, at), times), window)[where]
    return x, flat[place], np.concatenate(weights)


def _fitted(x: np.ndarray, y: np.ndarray, weights: np.ndarray, seed: int, foreground_only: bool) -> tuple[Any, float]:
    """Return the forest, and of a foreground the probability above which the Dice is best."""
    from sklearn.ensemble import RandomForestClassifier

    if not len(x):  # all is void
        x, y, weights = np.zeros((1, x.shape[1]), np.float32), np.zeros(1, np.uint8), np.ones(1)
    forest: Any = RandomForestClassifier(
        TREES, min_samples_leaf=LEAF, oob_score=foreground_only, random_state=seed, n_jobs=1
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Some inputs do not have OOB scores")
        forest.fit(x, y, sample_weight=weights / weights.mean())
    if not foreground_only or len(forest.classes_) < 2:
        return forest, 0.5
    foreground = forest.oob_decision_function_[:, 1]
    known = np.isfinite(foreground)
    own, _ = best_threshold(foreground[known], y[known], weights[known])
    return forest, own


def _predicted(forest: Any, image: np.ndarray, windows: Windows, count: int) -> np.ndarray:
    """Return the probabilities (h, w, count) float16 of a shrunk image: the most that is kept in memory."""
    image = shrink(image, windows.shrunk)
    result = np.zeros((*image.shape[:-1], count), np.float16)
    for window in windows.each(image.shape[:-1]):
        values = features(image, window)
        answers = forest.predict_proba(values.reshape(-1, values.shape[-1]))
        part = result[window].reshape(-1, count)
        part[:, forest.classes_] = answers
        result[window] = part.reshape(*values.shape[:-1], count)
    return result
