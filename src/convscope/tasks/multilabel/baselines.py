"""Simple methods beside a network of labels: their frequencies, and a linear method on gradients."""

from __future__ import annotations

import time

import numpy as np

from convscope.data.dataset import Split
from convscope.data.spec import Labels
from convscope.tasks import ridge
from convscope.tasks.baselines import Baseline, BaselineResult, Budget


def frequencies(name: str, train: Split, scored: Split, target: Labels, budget: Budget) -> BaselineResult:
    """Always state how often each label is true in the training images."""
    start = time.perf_counter()
    predictions = np.broadcast_to(_labels(train).mean(axis=0), (len(scored), len(target.names))).copy()
    what = "always states how often each label is true in the training images"
    return BaselineResult(name, what, predictions, time.perf_counter() - start, len(train), False)


def ridge_on_gradients(name: str, train: Split, scored: Split, target: Labels, budget: Budget) -> BaselineResult | None:
    """State a linear function of histograms of oriented gradients, cut to 0 and 1."""
    if train.input.spec.kind != "image":
        return None
    found = ridge.on_gradients(train, scored, _labels(train), seconds=budget.seconds, seed=budget.seed)
    what = f"{ridge.said(found, len(train))}; cut to 0 and 1"
    predictions = np.clip(found.predictions, 0.0, 1.0)
    return BaselineResult(name, what, predictions, found.seconds, found.train_rows, False)


def _labels(split: Split) -> np.ndarray:
    return split.target.astype(np.float64)


METHODS: dict[str, Baseline] = {"label frequencies": frequencies, "HOG + ridge": ridge_on_gradients}
