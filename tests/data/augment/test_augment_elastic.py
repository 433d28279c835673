from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage
from scipy.interpolate import BSpline

from convscope.data.augment import elastic, geometry
from convscope.data.augment.draws import Draws

N = 12
DRAWS = Draws(np.arange(N), seed=5, epoch=2)


@pytest.mark.parametrize("size", [1, 2, 8, 33])
def test_the_basis_is_a_cubic_spline(size):
    knots = np.arange(-2.0, elastic.NODES + 2)  # node k stands at k, in spacings from the one beyond the edge
    place = (np.arange(size) + 0.5) / size * (elastic.NODES - 3) + 1
    expected = BSpline.design_matrix(place, knots, 3).toarray().T
    np.testing.assert_allclose(elastic.basis(size), expected, atol=1e-12)
    np.testing.assert_allclose(elastic.basis(size).sum(0), 1)


@pytest.mark.parametrize(("height", "width"), [(20, 20), (16, 25)])
def test_bending_against_scipy(height, width):
    x = torch.randn((N, 2, height, width), generator=torch.Generator().manual_seed(0))
    found = geometry.warp(x, DRAWS, elastic=0.1)
    nodes = DRAWS.vector("elastic", 2 * elastic.NODES**2, -0.1, 0.1).reshape(N, 2, elastic.NODES, elastic.NODES)
    rows, columns = np.mgrid[:height, :width]
    for i in range(N):
        along, down = (elastic.basis(height).T @ nodes[i, axis] @ elastic.basis(width) for axis in (0, 1))
        places = rows + down * height, columns + along * width
        for channel in range(2):
            expected = ndimage.map_coordinates(x[i, channel].numpy(), places, order=1, mode="nearest")
            np.testing.assert_allclose(found[i, channel].numpy(), expected, atol=2e-4)


def test_bending_comes_after_turning_in_one_interpolation():
    """A picture that is its own coordinates shows where every pixel came from."""
    side = 40
    ramp = torch.stack(torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")).float()
    x = ramp.expand(N, 2, side, side).contiguous()
    turned, bent = geometry.warp(x, DRAWS, rotate=15), geometry.warp(x, DRAWS, rotate=15, elastic=0.05)
    field = elastic.field(x.shape, DRAWS, 0.05, x)
    middle = (slice(None), slice(None), slice(12, 28), slice(12, 28))
    expected = turned + field.flip(3).permute(0, 3, 1, 2) * side / 2
    torch.testing.assert_close(bent[middle], expected[middle], atol=1e-3, rtol=0)


@pytest.mark.parametrize("most", [0.05, elastic.MOST])
def test_it_never_folds_and_never_exceeds_its_limit(most):
    draws = Draws(np.arange(500), 0, 0)
    shape = torch.Size((500, 1, 48, 48))
    field = elastic.field(shape, draws, most, torch.zeros(1)) / 2  # as shares of a side
    assert field.abs().max() <= most
    place = field * 48
    across, down = place.diff(dim=2)[:, :-1], place.diff(dim=1)[:, :, :-1]
    area = (1 + across[..., 0]) * (1 + down[..., 1]) - across[..., 1] * down[..., 0]
    assert area.min() > 0
    assert place.abs().mean() > 0.2 * most * 48  # and bends visibly
