"""Whether features move with the image: known answers for known networks."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import nn

from convscope.analysis.equivariance import equivariance, last_map
from convscope.errors import ConfigError, ShapeError
from convscope.graph import Graph
from convscope.graph.record import record
from convscope.models import registry
from convscope.ops import correlate, max_pool


def graph(*layers: nn.Module, shape: tuple[int, ...] = (1, 24, 24)) -> Graph:
    torch.manual_seed(0)
    for layer in layers:  # which were made before the seed
        for parameter in layer.parameters():
            nn.init.normal_(parameter)
    return record(nn.Sequential(*layers).eval(), shape)


@pytest.mark.parametrize(
    ("layers", "stride", "margin"),
    [
        ([nn.Conv2d(1, 4, 5)], 1, 0),
        ([nn.Conv2d(1, 4, 5, padding=2)], 1, 2),
        ([nn.Conv2d(1, 4, 5, padding=2, padding_mode="circular")], 1, 0),
        ([nn.Conv2d(1, 4, 3, stride=2)], 2, 0),
        ([nn.Conv2d(1, 4, 3, stride=2, padding=1)], 2, 1),
        ([nn.Conv2d(1, 4, 3, padding=1), nn.SELU(), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3, stride=2)], 4, 1),
        ([nn.Conv2d(1, 4, 3, padding=1), nn.AvgPool2d(3)], 3, 1),
        ([nn.ConvTranspose2d(1, 4, 4, stride=2, padding=1)], Fraction(1, 2), 2),
        ([nn.Conv2d(1, 4, 2, stride=2), nn.Tanh(), nn.ConvTranspose2d(4, 4, 3, stride=3)], Fraction(2, 3), 0),
    ],
)
def test_the_stride_of_exact_agreement(layers: list[nn.Module], stride: Fraction, margin: int) -> None:
    for move in equivariance(graph(*layers)).translations:
        assert move.stride == stride and move.margin is not None and move.margin <= margin
        assert len(move.errors) == move.shift == Fraction(stride).numerator
        assert move.errors[-1] < 1e-12 and all(error > 0.1 for error in move.errors[:-1])


def test_the_axes_apart_and_any_number_of_them() -> None:
    moves = equivariance(graph(nn.Conv3d(1, 4, 3, stride=(1, 2, 3)), shape=(1, 8, 12, 12))).translations
    assert [(move.axis, move.stride) for move in moves] == [(0, 1), (1, 2), (2, 3)]
    (move,) = equivariance(graph(nn.Conv1d(2, 4, 3, dilation=2), shape=(2, 20))).translations
    assert move.stride == 1


def test_a_position_that_is_told_breaks_it() -> None:
    images = np.random.default_rng(0).normal(size=(2, 1, 16, 16))
    ramp = np.linspace(0, 1, 16)
    found = equivariance(lambda x: x * ramp, images)  # columns know where they are, rows do not
    rows, columns = found.translations
    assert rows.stride == 1 and columns.stride is None and columns.shift is None
    assert min(columns.errors) > 0.05
    assert "no move of the input by 1 to 8 moves the features exactly" in str(columns)
    assert (
        str(rows)
        == "axis 0: moving the input by 1 moves the features by 1 (stride 1), exactly from 0 off the border on"
    )


def symmetries(found_of: Graph) -> dict[str, bool]:
    return {one.element: one.exact for one in equivariance(found_of).symmetries}


def test_turns_and_mirrors_of_kernels_with_such_symmetry() -> None:
    images = np.random.default_rng(0).normal(size=(2, 1, 9, 9))
    turning = np.array([[[[1.0, 2, 0], [0, 5, 0], [0, 2, 1]]]])  # as it is only under a half turn
    found = equivariance(lambda x: correlate(x, turning, padding=1), images)
    assert [one.element for one in found.symmetries if one.exact] == ["turned by 180°"]
    round_ = np.array([[[[1.0, 2, 1], [2, 5, 2], [1, 2, 1]]]])
    assert all(one.exact for one in equivariance(lambda x: correlate(x, round_, padding=1), images).symmetries)
    # A pooling of an even map maps borders to borders; an odd kernel with a stride begins at one corner, and keeps only
    # the mirror through that one.
    even = np.random.default_rng(0).normal(size=(2, 1, 8, 8))
    assert all(one.exact for one in equivariance(lambda x: max_pool(x, 2), even).symmetries)
    strided = equivariance(lambda x: correlate(x, round_, stride=2, padding=1), even).symmetries
    assert [one.element for one in strided if one.exact] == ["mirrored and turned by 90°"]


def test_a_longer_image_has_no_quarter_turns() -> None:
    wide = graph(nn.Conv2d(1, 2, 3), shape=(1, 8, 12))
    assert list(symmetries(wide)) == ["turned by 180°", "mirrored", "mirrored and turned by 180°"]
    assert list(symmetries(graph(nn.Conv1d(1, 2, 3), shape=(1, 8)))) == ["mirrored"]


def test_a_group_network_turns_its_maps_and_keeps_its_scores() -> None:
    torch.manual_seed(0)
    net = record(registry.create("p4_mini", classes=10, channels=1).eval(), (1, 12, 12))
    image = np.random.default_rng(0).normal(size=(1, 1, 12, 12))
    maps = {one.element: one for one in equivariance(net, image, furthest=1).symmetries}
    assert [name for name, one in maps.items() if one.exact] == ["turned by 90°", "turned by 180°", "turned by 270°"]
    assert maps["mirrored"].largest > 0.1
    scores = equivariance(net, image, node=net.outputs["output"], furthest=1)
    assert scores.invariance and [one.exact for one in scores.symmetries] == [True] * 3 + [False] * 4
    assert str(scores).startswith("fc has no positions: compared unmoved\n  axis 0: moved by 1 to 1, they differ by ")
    assert [len(move.errors) for move in scores.translations] == [1, 1] and scores.translations[0].stride is None


def test_a_global_average_of_a_circular_map_does_not_see_moves() -> None:
    net = graph(
        nn.Conv2d(1, 4, 3, padding=1, padding_mode="circular"), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    found = equivariance(net, node="3")
    assert found.invariance and all(max(move.errors) < 1e-12 for move in found.translations)


def test_only_what_the_node_needs_is_run() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.linalg.svdvals(self.conv(x))

    net = record(Net().eval(), (1, 10, 10))
    assert net.unknown and equivariance(net, node="conv").translations[0].stride == 1


def test_the_last_map_is_meant_by_default() -> None:
    net = graph(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    assert last_map(net) == "1" == equivariance(net).node


def test_what_cannot_be_measured_is_said() -> None:
    with pytest.raises(ConfigError, match="there is no node '00'"):
        equivariance(graph(nn.Conv2d(1, 2, 3)), node="00")
    with pytest.raises(ShapeError, match=r"the input must be \(N, C, \*space\), found \(2, 8\)"):
        equivariance(graph(nn.Linear(8, 2), shape=(8,)))
    with pytest.raises(ShapeError, match="the features are the same everywhere"):
        equivariance(lambda x: x * 0, np.ones((1, 1, 4, 4)))
    with pytest.raises(ConfigError, match="is measured on an input of yours"):
        equivariance(lambda x: x)
    with pytest.raises(ConfigError, match=r"only one input of images can be moved; Sequential takes tokens \(int64\)"):
        tokens = record(nn.Sequential(nn.Embedding(5, 4)), "tokens:int64:7")
        equivariance(tokens)
