"""Simple methods for signals beside the network, on the same split: 1-NN, a few statistics, random kernels.

Each learns from as many training signals as are estimated to fit into its time and memory, the same ones on every
machine, and answers for all signals of the scored split.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import numpy as np

from convscope.data.dataset import Split
from convscope.data.spec import Classes
from convscope.tasks.baselines import FLOATS, Baseline, BaselineResult, Budget
from convscope.tasks.signals import random_kernels, ridge
from convscope.tasks.signals.padded import Padded, padded
from convscope.tasks.signals.statistics import NAMES, statistics

FLOPS = 1e10  # multiplications per second of matrix products and decompositions, one thread
STATISTICS = 3e-4  # seconds for those of a channel
RESAMPLED = 512  # steps that signals of different lengths are brought to at most, to be compared
CHUNK = 64  # signals at a time

# What is learned from signals and labels -> the probabilities (n, K) for others, and what it was in words.
Learned = tuple[Callable[[Padded], np.ndarray], str]
Learn = Callable[[Padded, np.ndarray, int, int], Learned]


def _neighbour(signals: Padded, labels: np.ndarray, classes: int, seed: int) -> Learned:
    steps = min(RESAMPLED, int(np.median(signals.lengths)))
    known = _of_length(signals, steps)
    norms = (known**2).sum(1)

    def nearest(x: np.ndarray, *, alone: bool = False) -> np.ndarray:
        distances = norms - 2 * (x @ known.T)  # (n, m), but for what is the same for all m
        if alone:
            np.fill_diagonal(distances, np.inf)
        return labels[distances.argmin(1)]

    right = float((nearest(known, alone=True) == labels).mean()) if len(labels) > 1 else 0.5
    sure = min(max(right, 1 / classes + 0.01), 1 - 1 / (2 + len(labels)))
    table = np.full((classes, classes), (1 - sure) / (classes - 1))
    np.fill_diagonal(table, sure)
    said = (
        f"the class of the nearest training signal by Euclidean distance over {steps:,} steps, as sure as it is right "
        "about training signals left out"
    )
    return lambda others: table[nearest(_of_length(others, steps))], said


def _of_length(signals: Padded, steps: int) -> np.ndarray:
    """Return signals (n, C * steps) of one length: as they are, else by the lines between their values."""
    if (signals.lengths == steps).all():
        return signals.x[:, :, :steps].reshape(len(signals.x), -1)
    places = np.linspace(0, 1, steps)
    rows = [
        np.concatenate([np.interp(places, np.linspace(0, 1, length), channel[:length]) for channel in x])
        for x, length in zip(signals.x, signals.lengths.tolist(), strict=True)
    ]
    return np.array(rows, np.float32)


def _statistics(signals: Padded, labels: np.ndarray, classes: int, seed: int) -> Learned:
    from sklearn.linear_model import LogisticRegression

    x = statistics(signals)
    mean, std = x.mean(0), x.std(0)
    std[std <= 1e-8] = 1
    model = LogisticRegression(max_iter=300)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "lbfgs failed to converge")
        model.fit((x - mean) / std, labels)

    def answer(others: Padded) -> np.ndarray:
        probabilities = np.zeros((len(others.x), classes))
        probabilities[:, model.classes_] = model.predict_proba((statistics(others) - mean) / std)
        return probabilities

    return answer, f"logistic regression on {x.shape[1]} statistics of a signal: its level, spread, changes and rhythm"


def _random_kernels(signals: Padded, labels: np.ndarray, classes: int, seed: int) -> Learned:
    kernels = random_kernels.drawn(signals, seed)
    x = random_kernels.shares(signals, kernels)
    model = ridge.fitted(x, labels, classes)
    said = (
        f"ridge regression on {x.shape[1]:,} shares of steps at which fixed kernels exceed a threshold (MiniRocket's "
        f"idea); penalty {model.penalty:.3g} by leaving one out"
    )
    return lambda others: model.predict_proba(random_kernels.shares(others, kernels)), said


def _method(learn: Learn, features: Callable[[int, int], int], costs: Callable[[int, int, int], float]) -> Baseline:
    """Return the method that learns so.

    ``features(channels, steps)`` is how many numbers it holds of a signal, ``costs(signals, channels, steps)`` how many
    seconds learning takes.
    """

    def method(name: str, train: Split, scored: Split, target: Classes, budget: Budget) -> BaselineResult | None:
        if train.input.spec.kind != "signal":
            return None
        start = time.perf_counter()
        count, classes = len(train), len(target.names)
        channels, steps = _size(train)
        most = min(count, FLOATS // features(channels, steps))
        while most > 10 * classes and costs(most, channels, steps) > budget.seconds / 2:
            most = most * 3 // 4
        rows = _even(train.labels, min(count, max(most, 10 * classes)), budget.seed)
        signals, scale = padded(train, rows)
        answer, said = learn(signals, train.labels[rows], classes, budget.seed)
        parts = np.array_split(np.arange(len(scored)), max(1, -(-len(scored) // CHUNK)))
        probabilities = np.concatenate([answer(padded(scored, at, scale)[0]) for at in parts])
        said += f", learned from {len(rows):,} of {count:,} training signals"
        return BaselineResult(name, said, probabilities, time.perf_counter() - start, len(rows), len(rows) < count)

    return method


def _size(split: Split) -> tuple[int, int]:
    """Return the channels of the signals of a split, and the steps of the longest of some."""
    some, _ = padded(split, np.arange(min(len(split), 100)))
    return some.x.shape[1], some.x.shape[2]


def _even(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Return ``count`` positions, each class by its share and at least once."""
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    first = order[np.unique(labels[order], return_index=True)[1]]
    return np.unique(np.concatenate([first, order[np.arange(count) * len(order) // count]]))


METHODS: dict[str, Baseline] = {
    "1-NN": _method(
        _neighbour,
        lambda channels, steps: channels * steps,
        lambda n, channels, steps: n * n * channels * steps / FLOPS,
    ),
    "summary statistics": _method(
        _statistics,
        lambda channels, steps: channels * len(NAMES),
        lambda n, channels, steps: n * channels * STATISTICS,
    ),
    "random kernels": _method(
        _random_kernels,
        lambda channels, steps: random_kernels.SHARES,
        lambda n, channels, steps: (
            n * random_kernels.seconds_for(channels, steps) + (2 * n * n * random_kernels.SHARES + 10 * n**3) / FLOPS
        ),
    ),
}
