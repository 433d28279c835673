"""Every figure of merit of labels and probabilities, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from convscope.data.spec import Classes
from convscope.errors import ConfigError, DataError, nearest
from convscope.tasks.classification.options import Options
from convscope.tasks.metrics.calibration import Calibration
from convscope.tasks.metrics.counts import Counts, mean_of_known
from convscope.tasks.metrics.estimates import estimates
from convscope.tasks.metrics.ranking import Rankings
from convscope.tasks.metrics.units import FEW, Units
from convscope.tasks.scores import UNIT, About, Metric, Scores

ABOUT = {
    "accuracy": About("Accuracy", "share classified correctly", "share"),
    "balanced_accuracy": About(
        "Balanced accuracy", "mean over classes of the share found: rare classes count as much", "share"
    ),
    "auc": About(
        "Area under ROC", "one class told from the others, mean over classes: 0.5 is guessing, 1 is perfect",
        limits=UNIT,
    ),
    "average_precision": About(
        "Average precision", "precision over all thresholds, mean over classes: stricter on rare ones", limits=UNIT
    ),
    "ece": About(
        "Calibration error", "mean distance between stated probability and what came true (ECE, 15 bins)", "share",
        "lower",
    ),
    "log_loss": About("Log loss", "mean surprise, −ln(probability of the truth): 0 is certain and right", "", "lower"),
}  # fmt: skip
MOST_CELLS = 100  # classes up to which the whole confusion matrix is written down


def scores(
    truth: np.ndarray, predictions: np.ndarray, target: Classes, options: Options, groups: np.ndarray | None = None
) -> Scores:
    """Return ``score`` of labels (n,) and probabilities (n, K) as every task gives it."""
    values = score(truth, predictions, target.names, groups=groups, positive=options.positive)
    metrics = {name: Metric(**values.pop(name), about=about) for name, about in ABOUT.items()}
    examples, resampled, known = (values.pop(name) for name in ("examples", "interval", "groups"))
    single = values.pop("single", 0)
    right = predictions.argmax(axis=1) == truth
    return Scores("accuracy", metrics, examples, resampled, known, right, values, single)


def score(
    labels: np.ndarray,
    probabilities: np.ndarray,
    classes: Sequence[str],
    *,
    groups: np.ndarray | None = None,
    positive: str | None = None,
    seed: int = 0,
    resamples: int = 1000,
) -> dict[str, Any]:
    """Return every figure of merit of labels (n,) and probabilities (n, K), as plain values fit for JSON.

    A figure is ``{"value", "low", "high"}``: the value, and its 95 % percentile interval from ``resamples`` bootstrap
    resamples of the examples, or of whole groups where ``groups`` (n,) names any ("" is none). Where every resample
    gives the same figure (a perfect score, one example) the bootstrap says nothing: plain proportions (accuracy,
    recall, precision) then get Wilson's interval, with the number of groups as that of trials where there are any, all
    others ``None`` at both ends. A figure that has no meaning (the recall of a class without an example, the precision
    of a class never given) is ``None``, and means over classes leave it out.

    - ``accuracy``; ``balanced_accuracy``: mean recall; ``log_loss``: mean of -ln(probability of the true class);
    - ``auc``, ``average_precision``: mean over classes of one class against the rest;
    - ``ece``: expected calibration error of the given class, 15 equal-width bins (see metrics.calibration);
    - ``interval`` says in words what was resampled; ``groups`` is the number of groups, ``None`` where there are none;
    - ``per_class``: support, predicted, precision, recall, f1, auc, average_precision; with groups also how many;
    - ``confusion``: K rows of truth, K columns of predictions, in numbers of examples; of more than 100 classes instead
      ``confusion_cells``: true class, given class and number of examples of each cell that is not 0;
    - ``binary``, with two classes: the class called ``positive`` (the second unless given), sensitivity,
      specificity, ppv, npv, auc, average_precision, and ``missed``: rows of the positive examples that were called
      negative.

    A probability row that does not sum to 1, a label outside the classes, or an unknown ``positive`` is an error.
    """
    labels, probabilities = _checked(labels, probabilities, classes)
    yes = _positive(classes, positive)
    predicted = probabilities.argmax(axis=1)
    units = Units.of(groups, len(labels))
    counts = Counts.of(labels, predicted, len(classes))
    rankings = Rankings.of(labels, probabilities)
    calibration = Calibration.of(predicted == labels, probabilities.max(axis=1))
    surprised = surprise(probabilities[np.arange(len(labels)), labels])

    def figures(weights: np.ndarray) -> dict[str, np.ndarray]:
        areas, precisions = rankings.figures(weights)
        return counts.figures(weights) | {
            "log_loss": surprised @ weights / weights.sum(axis=0),
            "ece": calibration.error(weights),
            "auc": mean_of_known(areas),
            "average_precision": mean_of_known(precisions),
            "class_auc": areas,
            "class_average_precision": precisions,
        }

    scores = estimates(figures, labels, predicted, units, resamples=resamples, seed=seed)
    arranged = _arrange(scores, labels, predicted, classes, units, resamples)
    if yes is not None:
        missed = np.flatnonzero((labels == yes) & (predicted != yes))
        arranged["binary"] = _binary(scores, classes, yes) | {"missed": missed.tolist()}
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


def surprise(stated: np.ndarray) -> np.ndarray:
    """Return -ln of the probabilities stated for the true classes, (n,); its mean is the log loss.

    A probability of 0 counts as the smallest step of float64, so that one such example does not make a mean infinite.
    """
    return -np.log(np.maximum(stated, np.finfo(np.float64).eps))


def _arrange(
    scores: dict[str, Any],
    labels: np.ndarray,
    predicted: np.ndarray,
    classes: Sequence[str],
    units: Units,
    resamples: int,
) -> dict[str, Any]:
    overall = ("accuracy", "balanced_accuracy", "auc", "average_precision", "log_loss", "ece")
    per_class = {
        "precision": "precision",
        "recall": "recall",
        "f1": "f1",
        "auc": "class_auc",
        "average_precision": "class_average_precision",
    }
    K = len(classes)
    support, predicted_counts = (np.bincount(codes, minlength=K).tolist() for codes in (labels, predicted))
    held = units.holding(labels, K).tolist()
    return {
        "examples": len(labels),
        "groups": units.groups or None,
        **({"single": units.single} if units.groups else {}),
        "classes": list(classes),
        "interval": _interval_in_words(units, held, resamples),
        **{name: scores[name] for name in overall},
        "per_class": [
            {"class": name, "support": support[k], "predicted": predicted_counts[k]}
            | ({"groups": held[k]} if units.groups else {})
            | {title: scores[key][k] for title, key in per_class.items()}
            for k, name in enumerate(classes)
        ],
        **_confusion(labels, predicted, K),
    }


def _interval_in_words(units: Units, held: Sequence[int], resamples: int) -> str:
    begun = f"95 % percentile interval of {resamples} bootstrap resamples of the"
    if not units.groups:
        return f"{begun} examples; Wilson's where a proportion is the same in all of them"
    rough = ""
    if units.few:
        rough = f"; with fewer than {FEW} groups it is rough, and rather too narrow"
    elif any(0 < groups < FEW for groups in held):
        rough = f"; the figures of a class that fewer than {FEW} groups have are rough"
    return (
        f"{begun} {units}, each drawn as a whole; Wilson's, with as many trials as there are groups, where a proportion"
        f" is the same in all of them{rough}"
    )


def _confusion(labels: np.ndarray, predicted: np.ndarray, K: int) -> dict[str, Any]:
    cells, numbers = np.unique(labels.astype(np.int64) * K + predicted, return_counts=True)
    if K > MOST_CELLS:
        return {"confusion_cells": np.stack([*np.divmod(cells, K), numbers], axis=1).tolist()}
    counts = np.zeros(K * K, dtype=int)
    counts[cells] = numbers
    return {"confusion": counts.reshape(K, K).tolist()}


def confusion(metrics: dict[str, Any]) -> np.ndarray:
    """Return the confusion matrix (K, K) of what ``score`` returned: rows of truth, columns of answers."""
    if "confusion" in metrics:
        return np.array(metrics["confusion"])
    counts = np.zeros((len(metrics["classes"]),) * 2, dtype=int)
    truth, answers, numbers = np.array(metrics["confusion_cells"]).T
    counts[truth, answers] = numbers
    return counts


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


def _binary(scores: dict[str, Any], classes: Sequence[str], yes: int) -> dict[str, Any]:
    no = 1 - yes
    return {
        "positive": classes[yes],
        "negative": classes[no],
        "sensitivity": scores["recall"][yes],
        "specificity": scores["recall"][no],
        "ppv": scores["precision"][yes],
        "npv": scores["precision"][no],
        "auc": scores["class_auc"][yes],
        "average_precision": scores["class_average_precision"][yes],
    }
