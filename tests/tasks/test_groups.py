"""Where examples come in groups, whole groups are drawn, flipped and counted: shown by simulation and by hand."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics

from convscope.tasks.classification.evidence import Answers
from convscope.tasks.classification.scores import score
from convscope.tasks.metrics.calibration import reliability
from convscope.tasks.metrics.comparison import compare, resampled_accuracies, sign_flip
from convscope.tasks.metrics.estimates import estimates_of
from convscope.tasks.metrics.proportion import wilson
from convscope.tasks.metrics.units import Units


def accuracies(labels, predicted, groups, *, resamples=1000):
    evidence = Answers.of(labels, np.eye(2)[predicted])
    return estimates_of(evidence, "accuracy", Units.of(groups, len(labels)), resamples=resamples)


def patients(count: int, rng: np.random.Generator, *, smallest: int = 3, largest: int = 30) -> np.ndarray:
    """Return the group (n,) of the images of patients that have different numbers of them."""
    sizes = rng.integers(smallest, largest + 1, count)
    return np.repeat([f"p{g}" for g in range(count)], sizes)


def answers(labels: np.ndarray, right: np.ndarray, stated: np.ndarray | float = 0.8) -> np.ndarray:
    """Return probabilities (n, 2) that name the true class where ``right``."""
    given = np.where(right, labels, 1 - labels)
    shares = np.empty((len(labels), 2))
    shares[np.arange(len(labels)), given] = stated
    shares[np.arange(len(labels)), 1 - given] = 1 - np.asarray(stated)
    return shares


def test_units_are_groups_and_the_images_that_have_none():
    units = Units.of(np.array(["b", "a", "b", "", ""]), 5)
    assert (units.count, units.groups, str(units)) == (4, 2, "2 groups and 2 single examples")
    assert sorted(units.sums(np.array([1, 10, 100, 1000, 10000])).tolist()) == [10, 101, 1000, 10000]
    assert units.holding(np.array([0, 0, 0, 1, 0]), 3).tolist() == [3, 1, 0]
    assert str(Units.of(np.array(["b", "a", "b"], np.dtypes.StringDType()), 3)) == "2 groups"
    for none in (None, np.array(["", ""]), np.array(["", ""], np.dtypes.StringDType())):
        assert (Units.of(none, 2).groups, Units.of(none, 2).count) == (0, 2)


def test_the_interval_of_a_few_patients_draws_patients():
    # 12 patients of 40 images, 4 of them wrong as a whole: the accuracy is that of 12 draws, not of 480.
    groups = np.repeat([f"p{g}" for g in range(12)], 40)
    right = np.repeat(np.arange(12) % 3 > 0, 40)
    labels = np.repeat(np.arange(12) % 2, 40)
    found = score(labels, answers(labels, right), ["a", "b"], groups=groups)
    assert found["accuracy"]["value"] == pytest.approx(2 / 3)
    assert [found["accuracy"][end] for end in ("low", "high")] == pytest.approx([5 / 12, 11 / 12])
    assert (
        found["groups"] == 12
        and "12 groups" in found["interval"]
        and "class that fewer than 10 groups have" in found["interval"]
    )
    assert [row["groups"] for row in found["per_class"]] == [6, 6]
    for figure in ("sensitivity", "specificity", "ppv", "npv", "auc"):
        assert found["binary"][figure]["high"] - found["binary"][figure]["low"] > 0.4
    assert found["ece"]["high"] - found["ece"]["low"] > 0.3
    single = score(labels, answers(labels, right), ["a", "b"])
    assert single["groups"] is None and single["accuracy"]["high"] - single["accuracy"]["low"] < 0.1
    assert accuracies(labels, np.where(right, labels, 1 - labels), groups)["accuracy"] == found["accuracy"]


def test_every_interval_is_that_of_a_plain_loop_over_drawn_groups():
    rng = np.random.default_rng(3)
    groups = patients(15, rng)
    names, of = np.unique(groups, return_inverse=True)
    labels = rng.integers(0, 3, len(groups))
    logits = rng.normal(size=(len(groups), 3)) + 1.5 * np.eye(3)[labels] + rng.normal(size=(15, 3))[of]
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = score(labels, shares, list("abc"), groups=groups, resamples=4000)
    rows = [np.flatnonzero(groups == name) for name in names]
    drawn: dict[str, list[float]] = {"accuracy": [], "log_loss": [], "auc": []}
    for turn in range(2000):
        at = np.concatenate([rows[g] for g in rng.integers(0, 15, 15)])
        y, s = labels[at], shares[at]
        drawn["accuracy"].append(float((s.argmax(axis=1) == y).mean()))
        drawn["log_loss"].append(float(-np.log(s[np.arange(len(at)), y]).mean()))
        if turn < 300:
            drawn["auc"].append(float(np.mean([metrics.roc_auc_score(y == k, s[:, k]) for k in range(3)])))
    for name, values in drawn.items():
        ends = np.quantile(values, [0.025, 0.975])
        assert [found[name]["low"], found[name]["high"]] == pytest.approx(ends, abs=0.2 * np.ptp(ends)), name


def covered(repeats: int, count: int, *, grouped: bool) -> float:
    """Return in what share of simulated tests the accuracy's interval holds the truth; patients differ in theirs."""
    rng, hits = np.random.default_rng(0), 0
    for _ in range(repeats):
        groups = patients(count, rng)
        of = np.unique(groups, return_inverse=True)[1]
        right = rng.random(len(groups)) < rng.beta(1.4, 0.6, count)[of]
        labels = np.zeros(len(groups), dtype=int)
        found = accuracies(labels, (~right).astype(int), groups if grouped else None, resamples=300)
        hits += found["accuracy"]["low"] <= 0.7 <= found["accuracy"]["high"]
    return hits / repeats


def test_the_interval_holds_the_truth_in_about_95_of_100_tests_on_new_patients():
    assert 0.91 <= covered(200, 50, grouped=True) <= 0.98
    assert covered(100, 50, grouped=False) < 0.6  # what drawing single images gave


def test_the_paired_difference_draws_patients_too():
    rng, hits, alarms = np.random.default_rng(1), 0, 0
    for _ in range(300):
        groups = patients(40, rng)
        of = np.unique(groups, return_inverse=True)[1]
        # Of each patient one of the two methods understands more, by chance: on average they are equally good.
        bent = rng.normal(0, 0.3, 40)[of]
        a, b = (rng.random(len(groups)) < np.clip(0.6 + sign * bent, 0, 1) for sign in (1, -1))
        found = compare(a, b, units=Units.of(groups, len(a)), resamples=300)
        hits += found["difference"]["low"] <= 0 <= found["difference"]["high"]
        alarms += found["p_sign_flip"] < 0.05
    assert hits / 300 >= 0.9
    assert 0.02 <= alarms / 300 <= 0.08  # the test by single images gives several times as many


def test_sign_flips_are_what_all_choices_of_signs_give():
    rng = np.random.default_rng(0)
    for _ in range(20):
        leads = rng.integers(-6, 7, 9)
        sums = [abs(np.dot(signs, np.abs(leads))) for signs in product((-1, 1), repeat=9)]
        assert sign_flip(leads) == pytest.approx(np.mean(np.array(sums) >= abs(leads.sum())))
    for a, b in ((6, 1), (0, 12), (40, 31), (3, 3), (700, 600)):
        expected = binomtest(a, a + b).pvalue
        assert sign_flip(np.repeat([1, -1], [a, b])) == pytest.approx(expected, rel=1e-9)


def test_groups_of_one_image_change_nothing():
    rng = np.random.default_rng(2)
    a, b = rng.random(120) < 0.8, rng.random(120) < 0.7
    alone = np.arange(120).astype(str)
    one, other = compare(a, b), compare(a, b, units=Units.of(alone, 120))
    assert one["difference"] == other["difference"] and one["p_mcnemar"] == other["p_sign_flip"]
    assert not one.keys() & {"p_sign_flip"} and not other.keys() & {"p_mcnemar"}
    right = np.stack([a, b])
    plain, grouped = (resampled_accuracies(right, Units.of(g, 120), 50, seed=0) for g in (None, alone))
    assert (plain == grouped).all()


def test_a_perfect_score_of_seven_patients_is_that_of_seven_trials():
    groups = np.repeat([f"p{g}" for g in range(7)], 30)
    labels = np.repeat(np.arange(7) % 2, 30)
    right = np.ones(210, dtype=bool)
    found = score(labels, answers(labels, right), ["a", "b"], groups=groups)
    assert found["accuracy"]["low"] == pytest.approx(wilson(7, 7)[0])
    assert found["binary"]["sensitivity"]["low"] == pytest.approx(wilson(3, 3)[0])
    assert found["binary"]["npv"]["low"] == pytest.approx(wilson(4, 4)[0])
    assert "with fewer than 10 groups it is rough" in found["interval"]
    same = compare(right, right, units=Units.of(groups, 210))
    assert same["difference"] == {"value": 0, "low": -wilson(0, 7)[1], "high": wilson(0, 7)[1]}
    assert same["p_sign_flip"] == 1


def test_the_bars_of_the_reliability_diagram_count_patients():
    rng = np.random.default_rng(0)
    groups = patients(30, rng, smallest=20)
    of = np.unique(groups, return_inverse=True)[1]
    labels = np.zeros(len(groups), dtype=int)
    right = rng.random(len(groups)) < rng.beta(1.4, 0.6, 30)[of]
    shares = answers(labels, right, 0.75)
    single, grouped = (reliability(labels, shares, g) for g in (None, groups))
    bin = int(np.flatnonzero(single.count)[0])
    assert (single.low[bin], single.high[bin]) == pytest.approx(wilson(right.sum(), len(right)))
    assert grouped.high[bin] - grouped.low[bin] > 2 * (single.high[bin] - single.low[bin])
    assert np.isnan(np.delete(grouped.low, bin)).all()
