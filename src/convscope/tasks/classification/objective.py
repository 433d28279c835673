"""What a network of classes is trained on: cross entropy of labels, smoothed, weighted or mixed, and its accuracy."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from convscope.data.batch import Batch
from convscope.data.spec import Classes
from convscope.tasks.classification.options import Options
from convscope.tasks.task import Measured, Monitor
from convscope.text import count, listed


def loss(logits: Tensor, targets: Tensor, *, smoothing: float = 0.0, weights: Tensor | None = None) -> Tensor:
    """Return the mean cross entropy of logits (N, K): targets are classes (N,) int64 or parts of classes (N, K).

    ``smoothing`` takes that part of each target and spreads it over all classes (Szegedy et al. 2016). ``weights``
    (K,) count a class more or less; the mean is over weights, so that a one-hot target and its class give the same
    number.
    """
    if targets.ndim == 1 or weights is None:
        return cross_entropy(logits, targets, weight=weights, label_smoothing=smoothing)
    # torch divides by N here, and by the sum of weights for class targets: make it the latter in both cases.
    total = cross_entropy(logits, targets, weight=weights, label_smoothing=smoothing, reduction="sum")
    return total / (targets @ weights).sum()


class CrossEntropy:
    """The objective: ``loss`` as the options say, and the accuracy of the examples' own labels.

    ``weights`` (K,) count a class more or less.
    """

    metrics: tuple[str, ...] = ("accuracy",)
    monitor = Monitor("accuracy")

    def __init__(
        self, classes: int, smoothing: float = 0.0, weights: Tensor | None = None, notices: tuple[str, ...] = ()
    ):
        self.notices = notices
        self.classes, self.smoothing, self.weights = classes, smoothing, weights
        self.blind = math.log(classes)
        self.narrow: tuple[str, ...] = () if weights is None else ("class weights",)

    def __call__(self, output: Tensor, batch: Batch) -> Measured:
        """Compare logits (N, K) with the labels (N,) of a batch, or with their mixture."""
        (labels,) = batch.targets
        targets = labels if batch.mixed is None else self._mixed(batch)
        with torch.no_grad():
            right = (output.argmax(1) == labels).float().sum()
        value = loss(output, targets, smoothing=self.smoothing, weights=self.weights)
        return Measured(value, self._weight(labels), right[None], len(labels))

    def _weight(self, labels: Tensor) -> Tensor | float:
        return float(len(labels)) if self.weights is None else self.weights[labels].sum()

    def _mixed(self, batch: Batch) -> Tensor:
        """Return the parts (N, K) that the classes have in each blended example."""
        assert batch.mixed is not None
        (labels,), (partners,), weight = batch.targets, batch.mixed.targets, batch.mixed.weight
        parts = torch.zeros(len(labels), self.classes, device=labels.device)
        parts.scatter_add_(1, labels[:, None], weight[:, None])
        return parts.scatter_add_(1, partners[:, None], 1 - weight[:, None])


def objective(target: Classes, options: Options, train: np.ndarray, valid: np.ndarray, device: str) -> CrossEntropy:
    """Return the objective for labels of the training and the validation split, (n,) each."""
    K = len(target.names)
    if options.class_weights != "balanced":
        return CrossEntropy(K, options.smoothing)
    weights = torch.tensor(balanced(train, valid, K), dtype=torch.float32, device=device)
    return CrossEntropy(K, options.smoothing, weights, _unweighted(train, target))


def _unweighted(train: np.ndarray, target: Classes) -> tuple[str, ...]:
    """Return what is to be said of classes that cannot be weighted, if there are any."""
    counts = np.bincount(train, minlength=len(target.names))
    absent = [name for name, examples in zip(target.names, counts, strict=True) if not examples]
    if not absent:
        return ()
    text = (
        f"class weights: {count(len(absent), 'class', 'classes')} ({listed(absent)}) without a training image cannot "
        f"be weighted and {'counts' if len(absent) == 1 else 'count'} nothing in the training loss"
    )
    return (text,)


def balanced(train: np.ndarray, valid: np.ndarray, classes: int) -> np.ndarray:
    """Return the weight (K,) of each class by inverse frequency; a class without a training example has none.

    The mean weight of a training example is 1. Where no validation example would count, all that have no weight get 1,
    so that the validation loss still is one.

    >>> balanced(np.array([0, 0, 0, 1]), np.array([0]), 3).round(3).tolist()
    [0.667, 2.0, 0.0]
    """
    counts = np.bincount(train, minlength=classes)
    present = counts > 0
    weights = np.zeros(len(counts))
    weights[present] = counts.sum() / (present.sum() * counts[present])
    if not weights[valid].any():
        weights[~present] = 1.0
    return weights


class Probabilities(nn.Module):
    """From logits (N, K) to probabilities (N, K)."""

    def forward(self, logits: Tensor) -> Tensor:
        """Return the softmax over the classes."""
        return logits.softmax(1)
