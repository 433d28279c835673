"""Baselines beside a network that gives images back: their mean, and principal components of equal width."""

from __future__ import annotations

import time

import numpy as np

from convscope.data.dataset import Split
from convscope.data.spec import Pixels
from convscope.tasks.baselines import Baseline, BaselineResult, Budget
from convscope.tasks.reconstruction.target import encode, in_parts

EXACT = 3_072  # numbers an image, up to which the covariance of all training images is taken


def mean_image(name: str, train: Split, scored: Split, target: Pixels, budget: Budget) -> BaselineResult:
    """Always answer the mean of the training images."""
    start = time.perf_counter()
    mean = _mean(train, target)
    answers = np.broadcast_to(mean, (len(scored), *mean.shape))
    what = "always answers the mean of the training images"
    return BaselineResult(name, what, answers, time.perf_counter() - start, len(train), False)


def principal_components(
    name: str, train: Split, scored: Split, target: Pixels, budget: Budget
) -> BaselineResult | None:
    """Answer the nearest image in the plane of as many principal components as the network has numbers in between."""
    if budget.width is None:
        return None
    start = time.perf_counter()
    mean = _mean(train, target)
    features = mean.size
    width = min(budget.width, features, len(train) - 1)
    if features <= EXACT:
        axes, learned = _of_covariance(train, target, mean, width), len(train)
    else:
        axes, learned = _of_some(train, target, mean, width, budget)
    answers = np.empty((len(scored), *mean.shape), np.float32)
    for at, x in in_parts(scored.input, target):
        flat = (x - mean).reshape(len(x), -1)
        answers[at] = np.clip(mean + (flat @ axes @ axes.T).reshape(x.shape), 0, 1)
    what = (
        f"the nearest image in the plane of the first {width} principal components, as many numbers as the network "
        f"has at its narrowest; learned from {learned:,} of {len(train):,} training images"
    )
    return BaselineResult(name, what, answers, time.perf_counter() - start, learned, learned < len(train))


def _mean(train: Split, target: Pixels) -> np.ndarray:
    sums = [x.sum(0, dtype=np.float64) for _, x in in_parts(train.input, target)]
    return (np.sum(sums, axis=0) / len(train)).astype(np.float32)


def _of_covariance(train: Split, target: Pixels, mean: np.ndarray, width: int) -> np.ndarray:
    from scipy.linalg import eigh

    products = np.zeros((mean.size, mean.size))
    for _, x in in_parts(train.input, target):
        flat = (x - mean).reshape(len(x), -1)
        products += flat.T @ flat
    return eigh(products, subset_by_index=[mean.size - width, mean.size - 1])[1].astype(np.float32)


def _of_some(
    train: Split, target: Pixels, mean: np.ndarray, width: int, budget: Budget
) -> tuple[np.ndarray, int]:  # fmt: skip
    from sklearn.decomposition import PCA

    most = max(len(budget.room) // mean.size, 2 * width)
    at = np.sort(np.random.default_rng(budget.seed).permutation(len(train))[:most])
    flat = (encode(train.input.take(at), target) - mean).reshape(len(at), -1)
    fitted = PCA(min(width, len(at) - 1), svd_solver="randomized", random_state=budget.seed).fit(flat)
    return np.asarray(fitted.components_, np.float32).T, len(at)


METHODS: dict[str, Baseline] = {"mean image": mean_image, "PCA": principal_components}
