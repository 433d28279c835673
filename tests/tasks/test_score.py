"""The figures of merit: as scikit-learn has them, intervals as of a plain resampling loop, honest at the edges."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn import metrics

from convscope.data.spec import Classes
from convscope.errors import ConfigError, DataError
from convscope.tasks.classification.options import Options
from convscope.tasks.classification.predictions import answer, cells, columns, read
from convscope.tasks.classification.scores import score, scores
from convscope.tasks.metrics.bootstrap import interval, resample, weights
from convscope.tasks.metrics.calibration import BINS, Calibration, reliability
from convscope.tasks.metrics.counts import Counts
from convscope.tasks.metrics.proportion import wilson
from convscope.tasks.metrics.ranking import Rankings
from convscope.tasks.metrics.units import Units


def guesses(n: int, K: int, *, seed: int = 0, skill: float = 2.0, decimals: int | None = None):
    """Return labels (n,) and probabilities (n, K); few decimals make many ties."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, K, n)
    logits = rng.normal(size=(n, K)) + skill * np.eye(K)[labels]
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    if decimals is not None:
        shares = shares.round(decimals)
        shares[:, -1] = 1 - shares[:, :-1].sum(axis=1)
    return labels, np.clip(shares, 0, 1)


def every_estimate(value):
    if isinstance(value, dict) and value.keys() == {"value", "low", "high"}:
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from every_estimate(part)


@pytest.mark.parametrize(("n", "K", "decimals"), [(400, 5, None), (300, 3, 1), (80, 2, None)])
def test_values_are_those_of_scikit_learn(n, K, decimals):
    labels, shares = guesses(n, K, decimals=decimals)
    predicted = shares.argmax(axis=1)
    found = score(labels, shares, [f"c{k}" for k in range(K)], resamples=10)
    assert found["accuracy"]["value"] == metrics.accuracy_score(labels, predicted)
    assert found["balanced_accuracy"]["value"] == pytest.approx(metrics.balanced_accuracy_score(labels, predicted))
    assert found["log_loss"]["value"] == pytest.approx(metrics.log_loss(labels, shares))
    assert found["confusion"] == metrics.confusion_matrix(labels, predicted).tolist()
    one_hot = np.eye(K)[labels]
    assert found["auc"]["value"] == pytest.approx(metrics.roc_auc_score(one_hot, shares, average="macro"))
    assert found["average_precision"]["value"] == pytest.approx(
        metrics.average_precision_score(one_hot, shares, average="macro")
    )
    for k, row in enumerate(found["per_class"]):
        assert row["support"] == (labels == k).sum()
        assert row["f1"]["value"] == pytest.approx(metrics.f1_score(labels == k, predicted == k))


@pytest.mark.parametrize("decimals", [None, 1])
def test_weighted_figures_are_scikit_learns_on_the_same_resample(decimals):
    n, K = 120, 3
    labels, shares = guesses(n, K, decimals=decimals, skill=1.0)
    predicted = shares.argmax(axis=1)
    drawn = np.concatenate(list(weights(n, 20, seed=3)), axis=1)
    counted, rankings = Counts.of(labels, predicted, K).figures(drawn), Rankings.of(labels, shares)
    for r in range(drawn.shape[1]):
        again = np.repeat(np.arange(n), drawn[:, r].astype(int))  # the resample, written out
        y, p, s = labels[again], predicted[again], shares[again]
        assert counted["accuracy"][r] == pytest.approx(metrics.accuracy_score(y, p))
        assert counted["balanced_accuracy"][r] == pytest.approx(metrics.balanced_accuracy_score(y, p))
        areas, means = rankings.figures(drawn[:, [r]])
        for k in range(K):
            assert areas[k, 0] == pytest.approx(metrics.roc_auc_score(y == k, s[:, k]))
            assert means[k, 0] == pytest.approx(metrics.average_precision_score(y == k, s[:, k]))
            assert counted["precision"][k, r] == pytest.approx(metrics.precision_score(y == k, p == k))
            assert counted["recall"][k, r] == pytest.approx(metrics.recall_score(y == k, p == k))
            assert counted["f1"][k, r] == pytest.approx(metrics.f1_score(y == k, p == k))


def test_interval_is_that_of_a_plain_resampling_loop():
    n, resamples = 90, 60
    labels, shares = guesses(n, 2, skill=1.0)
    found = score(labels, shares, ["no", "yes"], seed=5, resamples=resamples)
    loop = []
    for column in np.concatenate(list(weights(n, resamples, seed=5)), axis=1).T:
        again = np.repeat(np.arange(n), column.astype(int))
        loop.append(metrics.roc_auc_score(labels[again], shares[again, 1]))
    auc = found["binary"]["auc"]
    assert [auc["low"], auc["high"]] == pytest.approx(np.quantile(loop, [0.025, 0.975]))


def test_intervals_hold_their_values_and_narrow_with_more_examples():
    few, many = (score(*guesses(n, 4), list("abcd"), resamples=200) for n in (100, 2500))
    for found in (few, many):
        for e in every_estimate(found):
            assert e["low"] <= e["value"] <= e["high"]
    width = [found["accuracy"]["high"] - found["accuracy"]["low"] for found in (few, many)]
    assert width[0] == pytest.approx(5 * width[1], rel=0.35)  # the square root of 25 times the examples


def test_weights_draw_each_example_as_often_as_chance_says():
    drawn = np.concatenate(list(weights(50, 2000, seed=0)), axis=1)
    assert (drawn.sum(axis=0) == 50).all()
    assert drawn.mean() == 1
    assert drawn.var() == pytest.approx(1 - 1 / 50, rel=0.03)


def test_chunks_of_resamples_make_one_whole(monkeypatch):
    whole = np.concatenate(list(weights(10, 7, seed=1)), axis=1)
    monkeypatch.setattr("convscope.tasks.metrics.bootstrap.CHUNK", 20)  # two resamples at a time
    parts = list(weights(10, 7, seed=1))
    assert [part.shape for part in parts] == [(10, 2)] * 3 + [(10, 1)]
    assert (np.concatenate(parts, axis=1) == whole).all()
    mean = resample(lambda w: {"mean": w.mean(axis=0)}, Units.of(None, 10), resamples=7, seed=1)["mean"]
    assert mean.tolist() == [1.0] * 7


def test_same_seed_same_result_other_seed_other_interval():
    labels, shares = guesses(200, 3)
    first, again, other = (score(labels, shares, list("abc"), seed=s, resamples=100) for s in (0, 0, 1))
    assert first == again
    assert first["accuracy"]["value"] == other["accuracy"]["value"]
    assert first["log_loss"] != other["log_loss"]


def test_a_perfect_score_has_wilsons_interval_where_it_is_a_proportion_and_none_elsewhere():
    labels = np.array([0, 1] * 10)
    found = score(labels, np.eye(2)[labels], ["no", "yes"])
    assert found["accuracy"] == {"value": 1.0, "low": pytest.approx(wilson(20, 20)[0]), "high": 1.0}
    assert found["binary"]["sensitivity"]["low"] == pytest.approx(wilson(10, 10)[0])
    assert found["auc"] == {"value": 1.0, "low": None, "high": None}
    assert found["binary"]["missed"] == []


def test_wilson_agrees_with_scipy():
    from scipy.stats import binomtest

    for successes, trials in ((0, 5), (3, 10), (10, 10), (499, 500)):
        expected = binomtest(successes, trials).proportion_ci(method="wilson")
        assert wilson(successes, trials) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_ends_exactly_at_none_and_all():
    for n in range(1, 400):
        assert wilson(0, n)[0] == 0
        assert wilson(n, n)[1] == 1


def test_a_class_without_an_example_is_unknown_not_zero():
    labels, shares = guesses(60, 3)
    labels[labels == 2] = 0
    found = score(labels, shares, ["a", "b", "absent"])
    absent = found["per_class"][2]
    assert absent["support"] == 0
    for figure in ("recall", "f1", "auc", "average_precision"):
        assert absent[figure] == {"value": None, "low": None, "high": None}
    assert found["balanced_accuracy"]["value"] == pytest.approx(
        np.mean([found["per_class"][k]["recall"]["value"] for k in (0, 1)])
    )


def test_a_class_never_given_has_no_precision():
    labels = np.array([0, 0, 1, 1])
    found = score(labels, np.tile([0.9, 0.1], (4, 1)), ["a", "b"])
    assert found["per_class"][1]["precision"]["value"] is None
    assert found["per_class"][1]["recall"]["value"] == 0
    assert found["per_class"][1]["f1"]["value"] == 0
    assert found["binary"]["ppv"]["value"] is None
    assert found["binary"]["missed"] == [2, 3]


def test_one_example_and_one_class_in_the_split():
    found = score(np.array([1]), np.array([[0.3, 0.7]]), ["a", "b"])
    assert found["accuracy"]["value"] == 1
    assert found["accuracy"]["low"] == pytest.approx(wilson(1, 1)[0])
    assert found["auc"]["value"] is None
    assert found["average_precision"]["value"] is None
    assert found["log_loss"] == {"value": pytest.approx(-np.log(0.7)), "low": None, "high": None}


def test_result_is_plain_json():
    labels, shares = guesses(30, 3)
    labels[:] = 0
    found = score(labels, shares.astype(np.float32), ["a", "b", "c"])
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_positive_class_is_the_second_unless_named():
    labels, shares = guesses(100, 2, skill=0.5)
    second, first = (score(labels, shares, ["well", "ill"], positive=p)["binary"] for p in (None, "well"))
    assert (second["positive"], first["positive"]) == ("ill", "well")
    assert second["sensitivity"] == first["specificity"]
    assert second["ppv"] == first["npv"]
    assert second["missed"] == [i for i in range(100) if labels[i] == 1 and shares[i, 0] >= shares[i, 1]]


def test_expected_calibration_error_worked_by_hand():
    shares = np.array([[0.9, 0.1]] * 4 + [[0.6, 0.4]] * 2)
    labels = np.array([0, 0, 0, 1, 0, 1])  # 3 of 4 right at 0.9, 1 of 2 right at 0.6
    expected = (4 * abs(0.75 - 0.9) + 2 * abs(0.5 - 0.6)) / 6
    assert Calibration.of(shares.argmax(axis=1) == labels, shares.max(axis=1)).error(np.ones(6)) == pytest.approx(
        expected
    )
    table = reliability(labels, shares)
    assert len(table.count) == BINS
    assert np.flatnonzero(table.count).tolist() == [8, 13]  # (8/15, 9/15] holds its upper edge 0.6
    assert table.count.sum() == 6
    assert table.accuracy[np.isfinite(table.accuracy)].tolist() == [0.5, 0.75]


def test_interval_leaves_out_what_is_undefined():
    low, high = interval(np.array([np.nan, 0.2, np.nan, 0.4]), 0.3)
    assert 0.2 <= low < high <= 0.4


@pytest.mark.parametrize(
    ("labels", "shares", "message"),
    [
        ([], np.empty((0, 2)), "at least one label and one row of 2 probabilities for each; found 0 labels"),
        ([0, 1], np.full((2, 3), 1 / 3), "found 2 labels and probabilities of shape (2, 3)"),
        ([0, 2], np.full((2, 2), 0.5), "row 1: label 2 is outside the classes 0 to 1"),
        ([0, 1], [[0.5, 0.5], [4.0, -2.0]], "row 1: probabilities must be at least 0 and sum to 1, found [4.0, -2.0]"),
        ([0, 1], [[0.5, 0.5], [np.nan, 0.5]], "row 1: probabilities must be at least 0 and sum to 1"),
        ([0], [[3.0, 1.0]], "with sum 4; pass softmax outputs, not logits"),
    ],
)
def test_wrong_input_is_named(labels, shares, message):
    with pytest.raises(DataError) as caught:
        score(np.array(labels, dtype=int), np.array(shares), ["a", "b"])
    assert message in str(caught.value)


def test_wrong_positive_is_named():
    labels, shares = guesses(20, 2)
    with pytest.raises(ConfigError, match=r"'tumor' is none of the classes healthy, tumour; did you mean 'tumour'\?"):
        score(labels, shares, ["healthy", "tumour"], positive="tumor")
    with pytest.raises(ConfigError, match="needs exactly two classes, found 3: leave positive out"):
        score(*guesses(20, 3), ["a", "b", "c"], positive="a")


def test_scores_hold_what_every_task_gives():
    labels, probabilities = guesses(60, 3)
    target = Classes(("a", "b", "c"))
    found = scores(labels, probabilities, target, Options())
    assert found.main == "accuracy" and found.per_example.mean() == found.metrics["accuracy"].value
    plain = found.to_dict()
    assert plain.items() >= score(labels, probabilities, target.names).items()
    assert plain["metrics"]["log_loss"]["better"] == "lower"


@pytest.mark.parametrize("K", [3, 120])
def test_answers_are_read_as_they_were_written(K):
    labels, probabilities = guesses(40, K)
    target = Classes(tuple(f"c{k}" for k in range(K)))
    titles = columns(target)
    rows = [dict(zip(titles, cells(p, k, target), strict=True)) for p, k in zip(probabilities, labels, strict=True)]
    evidence = read(rows, target)
    assert (evidence.per_example == (probabilities.argmax(1) == labels)).all()
    assert evidence.of_label == pytest.approx(probabilities[np.arange(40), labels], rel=1e-5)
    assert rows[0]["prediction"] == answer(probabilities[0], target)["label"]
