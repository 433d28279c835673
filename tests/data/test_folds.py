"""Folds: each example tested once, groups whole, strata by their share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.data.folds import MOST_FOLDS, assign_folds
from convscope.errors import ConfigError, DataError


@given(st.lists(st.integers(0, 4), min_size=2, max_size=200), st.integers(2, 12), st.integers(0, 99))
def test_single_examples_are_dealt_evenly(strata: list[int], folds: int, seed: int) -> None:
    labels = np.array(strata)
    if len(labels) < folds:
        return
    fold = assign_folds(labels, np.arange(len(labels)), folds, seed=seed)
    assert set(fold) == set(range(1, folds + 1))
    assert np.ptp(np.bincount(fold, minlength=folds + 1)[1:]) <= 1
    for stratum in set(strata):
        assert np.ptp(np.bincount(fold[labels == stratum], minlength=folds + 1)[1:]) <= 1


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30)), min_size=12, max_size=300), st.integers(2, 5))
def test_groups_stay_whole_and_no_fold_is_empty(rows: list[tuple[int, int]], folds: int) -> None:
    strata, groups = (np.array(column) for column in zip(*rows, strict=True))
    if len(set(groups)) < folds:
        return
    fold = assign_folds(strata, groups, folds)
    assert set(fold) == set(range(1, folds + 1))
    assert all(len(set(fold[groups == group])) == 1 for group in set(groups))


def test_grouped_folds_keep_the_shares_of_classes() -> None:
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 200, 4000)
    strata = (rng.random(4000) < 0.1).astype(int)
    fold = assign_folds(strata, groups, 5)
    assert all(abs((fold == k).mean() - 0.2) < 0.01 for k in range(1, 6))
    assert all(abs(strata[fold == k].mean() - strata.mean()) < 0.01 for k in range(1, 6))


def test_the_draw_changes_with_the_seed_only() -> None:
    strata, units = np.arange(100) % 3, np.arange(100)
    first = assign_folds(strata, units, 5, seed=1)
    assert (first == assign_folds(strata, units, 5, seed=1)).all()
    assert (first != assign_folds(strata, units, 5, seed=2)).any()


def test_too_few_or_too_many_folds_are_refused() -> None:
    with pytest.raises(ConfigError, match=f"2 to {MOST_FOLDS:,}, found 1"):
        assign_folds(np.zeros(4, int), np.arange(4), 1)
    with pytest.raises(DataError, match=r"5 folds .* found 4"):
        assign_folds(np.zeros(4, int), np.arange(4), 5)
    with pytest.raises(DataError, match=r"3 folds .* groups, found 2"):
        assign_folds(np.zeros(4, int), np.array([0, 0, 1, 1]), 3)
