"""Classification: each image belongs to one of K classes, the network states a probability for each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.errors import ConfigError, DataError, nearest
from convscope.tasks.metrics.bootstrap import interval, resample
from convscope.tasks.metrics.calibration import Calibration
from convscope.tasks.metrics.comparison import compare
from convscope.tasks.metrics.counts import Counts, mean_of_known
from convscope.tasks.metrics.proportion import wilson
from convscope.tasks.metrics.ranking import Ranking
from convscope.tasks.task import Task

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["CLASSIFICATION", "code", "compare", "loss", "score", "show", "surprise"]


def code(targets: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """Return the index (n,) int64 of each class name; an unknown name is a DataError.

    >>> code(["bee", "ant"], ["ant", "bee"]).tolist()
    [1, 0]
    """
    index = {name: i for i, name in enumerate(classes)}
    for row, name in enumerate(targets):
        if name not in index:
            raise DataError(
                f"row {row}: class {name!r} is none of the {len(index)} classes the network knows"
                f" ({', '.join(list(index)[:10])}{', ...' if len(index) > 10 else ''}){nearest(name, index)}"
            )
    return np.array([index[name] for name in targets], dtype=np.int64)


def loss(logits: Tensor, targets: Tensor, *, smoothing: float = 0.0, weights: Tensor | None = None) -> Tensor:
    """Return the mean cross entropy of logits (N, K): targets are classes (N,) int64 or shares of classes (N, K).

    ``smoothing`` takes that share of each target and spreads it over all classes (Szegedy et al. 2016). ``weights``
    (K,) count a class more or less; the mean is over weights, so that a one-hot target and its class give the same
    number.
    """
    from torch.nn.functional import cross_entropy

    if targets.ndim == 1 or weights is None:
        return cross_entropy(logits, targets, weight=weights, label_smoothing=smoothing)
    # torch divides by N here, and by the sum of weights for class targets: make it the latter in both cases.
    total = cross_entropy(logits, targets, weight=weights, label_smoothing=smoothing, reduction="sum")
    return total / (targets @ weights).sum()


def show(probabilities: np.ndarray, classes: Sequence[str]) -> dict[str, Any]:
    """Return the most probable class of one example, its probability, and all probabilities (K,) by class.

    >>> show(np.array([0.25, 0.75]), ["ant", "bee"])
    {'label': 'bee', 'probability': 0.75, 'probabilities': {'ant': 0.25, 'bee': 0.75}}
    """
    best = int(np.argmax(probabilities))
    return {
        "label": classes[best],
        "probability": float(probabilities[best]),
        "probabilities": {name: float(p) for name, p in zip(classes, probabilities, strict=True)},
    }


def score(
    labels: np.ndarray,
    probabilities: np.ndarray,
    classes: Sequence[str],
    *,
    positive: str | None = None,
    seed: int = 0,
    resamples: int = 1000,
) -> dict[str, Any]:
    """Return every figure of merit of labels (n,) and probabilities (n, K), as plain values fit for JSON.

    A figure is ``{"value", "low", "high"}``: the value, and its 95 % percentile interval from ``resamples`` bootstrap
    resamples of the examples. Where every resample gives the same figure (a perfect score, one example) the bootstrap
    says nothing: plain proportions (accuracy, recall, precision) then get Wilson's interval, all others ``None`` at
    both ends. A figure that has no meaning (the recall of a class without an example, the precision of a class never
    given) is ``None``, and means over classes leave it out.

    - ``accuracy``; ``balanced_accuracy``: mean recall; ``log_loss``: mean of -ln(probability of the true class);
    - ``auc``, ``average_precision``: mean over classes of one class against the rest;
    - ``ece``: expected calibration error of the given class, 15 equal-width bins (see metrics.calibration);
    - ``per_class``: support, predicted, precision, recall, f1, auc, average_precision;
    - ``confusion``: K rows of truth, K columns of predictions, in numbers of examples;
    - ``binary``, with two classes: the class called ``positive`` (the second unless given), sensitivity,
      specificity, ppv, npv, auc, average_precision, and ``missed``: rows of the positive examples that were called
      negative.

    A probability row that does not sum to 1, a label outside the classes, or an unknown ``positive`` is an error.
    """
    labels, probabilities = _checked(labels, probabilities, classes)
    yes = _positive(classes, positive)
    predicted = probabilities.argmax(axis=1)
    K = len(classes)
    counts = Counts.of(labels, predicted, K)
    rankings = [Ranking.of(labels == k, probabilities[:, k]) for k in range(K)]
    calibration = Calibration.of(labels, probabilities)
    surprised = surprise(labels, probabilities)

    def figures(weights: np.ndarray) -> dict[str, np.ndarray]:
        areas, precisions = (np.stack(part) for part in zip(*(r.figures(weights) for r in rankings), strict=True))
        return counts.figures(weights) | {
            "log_loss": surprised @ weights / len(labels),
            "ece": calibration.error(weights),
            "auc": mean_of_known(areas),
            "average_precision": mean_of_known(precisions),
            "class_auc": areas,
            "class_average_precision": precisions,
        }

    confusion, point = _points(labels, predicted, probabilities)
    point["ece"] = calibration.error(np.ones(len(labels)))
    samples = resample(figures, len(labels), resamples=resamples, seed=seed)
    found = {name: _estimates(point[name], *interval(samples[name], point[name])) for name in point}
    _wilson_where_collapsed(found, confusion)
    arranged = _arrange(found, confusion, classes, resamples)
    if yes is not None:
        missed = np.flatnonzero((labels == yes) & (predicted != yes))
        arranged["binary"] = _binary(found, classes, yes) | {"missed": missed.tolist()}
    return arranged


def _checked(labels: np.ndarray, probabilities: np.ndarray, classes: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, dtype=np.float64)
    expected = (len(labels), len(classes))
    if not len(labels) or probabilities.shape != expected:
        raise DataError(
            f"scoring needs at least one label and one row of {len(classes)} probabilities for each;"
            f" found {len(labels)} labels and probabilities of shape {probabilities.shape}"
        )
    outside = np.flatnonzero((labels < 0) | (labels >= len(classes)))
    if outside.size:
        row = outside[0]
        raise DataError(f"row {row}: label {labels[row]} is outside the classes 0 to {len(classes) - 1}")
    sums = probabilities.sum(axis=1)
    wrong = np.flatnonzero(~((np.abs(sums - 1) < 1e-2) & (probabilities >= 0).all(axis=1)))
    if wrong.size:
        row = wrong[0]
        raise DataError(
            f"row {row}: probabilities must be at least 0 and sum to 1, found {probabilities[row].round(4).tolist()}"
            f" with sum {sums[row]:.4g}; pass softmax outputs, not logits"
        )
    return labels, probabilities


def surprise(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return -ln(probability of the true class) (n,) of labels (n,) and probabilities (n, K); its mean is the log loss.

    A probability of 0 counts as the smallest step of float64, so that one such example does not make a mean infinite.
    """
    stated = probabilities[np.arange(len(labels)), labels]
    return -np.log(np.maximum(stated, np.finfo(np.float64).eps))


def _points(labels: np.ndarray, predicted: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the confusion matrix (K, K) and the figures themselves, from scikit-learn."""
    from sklearn import metrics

    every = np.arange(probabilities.shape[1])
    confusion = metrics.confusion_matrix(labels, predicted, labels=every)
    support = confusion.sum(axis=1)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        labels,
        predicted,
        labels=every,
        zero_division=np.nan,  # pyright: ignore[reportArgumentType]
    )
    areas, precisions = np.full((2, len(every)), np.nan)
    for k in np.flatnonzero((support > 0) & (support < len(labels))):
        areas[k] = metrics.roc_auc_score(labels == k, probabilities[:, k])
        precisions[k] = min(1.0, metrics.average_precision_score(labels == k, probabilities[:, k]))  # rounding
    return confusion, {
        "accuracy": metrics.accuracy_score(labels, predicted),
        "balanced_accuracy": mean_of_known(np.asarray(recall)),
        "log_loss": surprise(labels, probabilities).mean(),
        "auc": mean_of_known(areas),
        "average_precision": mean_of_known(precisions),
        "precision": precision,
        "recall": recall,
        "f1": np.where(support > 0, f1, np.nan),
        "class_auc": areas,
        "class_average_precision": precisions,
    }


def _estimates(value: Any, low: Any, high: Any) -> Any:
    """Return ``{"value", "low", "high"}``, or a list of them where the figure has one number a class."""
    if np.ndim(value):
        return [_estimates(*three) for three in zip(value, low, high, strict=True)]
    return {name: _known(number) for name, number in (("value", value), ("low", low), ("high", high))}


def _known(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None


def _wilson_where_collapsed(found: dict[str, Any], confusion: np.ndarray) -> None:
    hits, support, given = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    proportions = [(found["accuracy"], hits.sum(), support.sum())]
    proportions += zip(found["recall"], hits, support, strict=True)
    proportions += zip(found["precision"], hits, given, strict=True)
    for estimate, successes, trials in proportions:
        if estimate["low"] is None:
            estimate["low"], estimate["high"] = map(_known, wilson(float(successes), float(trials)))


def _arrange(found: dict[str, Any], confusion: np.ndarray, classes: Sequence[str], resamples: int) -> dict[str, Any]:
    overall = ("accuracy", "balanced_accuracy", "auc", "average_precision", "log_loss", "ece")
    per_class = {
        "precision": "precision",
        "recall": "recall",
        "f1": "f1",
        "auc": "class_auc",
        "average_precision": "class_average_precision",
    }
    return {
        "examples": int(confusion.sum()),
        "classes": list(classes),
        "interval": f"95 % percentile interval of {resamples} bootstrap resamples of the examples;"
        " Wilson's where a proportion is the same in all of them",
        **{name: found[name] for name in overall},
        "per_class": [
            {"class": name, "support": int(confusion[k].sum()), "predicted": int(confusion[:, k].sum())}
            | {title: found[key][k] for title, key in per_class.items()}
            for k, name in enumerate(classes)
        ],
        "confusion": confusion.tolist(),
    }


def _positive(classes: Sequence[str], positive: str | None) -> int | None:
    """Return the index of the positive class of a two-class task, ``None`` where there are more."""
    if positive is not None and positive not in classes:
        raise ConfigError(
            f"positive class {positive!r} is none of the classes {', '.join(classes)}{nearest(positive, classes)}"
        )
    if len(classes) == 2:
        return 1 if positive is None else list(classes).index(positive)
    if positive is not None:
        raise ConfigError(f"a positive class needs exactly two classes, found {len(classes)}: leave positive out")
    return None


def _binary(found: dict[str, Any], classes: Sequence[str], yes: int) -> dict[str, Any]:
    no = 1 - yes
    return {
        "positive": classes[yes],
        "negative": classes[no],
        "sensitivity": found["recall"][yes],
        "specificity": found["recall"][no],
        "ppv": found["precision"][yes],
        "npv": found["precision"][no],
        "auc": found["class_auc"][yes],
        "average_precision": found["class_average_precision"][yes],
    }


CLASSIFICATION = Task(name="classification", code=code, loss=loss, score=score, show=show)
