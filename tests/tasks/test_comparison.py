"""Network against rival on the same examples."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from convscope.tasks.metrics.comparison import compare
from convscope.tasks.metrics.proportion import wilson


def test_difference_and_mcnemar_worked_by_hand():
    a = np.array([True] * 8 + [False] * 2)
    b = np.array([True] * 2 + [False] * 7 + [True])
    found = compare(a, b)
    assert (found["only_a"], found["only_b"]) == (6, 1)
    assert found["difference"]["value"] == pytest.approx(0.5)
    assert found["p_mcnemar"] == pytest.approx(2 * binom.cdf(1, 7, 0.5))


def test_interval_is_the_paired_bootstrap():
    rng = np.random.default_rng(0)
    a, b = rng.random(400) < 0.9, rng.random(400) < 0.8
    found = compare(a, b, resamples=4000)["difference"]
    at = rng.integers(0, 400, (4000, 400))
    plain = np.quantile(a[at].mean(axis=1) - b[at].mean(axis=1), [0.025, 0.975])
    assert [found["low"], found["high"]] == pytest.approx(plain, abs=0.006)
    assert found["low"] > 0


def test_swapping_the_two_turns_the_sign():
    rng = np.random.default_rng(1)
    a, b = (rng.random(100) < p for p in (0.7, 0.6))
    forth, back = compare(a, b), compare(b, a)
    assert forth["difference"]["value"] == -back["difference"]["value"]
    assert forth["p_mcnemar"] == back["p_mcnemar"]


def test_where_all_examples_agree_wilson_stands_in():
    right, wrong = np.ones(20, bool), np.zeros(20, bool)
    same = compare(right, right)
    assert same["difference"] == {"value": 0, "low": -wilson(0, 20)[1], "high": wilson(0, 20)[1]}
    assert same["p_mcnemar"] == 1
    never = compare(right, wrong)["difference"]
    assert (never["value"], never["low"], never["high"]) == (1, *wilson(20, 20))
    worse = compare(wrong, right)["difference"]
    assert (worse["low"], worse["high"]) == (-1, -wilson(20, 20)[0])
