"""Predictions of any task beside one another: errors of each example, tested by flipping the signs of differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats

from convscope.tasks.metrics.comparison import compare
from convscope.tasks.metrics.comparison import sign_flip as exact
from convscope.tasks.metrics.paired import FLIPS, paired, resampled, sign_flip
from convscope.tasks.metrics.units import Units


@dataclass(frozen=True)
class Errors:
    """The evidence of a task whose figures are means of errors, and the root of the mean of their squares."""

    per_example: np.ndarray

    def figures(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        total = weights.sum(axis=0)
        errors = self.per_example.astype(float)
        return {"mae": errors @ weights / total, "rmse": np.sqrt(errors**2 @ weights / total)}


def errors(seed: int, mean: float, n: int = 300) -> np.ndarray:
    rng = np.random.default_rng(seed)
    hard = np.random.default_rng(99).exponential(size=n)  # what is hard is so for all
    return hard * mean + 0.05 * rng.exponential(size=n)


@pytest.mark.parametrize("main", ["mae", "rmse"])
def test_interval_is_the_paired_bootstrap_of_the_main_figure(main):
    a, b = Errors(errors(0, 1.0)), Errors(errors(1, 1.1))
    difference = paired(a, b, main, resamples=4000)["difference"]
    at = np.random.default_rng(3).integers(0, 300, (4000, 300))
    plain = [
        (e.per_example[at].mean(1) if main == "mae" else np.sqrt((e.per_example[at] ** 2).mean(1))) for e in (a, b)
    ]
    np.testing.assert_allclose(
        [difference["low"], difference["high"]], np.quantile(plain[0] - plain[1], [0.025, 0.975]), atol=0.01
    )
    assert difference["low"] < difference["value"] < difference["high"] < 0


def test_p_is_scipys_permutation_test_exact_and_drawn():
    few = np.array([0.5, -0.2, 0.9, 1.1, 0.3, -0.4, 0.8])
    known = stats.permutation_test((few,), np.sum, permutation_type="samples", n_resamples=np.inf).pvalue
    assert sign_flip(few) == pytest.approx(known)
    many = np.random.default_rng(4).normal(0.1, 1, 200)
    drawn = stats.permutation_test((many,), np.sum, permutation_type="samples", n_resamples=20_000, rng=7).pvalue
    assert sign_flip(many) == pytest.approx(drawn, abs=0.015)
    assert sign_flip(many) == sign_flip(many) == sign_flip(-many)
    assert sign_flip(np.ones(500)) == 1 / (1 + FLIPS)


def test_of_whole_numbers_it_is_the_exact_test():
    leads = np.array([3, -1, 2, 2, 0, 1])
    assert sign_flip(leads.astype(float)) == pytest.approx(exact(leads))


def test_equal_predictions_do_not_differ():
    same = Errors(errors(0, 1.0))
    result = paired(same, same, "mae")
    assert result["p_sign_flip"] == 1 and result["difference"] == {"value": 0, "low": None, "high": None}


def test_groups_are_flipped_and_drawn_as_a_whole():
    # Twenty copies of three differences are three facts, not sixty.
    a, b = Errors(np.repeat([1.0, 2.0, 3.0], 20)), Errors(np.repeat([1.5, 2.5, 3.5], 20))
    groups = np.repeat(["p", "q", "r"], 20)
    alone, grouped = paired(a, b, "mae"), paired(a, b, "mae", units=Units.of(groups, 60))
    assert alone["p_sign_flip"] < 0.001 and grouped["p_sign_flip"] == 0.25
    assert grouped["difference"]["value"] == -0.5


def test_what_is_not_known_of_an_example_speaks_for_neither():
    a, b = errors(0, 1.0), errors(1, 1.2)
    gone = a.copy()
    gone[:5] = np.nan
    known = paired(Errors(a[5:]), Errors(b[5:]), "mae")["p_sign_flip"]

    class Known(Errors):
        def figures(self, weights: np.ndarray) -> dict[str, np.ndarray]:
            return Errors(np.nan_to_num(self.per_example)).figures(weights)

    assert paired(Known(gone), Known(b), "mae")["p_sign_flip"] == pytest.approx(known, abs=0.02)


def test_right_and_wrong_answers_are_compared_as_ever():
    rng = np.random.default_rng(5)
    a, b = (rng.random(120) < part for part in (0.9, 0.8))
    assert paired(Errors(a), Errors(b), "mae", resamples=300) == compare(a, b, resamples=300)
    assert resampled((Errors(a), Errors(b)), "mae", Units.of(None, 120), 50, 0).shape == (2, 50)
