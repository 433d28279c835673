from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from convscope.data.augment.draws import Draws

ROWS = np.arange(20_000)


def test_uniform_numbers():
    values = Draws(ROWS, seed=0, epoch=0).uniform("rotate", -10, 10)
    assert values.min() >= -10 and values.max() < 10
    assert stats.kstest(values, stats.uniform(-10, 20).cdf).pvalue > 0.01


def test_vectors():
    values = Draws(ROWS, seed=0, epoch=0).vector("elastic", 5, -1, 3)
    assert values.shape == (len(ROWS), 5)
    assert stats.kstest(values.ravel(), stats.uniform(-1, 4).cdf).pvalue > 0.01
    assert abs(np.corrcoef(values.T) - np.eye(5)).max() < 0.03
    assert (Draws(ROWS[17:19], 0, 0).vector("elastic", 5, -1, 3) == values[17:19]).all()


def test_integers_and_coins():
    draws = Draws(ROWS, seed=1, epoch=2)
    assert stats.chisquare(np.bincount(draws.below("rot90", 4))).pvalue > 0.01
    assert stats.binomtest(int(draws.coin("flip x").sum()), len(ROWS)).pvalue > 0.01


@pytest.mark.parametrize("other", [Draws(ROWS, 0, 1), Draws(ROWS, 1, 0), Draws(ROWS + 1, 0, 0)])
def test_seed_epoch_and_row_each_give_other_numbers(other):
    mine, theirs = Draws(ROWS, 0, 0).uniform("a"), other.uniform("a")
    assert (mine != theirs).all()
    assert abs(np.corrcoef(mine, theirs)[0, 1]) < 0.02


def test_purposes_are_independent():
    draws = Draws(ROWS, 0, 0)
    assert abs(np.corrcoef(draws.uniform("shift x"), draws.uniform("shift y"))[0, 1]) < 0.02


def test_a_sample_draws_the_same_in_any_batch():
    whole = Draws(ROWS, 3, 4).bits("a")
    assert (Draws(ROWS[::-1], 3, 4).bits("a") == whole[::-1]).all()
    assert (Draws(ROWS[17:19], 3, 4).bits("a") == whole[17:19]).all()


def test_the_numbers_are_pinned():
    """A change here changes every user's training."""
    assert Draws(np.array([0, 1, 59_999]), seed=0, epoch=1).bits("rotate").tolist() == [
        7890921493484010590,
        4420045952999262659,
        18015141944153235257,
    ]
