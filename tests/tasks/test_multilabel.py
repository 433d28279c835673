"""Figures and loss of labels: as scikit-learn and torch have them, intervals as of a plain resampling loop."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn import metrics
from torch.nn.functional import binary_cross_entropy_with_logits

from convscope.data.batch import Batch, Mixed
from convscope.data.spec import Labels
from convscope.errors import DataError
from convscope.tasks.metrics.binary import Ranking
from convscope.tasks.multilabel.evidence import LabelAnswers
from convscope.tasks.multilabel.objective import objective
from convscope.tasks.multilabel.options import Options
from convscope.tasks.multilabel.predictions import cells, columns, read
from convscope.tasks.multilabel.scores import scores

NAMES = Labels(("rust", "scab", "rot", "mildew"))


def guesses(n: int, *, seed: int = 0, decimals: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = (rng.random((n, 4)) < [0.5, 0.3, 0.2, 0.7]).astype(np.uint8)
    stated = 1 / (1 + np.exp(-(3 * truth - 1.5 + 1.5 * rng.normal(size=truth.shape))))
    return truth, stated if decimals is None else stated.round(decimals)


@pytest.mark.parametrize("decimals", [None, 1])
def test_figures_are_those_of_scikit_learn(decimals):
    truth, stated = guesses(80, decimals=decimals)
    result = scores(truth, stated, NAMES, resamples=10)
    values = {name: metric.value for name, metric in result.metrics.items()}
    predicted = stated >= 0.5
    assert values["mean_average_precision"] == pytest.approx(
        metrics.average_precision_score(truth, stated, average="macro")
    )
    assert values["f1"] == pytest.approx(metrics.f1_score(truth, predicted, average="micro"))
    assert values["macro_f1"] == pytest.approx(metrics.f1_score(truth, predicted, average="macro"))
    assert values["exact"] == pytest.approx(metrics.accuracy_score(truth, predicted))
    assert values["ranking_precision"] == pytest.approx(metrics.label_ranking_average_precision_score(truth, stated))
    log_loss = np.mean([metrics.log_loss(truth[:, k], stated[:, k], labels=[0, 1]) for k in range(4)])
    assert values["log_loss"] == pytest.approx(log_loss, rel=1e-6)
    for k, label in enumerate(result.details["labels"]):
        assert label["auc"]["value"] == pytest.approx(metrics.roc_auc_score(truth[:, k], stated[:, k]))
        assert label["precision"]["value"] == pytest.approx(metrics.precision_score(truth[:, k], predicted[:, k]))
        assert label["recall"]["value"] == pytest.approx(metrics.recall_score(truth[:, k], predicted[:, k]))
        assert (label["support"], label["predicted"]) == (truth[:, k].sum(), predicted[:, k].sum())
    assert result.per_example.mean() == pytest.approx(values["ranking_precision"])


def test_weights_are_repetitions():
    truth, stated = guesses(30, decimals=1)
    rng = np.random.default_rng(1)
    weights = rng.integers(0, 4, (30, 40)).astype(float)
    area, precision = Ranking.of(truth[:, 0] > 0, stated[:, 0]).figures(weights)
    for r in range(40):
        rows = np.repeat(np.arange(30), weights[:, r].astype(int))
        assert area[r] == pytest.approx(metrics.roc_auc_score(truth[rows, 0], stated[rows, 0]))
        assert precision[r] == pytest.approx(metrics.average_precision_score(truth[rows, 0], stated[rows, 0]))


@pytest.mark.parametrize("grouped", [False, True])
def test_intervals_are_those_of_a_plain_loop_over_examples_or_groups(grouped):
    truth, stated = guesses(40)
    groups = np.array([f"g{i // 4}" for i in range(40)]) if grouped else None
    result = scores(truth, stated, NAMES, None, groups, resamples=2000)
    rng = np.random.default_rng(5)
    members = [np.flatnonzero(groups == g) for g in np.unique(groups)] if grouped else [[i] for i in range(40)]
    drawn = []
    for _ in range(1000):
        rows = np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])
        drawn.append(metrics.f1_score(truth[rows], stated[rows] >= 0.5, average="micro"))
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert result.metrics["f1"].low == pytest.approx(low, abs=0.1 * (high - low))
    assert result.metrics["f1"].high == pytest.approx(high, abs=0.1 * (high - low))


def test_a_label_that_no_example_has_is_left_out_of_means():
    truth, stated = guesses(40)
    truth[:, 2] = 0
    result = scores(truth, stated, NAMES, resamples=10)
    assert result.details["labels"][2]["average_precision"]["value"] is None
    others = [0, 1, 3]
    assert result.metrics["mean_average_precision"].value == pytest.approx(
        metrics.average_precision_score(truth[:, others], stated[:, others], average="macro")
    )


def test_many_labels_are_ranked_in_parts():
    rng = np.random.default_rng(0)
    truth, stated = rng.random((40, 600)) < 0.02, rng.random((40, 600))
    assert LabelAnswers.of(truth, stated).per_example.mean() == pytest.approx(
        metrics.label_ranking_average_precision_score(truth, stated)
    )


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda t, p: (t[:, :3], p), "4 labels"),
        (lambda t, p: (t * 2, p), "neither 0 nor 1"),
        (lambda t, p: (t, p * 3), "expected 0 to 1"),
        (lambda t, p: (t, p * np.nan), "expected 0 to 1"),
    ],
)
def test_what_cannot_be_scored_is_refused(change, part):
    with pytest.raises(DataError, match=part):
        scores(*change(*guesses(5)), NAMES)


def test_the_loss_is_that_of_torch_and_the_metric_is_f1():
    truth, stated = guesses(20)
    logits = torch.from_numpy(np.log(stated / (1 - stated))).float()
    labels = torch.from_numpy(truth).float()
    goal = objective(NAMES, Options(), truth, truth, "cpu")
    told = goal(logits, Batch(np.arange(20), (torch.zeros(20, 1),), (labels,)))
    assert told.loss.item() == pytest.approx(binary_cross_entropy_with_logits(logits, labels).item())
    assert (told.numerators[0] / told.denominators).item() == pytest.approx(
        metrics.f1_score(truth, stated >= 0.5, average="micro")
    )
    share = truth.mean(0)
    guess = torch.from_numpy(np.log(share / (1 - share))).float().expand(20, 4)
    assert goal.blind == pytest.approx(binary_cross_entropy_with_logits(guess, labels).item(), rel=1e-4)
    weight = torch.linspace(0.5, 1, 20)
    mixed = Batch(np.arange(20), (torch.zeros(20, 1),), (labels,), mixed=Mixed((labels.flip(0),), weight))
    wanted = weight[:, None] * labels + (1 - weight[:, None]) * labels.flip(0)
    assert goal(logits, mixed).loss.item() == pytest.approx(binary_cross_entropy_with_logits(logits, wanted).item())


def test_predictions_are_written_and_read():
    truth, stated = guesses(5)
    lines = [dict(zip(columns(NAMES), cells(stated[i], truth[i], NAMES), strict=True)) for i in range(5)]
    answers = read(lines, NAMES)
    assert (answers.truth == (truth > 0)).all()
    assert answers.probabilities == pytest.approx(stated, rel=1e-5)
    with pytest.raises(KeyError):
        read(lines, Labels(("rust", "other")))
