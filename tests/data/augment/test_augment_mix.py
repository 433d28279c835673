from __future__ import annotations

import numpy as np
import torch
from scipy import stats

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


def test_partners_and_shares():
    population = np.arange(100, 1100)
    partner, share = mix.partners(Draws(np.arange(20_000), 0, 0), population, alpha=0.4)
    assert partner.dtype == np.int64 and share.dtype == np.float32
    assert stats.chisquare(np.bincount(partner - 100, minlength=1000)).pvalue > 0.01
    folded = stats.beta(0.4, 0.4)
    assert stats.kstest(share, lambda v: 2 * folded.cdf(v) - 1).pvalue > 0.01
    assert share.min() >= 0.5 and share.max() <= 1
