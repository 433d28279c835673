"""Figures of predicted numbers: as scikit-learn has them, intervals as of a plain resampling loop, units kept."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from convscope.data.spec import Numbers
from convscope.errors import DataError
from convscope.tasks.regression.evidence import NumberErrors
from convscope.tasks.regression.scores import scores

AGE = Numbers(("age",), ("years",), (40.0,), (10.0,))
SIZE = Numbers(("width", "height"), ("mm", "mm"), (5.0, 8.0), (1.0, 3.0))
BOTH = Numbers(("age", "dose"), ("years", "mg"), (40.0, 200.0), (10.0, 50.0))


def guesses(n: int, target: Numbers, *, seed: int = 0, missing: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = np.array(target.mean) + np.array(target.std) * rng.normal(size=(n, len(target.names)))
    predicted = truth + np.array(target.std) * 0.4 * rng.normal(size=truth.shape)
    truth[rng.random(truth.shape) < missing] = np.nan
    return truth, predicted


def value(result, name: str) -> float:
    return result.metrics[name].value


def test_of_one_number_the_figures_are_those_of_scikit_learn():
    truth, predicted = guesses(80, AGE)
    result = scores(truth, predicted, AGE, resamples=10)
    assert value(result, "mae") == pytest.approx(metrics.mean_absolute_error(truth, predicted))
    assert value(result, "rmse") == pytest.approx(metrics.root_mean_squared_error(truth, predicted))
    assert value(result, "r2") == pytest.approx(metrics.r2_score(truth, predicted))
    assert result.metrics["mae"].about.unit == "years"
    assert result.per_example.mean() == pytest.approx(value(result, "mae"))


def test_numbers_of_one_unit_are_averaged_in_it():
    truth, predicted = guesses(60, SIZE)
    result = scores(truth, predicted, SIZE, resamples=10)
    assert value(result, "mae") == pytest.approx(metrics.mean_absolute_error(truth, predicted))
    assert value(result, "r2") == pytest.approx(metrics.r2_score(truth, predicted))
    assert result.metrics["mae"].about.unit == "mm"


def test_numbers_of_different_units_are_joined_as_multiples_of_their_deviation():
    truth, predicted = guesses(60, BOTH)
    result = scores(truth, predicted, BOTH, resamples=10)
    apart = np.abs(predicted - truth) / np.array(BOTH.std)
    assert value(result, "mae") == pytest.approx(apart.mean())
    assert value(result, "rmse") == pytest.approx(np.sqrt((apart**2).mean()))
    assert result.metrics["mae"].about.unit == "SD"
    age, dose = result.details["numbers"]
    assert (age["unit"], dose["unit"]) == ("years", "mg")
    assert dose["mae"]["value"] == pytest.approx(metrics.mean_absolute_error(truth[:, 1], predicted[:, 1]))
    assert dose["rmse"]["value"] == pytest.approx(metrics.root_mean_squared_error(truth[:, 1], predicted[:, 1]))
    assert dose["r2"]["value"] == pytest.approx(metrics.r2_score(truth[:, 1], predicted[:, 1]))
    assert dose["bias"]["value"] == pytest.approx((predicted - truth)[:, 1].mean())


def test_missing_numbers_are_left_out():
    truth, predicted = guesses(60, SIZE, missing=0.2)
    known = np.isfinite(truth).any(axis=1)
    truth, predicted = truth[known], predicted[known]
    result = scores(truth, predicted, SIZE, resamples=10)
    assert value(result, "mae") == pytest.approx(np.nanmean(np.abs(predicted - truth), axis=1).mean())
    for k, number in enumerate(result.details["numbers"]):
        there = np.isfinite(truth[:, k])
        assert number["examples"] == there.sum() < len(truth)
        assert number["r2"]["value"] == pytest.approx(metrics.r2_score(truth[there, k], predicted[there, k]))


@pytest.mark.parametrize("grouped", [False, True])
def test_intervals_are_those_of_a_plain_loop_over_examples_or_groups(grouped):
    truth, predicted = guesses(40, AGE)
    groups = np.array([f"g{i // 4}" for i in range(40)]) if grouped else None
    result = scores(truth, predicted, AGE, None, groups, resamples=4000)
    rng = np.random.default_rng(5)
    members = [np.flatnonzero(groups == g) for g in np.unique(groups)] if grouped else [[i] for i in range(40)]
    drawn = {"mae": [], "rmse": [], "r2": []}
    for _ in range(4000):
        rows = np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])
        drawn["mae"].append(metrics.mean_absolute_error(truth[rows], predicted[rows]))
        drawn["rmse"].append(metrics.root_mean_squared_error(truth[rows], predicted[rows]))
        drawn["r2"].append(metrics.r2_score(truth[rows], predicted[rows]))
    for name, samples in drawn.items():
        low, high = np.quantile(samples, [0.025, 0.975])
        assert result.metrics[name].low == pytest.approx(low, abs=0.06 * (high - low))
        assert result.metrics[name].high == pytest.approx(high, abs=0.06 * (high - low))
    assert result.groups == (10 if grouped else None)


def test_r2_stays_exact_far_from_zero_and_means_nothing_where_all_are_equal():
    truth, predicted = guesses(50, AGE)
    far = NumberErrors.of(truth + 1e7, predicted + 1e7, AGE).figures(np.ones((50, 1)))["r2"]
    assert far.item() == pytest.approx(metrics.r2_score(truth, predicted), rel=1e-6)
    equal = scores(np.full((5, 1), 3.1), predicted[:5], AGE, resamples=10)
    assert equal.metrics["r2"].value is None
    assert equal.metrics["mae"].value is not None


def test_one_example_has_no_interval():
    truth, predicted = guesses(1, AGE)
    result = scores(truth, predicted, AGE, resamples=10)
    assert (result.metrics["mae"].low, result.metrics["mae"].high) == (None, None)


def test_what_cannot_be_scored_is_refused():
    truth, predicted = guesses(4, SIZE)
    with pytest.raises(DataError, match="2 numbers"):
        scores(truth, predicted[:, :1], SIZE)
    predicted[2, 1] = np.nan
    with pytest.raises(DataError, match="height for example 2"):
        scores(truth, predicted, SIZE)
