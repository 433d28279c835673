"""Brightness alone: Otsu's threshold, and a threshold of the smoothed image that is learned."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from convscope.data.dataset import Split
from convscope.tasks.segmentation import regions
from convscope.tasks.segmentation.baselines import pixels
from convscope.tasks.segmentation.baselines.operating import best_threshold
from convscope.tasks.segmentation.baselines.pixels import Learned, Map
from convscope.tasks.segmentation.borders import VOID
from convscope.tasks.segmentation.choice import mean_dice

MOST_PIXELS = 2**22  # of training images that are looked at
SAMPLE = 200_000  # training pixels that a threshold is learned from
SIGMAS = (0.0, 1.0, 2.0, 4.0)
KNOTS = 129  # between which ranks on each side of a threshold are interpolated


def otsu(train: Split, seed: int) -> Learned:
    """Choose what Otsu's threshold is taken of, and which side is the foreground, by the mean Dice of training pixels.

    The threshold separates bright from dark so that both vary least: each image's own, or one of all training images.
    Otsu, IEEE Transactions on Systems, Man, and Cybernetics 9, 1979.
    """
    chosen = list(pixels.some(train, MOST_PIXELS, seed))
    images = [pixels.image(train, at) for at in chosen]
    truths = [pixels.foreground(train, at) for at in chosen]
    best: tuple[float, int, int, float | None] = (-1.0, 0, 1, None)
    for channel in _channels(images[0]):
        greys = [channel_of(image, channel) for image in images]
        for common in (None, regions.otsu_threshold(np.concatenate([each.ravel() for each in greys]))):
            bright = [each > (regions.otsu_threshold(each) if common is None else common) for each in greys]
            for sign in (1, -1):
                score = _dice([mask if sign > 0 else ~mask for mask in bright], truths)
                best = max(best, (score, channel, sign, common), key=lambda row: row[0])
    _, channel, sign, common = best

    def predict(split: Split) -> Map:
        def foreground(at: int) -> np.ndarray:
            values = channel_of(pixels.image(split, at), channel)
            bright = values > (regions.otsu_threshold(values) if common is None else common)
            return (bright if sign > 0 else ~bright).astype(np.float32)

        return foreground

    whose = "each image's own" if common is None else f"{common:.4g}, of all training images together"
    side = "brighter" if sign > 0 else "darker"
    how = f"Otsu's threshold of {_named(channel, images[0])} ({whose}); {side} pixels are the foreground"
    return Learned(predict, how, len(chosen))


def smoothed(train: Split, seed: int) -> Learned:
    """Learn a threshold of the smoothed brightness.

    Channel, smoothing, side and value are those with the best mean Dice of training pixels. Probabilities are
    ranks: 0.75 is brighter, or darker, than half of the training pixels on that side of the threshold.
    """
    chosen = list(pixels.some(train, MOST_PIXELS, seed))
    first = pixels.image(train, chosen[0])
    options = list(itertools.product(_channels(first), SIGMAS))
    values, truth = _sampled(train, chosen, options, seed)
    tried: list[tuple[float, int, float, int, float]] = []
    for (channel, sigma), column in zip(options, values.T, strict=True):
        for sign in (1, -1):
            threshold, score = best_threshold(sign * column, truth, np.ones(len(truth)))
            tried.append((score, channel, sigma, sign, sign * threshold))
    _, channel, sigma, sign, threshold = max(tried, key=lambda row: row[0])
    ranks = _ranks(sign * values[:, options.index((channel, sigma))], sign * threshold)

    def predict(split: Split) -> Map:
        def foreground(at: int) -> np.ndarray:
            values = smooth(pixels.image(split, at), channel, sigma)
            return ranks(sign * values).astype(np.float32)

        return foreground

    side = "above" if sign > 0 else "below"
    smoothing = f"smoothed by a Gaussian of {sigma:g} pixels" if sigma else "not smoothed"
    how = f"{_named(channel, first)}, {smoothing}: {side} {threshold:.4g} is the foreground"
    return Learned(predict, how, len(chosen))


def channel_of(image: np.ndarray, channel: int) -> np.ndarray:
    """Return a channel (H, W) of an image (H, W, C) as it is stored; -1 is the mean of all, float32."""
    return image.mean(-1, dtype=np.float32) if channel < 0 else image[..., channel]


def smooth(image: np.ndarray, channel: int, sigma: float) -> np.ndarray:
    """Return a channel (H, W) float32, smoothed by a Gaussian of ``sigma`` pixels."""
    values = channel_of(image, channel).astype(np.float32)
    return regions.smoothed(values, sigma) if sigma else values


def _channels(image: np.ndarray) -> list[int]:
    return [0] if image.shape[-1] == 1 else [-1, *range(image.shape[-1])]


def _named(channel: int, image: np.ndarray) -> str:
    if image.shape[-1] == 1:
        return "the brightness"
    return "the mean of all channels" if channel < 0 else f"channel {channel + 1}"


def _sampled(
    train: Split, chosen: list[int], options: list[tuple[int, float]], seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return values (n, options) of pixels drawn from some training images, and whether each is foreground (n,)."""
    rng = np.random.default_rng(seed)
    values, truths = list[np.ndarray](), list[np.ndarray]()
    for at in chosen:
        image, truth = pixels.image(train, at), pixels.foreground(train, at).ravel()
        known = np.flatnonzero(truth != VOID)
        drawn = rng.choice(known, min(len(known), max(1, SAMPLE // len(chosen))), replace=False)
        values.append(np.stack([smooth(image, *option).ravel()[drawn] for option in options], -1))
        truths.append(truth[drawn])
    return np.concatenate(values), np.concatenate(truths)


def _ranks(values: np.ndarray, threshold: float) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function that ranks values from 0 to 1 among these (n,): above 0.5 what is above the threshold."""
    steps = np.linspace(0, 1, KNOTS)
    sides = [values[values <= threshold], values[values > threshold]]
    below, above = (np.quantile(side if len(side) else [threshold], steps) for side in sides)

    def ranks(others: np.ndarray) -> np.ndarray:
        upper = np.interp(others, [threshold, *above], np.linspace(0.5, 1, KNOTS + 1))
        return np.where(others > threshold, upper, np.interp(others, below, steps / 2))

    return ranks


def _dice(masks: list[np.ndarray], truths: list[np.ndarray]) -> float:
    counts = np.zeros((2, 2))
    for mask, truth in zip(masks, truths, strict=True):
        for k in (0, 1):
            counts[k] += (mask & (truth == k)).sum(), (truth == k).sum()
    return float(mean_dice(counts[1, 0], counts[0, 0], counts[0, 1], counts[1, 1]))
