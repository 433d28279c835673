"""Simple methods beside a network for numbers of texts and signals: ridge regression on what is easily counted.

The penalty is chosen on training examples alone: one in ten of the texts, each signal in turn. A number that is missing
is taken for the mean of the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from convscope.data.dataset import Split
from convscope.data.spec import Numbers
from convscope.tasks import ridge
from convscope.tasks.baselines import FLOATS, Baseline, BaselineResult, Budget
from convscope.tasks.signals import random_kernels
from convscope.tasks.signals.padded import Padded, padded
from convscope.tasks.signals.statistics import NAMES, statistics
from convscope.tasks.texts import LETTERS_A_SECOND, LONGEST, gram_counts, sizes, texts_of

PENALTIES = (0.1, 1.0, 10.0, 100.0)  # of counts of runs of characters
HELD = 10  # one in so many texts chooses the penalty
SIGNALS_A_SECOND = 200  # at 1,000 steps of all channels, for the kernels
CHUNK = 64  # signals at a time
STEPS = 100
TRIED = 5_000  # texts at most that choose the penalty


def _drawn(train: Split, most: int, seed: int) -> np.ndarray:
    order = np.random.default_rng(seed).permutation(len(train))
    return np.sort(order[: max(most, 1)])


def _standardised(train: Split, at: np.ndarray, target: Numbers) -> np.ndarray:
    """Return the numbers (n, K) of some examples in standard deviations from the mean, 0 where one is missing."""
    values = (np.asarray(train.target)[at] - np.array(target.mean)) / np.array(target.std)
    return np.where(np.isfinite(values), values, 0.0)


def _in_units(values: np.ndarray, target: Numbers) -> np.ndarray:
    return values.reshape(len(values), -1) * np.array(target.std) + np.array(target.mean)


def grams(name: str, train: Split, scored: Split, target: Numbers, budget: Budget) -> BaselineResult | None:
    """Answer a linear function of how often each run of one to five characters occurs."""
    if train.input.spec.kind != "text":
        return None
    start = time.perf_counter()
    some = texts_of(train, np.arange(min(64, len(train))))
    letters = sum(map(len, some)) / len(some)
    at = _drawn(train, int(LETTERS_A_SECOND * budget.seconds / letters / 2), budget.seed)
    texts, y = texts_of(train, at), _standardised(train, at, target)
    counts = gram_counts(len(at))
    x: Any = counts.fit_transform(texts)
    penalty = _penalty(x, y, budget.seed)
    model = _ridge(penalty).fit(x, y)
    predictions = _in_units(model.predict(counts.transform(texts_of(scored))), target)
    said = (
        f"ridge regression on the counts of {x.shape[1]:,} runs of 1 to {LONGEST} characters, penalty {penalty:g}, "
        f"learned from {len(at):,} of {len(train):,} training texts"
    )
    return BaselineResult(name, said, predictions, time.perf_counter() - start, len(at), len(at) < len(train))


def _ridge(penalty: float) -> Any:
    from sklearn.linear_model import Ridge

    return Ridge(alpha=penalty, solver="sparse_cg", max_iter=STEPS, tol=1e-3)


def _penalty(x: Any, y: np.ndarray, seed: int) -> float:
    """Return the penalty with the least error on one text in ten, which are not learned from."""
    some = np.random.default_rng(seed).permutation(x.shape[0])[:TRIED]
    x, y, held = x[some], y[some], np.arange(len(some)) % HELD == 0
    if held.sum() < 2 or (~held).sum() < 2:
        return 1.0
    errors = [float(((_ridge(p).fit(x[~held], y[~held]).predict(x[held]) - y[held]) ** 2).mean()) for p in PENALTIES]
    return PENALTIES[int(np.argmin(errors))]


def length(name: str, train: Split, scored: Split, target: Numbers, budget: Budget) -> BaselineResult | None:
    """Answer a linear function of how long a text is, and of its spaces."""
    if train.input.spec.kind != "text":
        return None
    start, at = time.perf_counter(), np.arange(len(train))
    x, new = sizes(texts_of(train, at)), sizes(texts_of(scored))
    guesses, _ = ridge.fitted(x, new, _standardised(train, at, target))
    said = "ridge regression on the number of characters and of spaces"
    return BaselineResult(name, said, _in_units(guesses, target), time.perf_counter() - start, len(train), False)


def _of_signals(
    features: Callable[[Padded, int], Callable[[Padded], np.ndarray]], width: int, said: str,
    seconds_for: Callable[[int, int], float],
) -> Baseline:  # fmt: skip
    """Return the method that learns a linear function of ``width`` features a channel.

    ``seconds_for(channels, steps)`` is how long those of a signal take.
    """

    def method(name: str, train: Split, scored: Split, target: Numbers, budget: Budget) -> BaselineResult | None:
        if train.input.spec.kind != "signal":
            return None
        start = time.perf_counter()
        some = padded(train, np.arange(min(len(train), 100)))[0]
        most = int(budget.seconds / seconds_for(some.x.shape[1], some.x.shape[2]))
        at = _drawn(train, min(len(train), FLOATS // (width * some.x.shape[1]), max(most, 100)), budget.seed)
        signals, scale = padded(train, at)
        of = features(signals, budget.seed)
        x = of(signals)
        parts = np.array_split(np.arange(len(scored)), max(1, -(-len(scored) // CHUNK)))
        new = np.concatenate([of(padded(scored, part, scale)[0]) for part in parts])
        mean, std = x.mean(0), x.std(0)
        std[std <= 1e-8] = 1
        guesses, penalty = ridge.fitted((x - mean) / std, (new - mean) / std, _standardised(train, at, target))
        what = (
            f"ridge regression on {x.shape[1]:,} {said}; penalty {penalty:.3g} by leaving one out; learned from "
            f"{len(at):,} of {len(train):,} training signals"
        )
        seconds = time.perf_counter() - start
        return BaselineResult(name, what, _in_units(guesses, target), seconds, len(at), len(at) < len(train))

    return method


def _kernel_shares(signals: Padded, seed: int) -> Callable[[Padded], np.ndarray]:
    kernels = random_kernels.drawn(signals, seed)
    return lambda others: random_kernels.shares(others, kernels)


METHODS: dict[str, Baseline] = {
    "n-gram ridge": grams,
    "text length": length,
    "summary statistics": _of_signals(
        lambda signals, seed: statistics, len(NAMES), "statistics of a signal: its level, spread, changes and rhythm",
        lambda channels, steps: channels * steps / (1_000 * SIGNALS_A_SECOND),
    ),
    "random kernels": _of_signals(
        _kernel_shares, random_kernels.SHARES,
        "shares of steps at which fixed kernels exceed a threshold (MiniRocket's idea)",
        random_kernels.seconds_for,
    ),
}  # fmt: skip
