"""Simple methods beside a network of numbers: their mean, and ridge regression on gradients."""

from __future__ import annotations

import time

import numpy as np

from convscope.data.dataset import Split
from convscope.data.spec import Numbers
from convscope.tasks import ridge
from convscope.tasks.baselines import Baseline, BaselineResult, Budget
from convscope.tasks.regression import sequence_baselines


def mean(name: str, train: Split, scored: Split, target: Numbers, budget: Budget) -> BaselineResult:
    """Always answer the mean of the training examples."""
    start = time.perf_counter()
    predictions = np.broadcast_to(np.array(target.mean), (len(scored), len(target.mean))).copy()
    description = "always answers the mean of the training examples"
    return BaselineResult(name, description, predictions, time.perf_counter() - start, len(train), False)


def ridge_on_gradients(
    name: str, train: Split, scored: Split, target: Numbers, budget: Budget
) -> BaselineResult | None:
    """Answer a linear function of histograms of oriented gradients."""
    if train.input.spec.kind != "image":
        return None
    fitted = ridge.on_gradients(train, scored, train.target, seconds=budget.seconds, seed=budget.seed)
    return BaselineResult(
        name, ridge.said(fitted, len(train)), fitted.predictions, fitted.seconds, fitted.train_rows, False
    )


METHODS: dict[str, Baseline] = {
    "mean": mean,
    "HOG + ridge": ridge_on_gradients,
    **sequence_baselines.METHODS,
}
