from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.special import betaincinv

from convscope.data.augment import mix
from convscope.data.augment.draws import Draws

N = 400
DRAWS = Draws(np.arange(N), seed=1, epoch=1)


def test_cutout_hides_a_square():
    x = torch.ones(N, 2, 16, 20)
    hidden = (mix.cutout(x, DRAWS, 0.25) == 0).numpy()
    assert (hidden[:, 0] == hidden[:, 1]).all()
    rows, columns = hidden[:, 0].any(2), hidden[:, 0].any(1)
    assert (hidden[:, 0] == rows[:, :, None] & columns[:, None, :]).all()  # a rectangle
    assert rows.sum(1).max() == columns.sum(1).max() == 4  # 0.25 of 16
    assert rows.sum(1).min() == columns.sum(1).min() == 2  # cut by the border
    assert (rows.sum(1) == 4).mean() > 0.7


def test_cutout_reaches_every_place():
    """Evenly, but for the border, which fewer squares can cover."""
    for fraction, side in ((0.3, 2), (0.4, 3)):
        hidden = mix.cutout(torch.ones(20_000, 1, 8, 8), Draws(np.arange(20_000), 0, 0), fraction) == 0
        share = hidden.float().mean((0, 1)).numpy()
        positions = 9 - side % 2
        np.testing.assert_allclose(share[2:6, 2:6], (side / positions) ** 2, rtol=0.15)
        np.testing.assert_allclose(share[0], share[-1], rtol=0.3)


def test_partners_are_drawn_evenly():
    partner = mix.partners(Draws(np.arange(20_000), 0, 0), np.arange(100, 1100))
    assert partner.dtype == np.int64
    assert stats.chisquare(np.bincount(partner - 100, minlength=1000)).pvalue > 0.01


def test_mixup_shares():
    share = mix.shares(Draws(np.arange(20_000), 0, 0), 7, 9, mixup=0.4)
    assert share.dtype == np.float32 and share.shape == (20_000, 1, 1)
    folded = stats.beta(0.4, 0.4)
    assert stats.kstest(share.ravel(), lambda v: 2 * folded.cdf(v) - 1).pvalue > 0.01
    assert share.min() >= 0.5 and share.max() <= 1


@pytest.mark.parametrize("alpha", [0.3, 1.0])
def test_cutmix_takes_a_box_whose_uncut_area_is_beta(alpha):
    """Against the distribution: boxes that touch no border are as large as asked for."""
    H, W = 40, 60
    own = mix.shares(Draws(np.arange(3000), 0, 0), H, W, cutmix=alpha)
    assert own.dtype == np.float32 and set(np.unique(own)) == {0, 1}
    inside = own == 0
    rows, columns = inside.any(2), inside.any(1)
    assert (inside == rows[:, :, None] & columns[:, None, :]).all()  # a rectangle
    side = np.sqrt(1 - betaincinv(alpha, alpha, Draws(np.arange(3000), 0, 0).uniform("cutmix share")))
    whole = ~(rows[:, 0] | rows[:, -1] | columns[:, 0] | columns[:, -1]) & rows.any(1)
    assert whole.sum() > 200
    assert (rows.sum(1)[whole] == (side * H).astype(int)[whole]).all()
    assert (columns.sum(1)[whole] == (side * W).astype(int)[whole]).all()
    share = side**2
    assert stats.kstest(share, lambda v: 1 - stats.beta(alpha, alpha).cdf(1 - v)).pvalue > 0.01
    middle = inside[:, H // 2].any(0).sum(), inside[:, :, W // 2].any(0).sum()
    assert middle == (W, H)  # every place can be covered


def test_cutmix_pastes_the_partner_and_weighs_by_the_exact_area():
    own, partner = torch.zeros(N, 2, 11, 13), torch.ones(N, 2, 11, 13)
    x, weight = mix.blend(own, partner, mix.shares(DRAWS, 11, 13, cutmix=1.0))
    assert set(x.unique().tolist()) == {0, 1} and torch.equal(x[:, 0], x[:, 1])
    assert torch.equal(weight, (1 - x[:, 0].double().sum((1, 2)) / 143).float())
    assert weight.dtype == torch.float32 and weight.min() < 0.2 and weight.max() > 0.9


def test_with_both_a_coin_decides():
    draws = Draws(np.arange(4000), 0, 0)
    share = mix.shares(draws, 8, 8, mixup=0.4, cutmix=1.0)
    mixed = draws.coin("mixup or cutmix")
    assert stats.binomtest(int(mixed.sum()), 4000).pvalue > 0.01
    assert (share[mixed] == mix.shares(draws, 8, 8, mixup=0.4)[mixed]).all()
    assert (share[~mixed] == mix.shares(draws, 8, 8, cutmix=1.0)[~mixed]).all()
