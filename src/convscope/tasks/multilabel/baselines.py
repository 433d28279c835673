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
    description = "always states how often each label is true in the training images"
    return BaselineResult(name, description, predictions, time.perf_counter() - start, len(train), False)


def ridge_on_gradients(name: str, train: Split, scored: Split, target: Labels, budget: Budget) -> BaselineResult | None:
    """Predict a linear function of histograms of oriented gradients, clipped to 0..1."""
    if train.input.spec.kind != "image":
        return None
    fitted = ridge.on_gradients(train, scored, _labels(train), seconds=budget.seconds, seed=budget.seed)
    description = f"{ridge.said(fitted, len(train))}; clipped to 0..1"
    predictions = np.clip(fitted.predictions, 0.0, 1.0)
    return BaselineResult(name, description, predictions, fitted.seconds, fitted.train_rows, False)


def _labels(split: Split) -> np.ndarray:
    return split.target.astype(np.float64)


METHODS: dict[str, Baseline] = {"label frequencies": frequencies, "HOG + ridge": ridge_on_gradients}
