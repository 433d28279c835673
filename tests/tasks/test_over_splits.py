"""Means over splits: the corrected interval covers, where the plain one is too narrow."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from convscope.tasks.metrics.over_splits import over_splits
from convscope.tasks.scores import About


def test_without_overlap_it_is_the_t_interval() -> None:
    values = np.random.default_rng(0).normal(0.3, 0.1, 12)
    found = over_splits(values, ratio=0)
    low, high = stats.t.interval(0.95, 11, values.mean(), values.std(ddof=1) / math.sqrt(12))
    assert [found.low, found.high] == pytest.approx([low, high])
    assert found.p == pytest.approx(stats.ttest_1samp(values, 0).pvalue)


def test_splits_that_share_examples_are_corrected() -> None:
    """Repeated halves of one sample: the plain interval of their mean misses the truth far too often, this one not."""
    rng = np.random.default_rng(1)
    inside, plain = 0, 0
    for _ in range(200):
        sample = rng.normal(0, 1, 40)
        means = np.array([rng.permutation(sample)[:8].mean() for _ in range(15)])
        found, naive = over_splits(means, ratio=8 / 32), over_splits(means, ratio=0)
        inside += found.low <= 0 <= found.high
        plain += naive.low <= 0 <= naive.high
    assert inside >= 184 > 170 > plain


def test_values_that_all_agree_have_no_interval() -> None:
    found = over_splits(np.full(5, 0.5), ratio=0.25)
    assert math.isnan(found.low) and found.std == 0 and found.p == 2**-4
    assert over_splits(np.zeros(3), ratio=0.5).p == 1


def test_one_split_says_nothing_of_the_spread() -> None:
    with pytest.raises(ValueError, match="found 1"):
        over_splits(np.ones(1), ratio=0.25)


def test_an_interval_promises_nothing_that_cannot_be() -> None:
    failures, r2 = About("failures", "", "share", "lower"), About("R²", "", limits=(-math.inf, 1.0))
    assert (failures.within(1.11), failures.within(-0.15), failures.within(0.4)) == (1.0, 0.0, 0.4)
    assert (r2.within(1.2), r2.within(-3.0)) == (1.0, -3.0)
    assert About("error", "", "px", "lower").within(-10.0) == 0.0
    assert About("gain", "").within(7.0) == 7.0
    assert math.isnan(failures.within(math.nan))  # no interval stays none
