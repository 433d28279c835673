"""Every figure of merit of predicted labels, with intervals over examples or groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from convscope.data.spec import Labels
from convscope.errors import DataError
from convscope.tasks.metrics.estimates import resampled, with_intervals
from convscope.tasks.metrics.units import Units
from convscope.tasks.multilabel.evidence import LabelAnswers
from convscope.tasks.scores import UNIT, About, Metric, Scores

RESAMPLES = 1000

ABOUT: Mapping[str, About] = {
    "mean_average_precision": About(
        "mean average precision",
        "mean over labels of the area under precision against recall; 1 is perfect",
        limits=UNIT,
    ),
    "f1": About("F1", "balance of precision and recall over all labels of all examples together", limits=UNIT),
    "macro_f1": About(
        "macro F1", "mean over labels of their F1: rare labels count as much as frequent ones", limits=UNIT
    ),
    "exact": About("exact match", "examples all of whose labels are right", "share"),
    "ranking_precision": About(
        "ranking precision", "of the labels ranked as high as a true one, how many are true, on average", limits=UNIT
    ),
    "log_loss": About(
        "log loss", "mean of -ln(probability of what is true) over labels; 0 is perfect, 0.69 a coin's", better="lower"
    ),
}
_OF_EACH = ("average_precision", "auc", "precision", "recall", "f1")


def scores(
    truth: np.ndarray,
    predictions: np.ndarray,
    target: Labels,
    options: Any = None,
    groups: np.ndarray | None = None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Scores:
    """Return every figure of labels (n, K) of 0 and 1 and probabilities (n, K), with 95 % intervals.

    ``details["labels"]`` holds, for each label, how many examples have it (``support``), how many it is predicted of
    (``predicted``), and its own average precision, auc, precision, recall and f1.

    Raises:
        DataError: no example, other shapes than (n, K), labels other than 0 and 1, or probabilities outside 0 to 1.
    """
    shape = (len(truth), len(target.names))
    if not len(truth) or np.shape(truth) != shape or np.shape(predictions) != shape:
        raise DataError(
            f"scoring needs at least one example with {len(target.names)} labels; found true ones of the shape "
            f"{np.shape(truth)} and probabilities of {np.shape(predictions)}"
        )
    if not np.isin(truth, (0, 1)).all():
        row, k = np.argwhere(~np.isin(truth, (0, 1)))[0].tolist()
        raise DataError(f"label {target.names[k]} of example {row} is neither 0 nor 1: {truth[row, k]}")
    if not ((predictions >= 0) & (predictions <= 1)).all():
        row, k = np.argwhere(~((predictions >= 0) & (predictions <= 1)))[0].tolist()
        raise DataError(
            f"the probability of {target.names[k]} for example {row} is {predictions[row, k]}; expected 0 to 1, "
            "a sigmoid's output and not its input"
        )
    evidence = LabelAnswers.of(truth, predictions)
    units = Units.of(groups, len(truth))
    figures = with_intervals(
        lambda weights: evidence.figures(weights) | evidence.of_each(weights), units, resamples=resamples, seed=seed
    )
    return Scores(
        main="mean_average_precision",
        metrics={name: Metric(**figures[name], about=about) for name, about in ABOUT.items()},
        examples=len(truth),
        resampled=resampled(units, resamples),
        groups=units.groups or None,
        single=units.single,
        per_example=evidence.per_example,
        details={"labels": _each(evidence, figures, target)},
    )


def _each(evidence: LabelAnswers, figures: Mapping[str, Any], target: Labels) -> list[dict[str, Any]]:
    return [
        {
            "label": name,
            "support": int(evidence.truth[:, k].sum()),
            "predicted": int(evidence.predicted[:, k].sum()),
            **{figure: figures[f"label_{figure}"][k] for figure in _OF_EACH},
        }
        for k, name in enumerate(target.names)
    ]
