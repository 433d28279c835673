"""Comparing over images and seeds: the bootstrap against formulas and scipy, Holm's correction by its definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from convscope.runs.compare.statistics import resampled_means, two_sided
from convscope.tasks.metrics.comparison import resampled_accuracies
from convscope.tasks.metrics.holm import holm
from convscope.tasks.metrics.units import Units


def test_holm_by_hand():
    # Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1: 0.02, 0.03, 0.06, and 0.04, which may not fall below 0.06.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.7, 0.9]) == [1, 1]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_rejects_what_the_step_down_procedure_rejects(p):
    def rejected(level: float) -> set[int]:
        found: set[int] = set()
        for step, at in enumerate(np.argsort(p, kind="stable")):
            if p[at] * (len(p) - step) > level:
                break
            found.add(int(at))
        return found

    corrected = holm(p)
    assert all(low <= high <= 1 for low, high in zip(p, corrected, strict=True))
    for level in (0.01, 0.05, 0.3):
        assert {at for at, value in enumerate(corrected) if value <= level} == rejected(level)


def answers(seed: int, n: int = 400) -> np.ndarray:
    rng = np.random.default_rng(seed)
    hard = rng.random(n) < 0.3
    return np.stack([~hard | (rng.random(n) < share) for share in (0.5, 0.2, 0.4)])


def test_resampled_accuracies_spread_as_the_binomial_says():
    right = answers(0)
    found = resampled_accuracies(right, Units.of(None, 400), 20_000, seed=1)
    share = right.mean(axis=1)
    np.testing.assert_allclose(found.mean(axis=1), share, atol=1e-3)
    np.testing.assert_allclose(found.std(axis=1), np.sqrt(share * (1 - share) / right.shape[1]), rtol=0.03)


def test_differences_agree_with_scipys_paired_bootstrap():
    right = answers(3)
    found = resampled_accuracies(right, Units.of(None, 400), 10_000, seed=0)
    interval = np.quantile(found[0] - found[1], [0.025, 0.975])
    other = stats.bootstrap(
        (right[0].astype(float), right[1].astype(float)), lambda a, b, axis: (a - b).mean(axis=axis),
        paired=True, vectorized=True, method="percentile", n_resamples=10_000, rng=np.random.default_rng(5),
    ).confidence_interval  # fmt: skip
    np.testing.assert_allclose(interval, [other.low, other.high], atol=0.005)


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_the_spread_over_seeds_is_that_of_a_mean(seeds):
    values = np.random.default_rng(seeds).random(seeds)
    found = resampled_means(np.repeat(values[:, None], 40_000, axis=1), [{s: s for s in range(seeds)}], seed=0)
    assert found.mean() == pytest.approx(values.mean(), abs=6e-3)
    assert found.var() == pytest.approx(values.var(ddof=1) / seeds, rel=0.05)  # unbiased, also for two seeds


def test_networks_with_the_same_seeds_draw_the_same_ones():
    figures = np.repeat(np.array([0.1, 0.5, 0.9, 0.2, 0.6, 1.0])[:, None], 1000, axis=1)
    a, b = resampled_means(figures, [{0: 0, 1: 1, 2: 2}, {0: 3, 1: 4, 2: 5}], seed=0)
    np.testing.assert_allclose(b - a, 0.1)
    a, b = resampled_means(figures, [{0: 0, 1: 1, 2: 2}, {3: 3, 4: 4, 5: 5}], seed=0)
    assert np.ptp(b - a) > 0.3


def test_two_sided_is_symmetric_and_at_most_one():
    draws = np.random.default_rng(0).normal(1, 1, 999)
    assert two_sided(draws) == two_sided(-draws) == pytest.approx(2 * stats.norm.sf(1), abs=0.05)
    assert two_sided(np.zeros(10)) == 1
