"""A residual U-Net for volumes, as medical images are segmented: all that is said of it is what is found."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor, nn

import convscope as cs
from analysis.test_random_networks import hold


class Unit(nn.Module):
    """Two convolutions with normalisation and PReLU, and a way around them."""

    def __init__(self, inputs: int, outputs: int, stride: int, norm: type[nn.Module]):
        super().__init__()
        self.first = nn.Sequential(nn.Conv3d(inputs, outputs, 3, stride, 1), norm(outputs), nn.PReLU())
        self.second = nn.Sequential(nn.Conv3d(outputs, outputs, 3, 1, 1), norm(outputs), nn.PReLU())
        self.around = nn.Conv3d(inputs, outputs, 3, stride, 1) if stride > 1 else nn.Conv3d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x)) + self.around(x)


class Level(nn.Module):
    """Down, what lies below, up again, and the input beside it (Ronneberger et al. 2015; Kerfoot et al. 2018)."""

    def __init__(self, inputs: int, widths: tuple[int, ...], outputs: int, norm: type[nn.Module]):
        super().__init__()
        width, *more = widths
        self.down = Unit(inputs, width, 2, norm)
        self.below = Level(width, tuple(more), width, norm) if more else Unit(width, width, 1, norm)
        self.up = nn.Sequential(
            nn.ConvTranspose3d(2 * width, outputs, 3, 2, 1, output_padding=1), norm(outputs), nn.PReLU()
        )
        self.last = Unit(outputs, outputs, 1, norm)

    def forward(self, x: Tensor) -> Tensor:
        down = self.down(x)
        return self.last(self.up(torch.cat([down, self.below(down)], 1)))


@pytest.mark.parametrize("norm", [partial(nn.InstanceNorm3d, eps=0.1, affine=True), nn.BatchNorm3d])
def test_a_residual_u_net_for_volumes(norm):
    torch.manual_seed(0)
    network = Level(1, (2, 3), 1, norm).double().eval()
    hold(network, (1, 8, 8, 4))


def test_where_a_u_net_for_volumes_sees():
    """Transposed convolutions let units take turns: two levels down are four different fields, told as the largest."""
    network = Level(1, (2, 3), 1, nn.BatchNorm3d)
    found = cs.inspect(network, (1, 64, 64, 64))
    (_, *space) = found.layers[-1].fields["input"]
    alone = [found.field(found.layers[-1].name, (0, 32, 32, z)).places.along(3) for z in range(30, 34)]
    assert {one.size for one in space} == {max(one[-1] - one[0] + 1 for one in alone)} == {51}
    assert {one.stride for one in space} == {1}
