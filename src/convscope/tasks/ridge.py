"""A linear method for any numbers beside the network: ridge regression on histograms of oriented gradients.

How strong the penalty is, leaving one example out decides (Golub, Heath and Wahba, Technometrics 21, 1979), so that no
validation image is used.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np

from convscope.data.dataset import Split
from convscope.tasks.baselines import FLOATS
from convscope.tasks.features import Features, gradients, gradients_seconds, in_chunks

FLOPS = 1e10  # multiplications per second of the matrix products and decompositions, one thread
PENALTIES = np.logspace(-3, 2, 11)  # times the number of features, which have the variance 1


class Ridge(NamedTuple):
    """What the method predicts, (m, D), and what it took: images learned from, features, seconds, its penalty."""

    predictions: np.ndarray
    train_rows: int
    features: int
    seconds: float
    penalty: float


def on_gradients(train: Split, scored: Split, values: np.ndarray, *, seconds: float, seed: int) -> Ridge:
    """Learn ``values`` (n, D) of the training images and predict those of the scored ones.

    A value that is missing (NaN) is taken for the mean of the others. As many training images are used, drawn at
    random, as are estimated to fit into memory and half the ``seconds``.
    """
    start = time.perf_counter()
    features = gradients(_side(train, len(scored), seconds / 2))
    width = features(_raw(train, np.arange(1))).shape[1]
    rows = _rows(len(train), width, values.shape[1], seconds / 2, seed)
    x, scored_x = (_features(split, at, features) for split, at in ((train, rows), (scored, np.arange(len(scored)))))
    centre, spread = x.mean(dtype=np.float64), max(float(x.std(dtype=np.float64)), 1e-12)
    y, mean, std = _filled(values[rows])
    x, scored_x = ((each - np.float32(centre)) / np.float32(spread) for each in (x, scored_x))
    guesses, penalty = fitted(x, scored_x, y)
    return Ridge(guesses * std + mean, len(rows), width, time.perf_counter() - start, penalty)


def fitted(x: np.ndarray, scored: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """Return predictions (m, D) for features (m, d), learned from x (n, d) and y (n, D), and the penalty chosen."""
    from sklearn.linear_model import Ridge as Fitted
    from sklearn.linear_model import RidgeCV

    if len(x) < 3:
        model = Fitted(alpha=x.shape[1]).fit(x, y)
        return model.predict(scored).reshape(len(scored), -1), 1.0
    model = RidgeCV(alphas=PENALTIES * x.shape[1]).fit(x, y)
    return model.predict(scored).reshape(len(scored), -1), float(model.alpha_ / x.shape[1])


def _filled(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return values (n, D) standardised, 0 where one is missing, their means (D,) and standard deviations (D,)."""
    known = np.isfinite(values)
    number = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0.0).sum(axis=0) / number
    apart = np.where(known, values - mean, 0.0)
    std = np.sqrt((apart**2).sum(axis=0) / number)
    std[std <= 1e-12 * np.abs(mean)] = 1.0
    return apart / std, mean, std


def _raw(split: Split, at: np.ndarray) -> np.ndarray:
    return next(in_chunks(split, at))


def _side(split: Split, images: int, seconds: float) -> int:
    """Return the largest side that images are shrunk to, so that the scored ones are through in time."""
    _, H, W, C = _raw(split, np.arange(1)).shape
    return next((side for side in (128, 64) if gradients_seconds(H, W, C, side) * images < seconds), 32)


def _rows(count: int, width: int, outputs: int, seconds: float, seed: int) -> np.ndarray:
    """Return the positions of the training images that fit: n images cost about n · d · min(n, d) multiplications."""
    most = min(count, FLOATS // width)

    def costs(n: int) -> float:
        return 4 * n * width * min(n, width) / FLOPS + n * width * outputs * len(PENALTIES) / FLOPS

    while most > 10 and costs(most) > seconds:
        most = most * 3 // 4
    return np.sort(np.random.default_rng(seed).permutation(count)[: max(most, min(count, 10))])


def _features(split: Split, at: np.ndarray, features: Features) -> np.ndarray:
    return np.concatenate([features(images) for images in in_chunks(split, at)])


def said(regression: Ridge, count: int) -> str:
    """Say in one sentence what the method did, of ``count`` training images."""
    return (
        f"ridge regression on {regression.features:,} histogram values of oriented gradients (HOG), learned from "
        f"{regression.train_rows:,} of {count:,} training images; penalty {regression.penalty:.3g} per feature by "
        "leave-one-out"
    )
