"""The parts that families share, against their formulas."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from convscope.errors import ConfigError, ShapeError
from convscope.models import create
from convscope.models.blocks import ChannelNorm, SqueezeExcite, StochasticDepth, drop_rates, norm, size_after
from convscope.models.densenet import DenseLayer
from convscope.models.mobilenet import InvertedResidual


@given(
    st.lists(
        st.tuples(st.sampled_from(["conv", "max", "mean"]), st.integers(1, 5), st.integers(1, 3), st.booleans()),
        min_size=1,
        max_size=4,
    ),
    st.integers(1, 40),
    st.integers(1, 40),
)
@settings(max_examples=80, deadline=None)
def test_sizes_after_nested_chains_are_the_real_ones(
    rows: list[tuple[str, int, int, bool]], height: int, width: int
) -> None:
    layers: list[nn.Module] = []
    for kind, kernel, stride, ceil in rows:
        if kind == "conv":
            layers.append(nn.Conv2d(1, 1, kernel, stride, kernel // 2 if ceil else 0))
        else:
            layers.append(
                (nn.MaxPool2d if kind == "max" else nn.AvgPool2d)(kernel, stride, kernel // 2, ceil_mode=ceil)
            )
    net = nn.Sequential(layers[0], nn.Sequential(*layers[1:], nn.ReLU()))
    try:
        expected = size_after(net, (height, width))
    except ShapeError as refused:
        with pytest.raises(RuntimeError):
            net(torch.zeros(1, 1, height, width))
        side = int(str(refused).rpartition("×")[2])
        assert net(torch.zeros(1, 1, side, side)).numel() > 0
        with pytest.raises(RuntimeError):
            net(torch.zeros(1, 1, side - 1, side - 1))
    else:
        assert tuple(net(torch.zeros(1, 1, height, width)).shape[2:]) == expected


def test_sizes_pass_through_blocks_and_adaptive_pooling() -> None:
    chain = nn.Sequential(
        InvertedResidual(3, 8, 2, 4), DenseLayer(8, 4, 0), nn.Conv2d(12, 2, (3, 1), padding="same"),
        nn.Conv2d(2, 2, 3, padding="valid"), nn.AdaptiveAvgPool2d((None, 6)),
    )  # fmt: skip
    assert size_after(chain, (31, 20)) == tuple(chain(torch.zeros(2, 3, 31, 20)).shape[2:]) == (14, 6)


def test_a_vanished_map_is_named_by_its_path() -> None:
    chain = nn.Sequential()
    chain.add_module("features", nn.Sequential(nn.Conv2d(1, 1, 3), nn.Sequential(nn.ReLU(), nn.MaxPool2d(4, 2))))
    with pytest.raises(ShapeError) as caught:
        size_after(chain, (20, 5))
    assert str(caught.value) == (
        "the map vanishes at layer features.1.1 (MaxPool2d), where it is 18×3: the 4-pixel pooling window reaches "
        "over 4 pixels, but only 3 are there; the smallest image that works is 6×6"
    )


def test_channel_norm_by_its_formula_and_by_torch() -> None:
    x = torch.randn(2, 6, 3, 4) * 3 + 1
    layer = ChannelNorm(6)
    nn.init.normal_(layer.weight)
    nn.init.normal_(layer.bias)
    mean, variance = x.mean(1, keepdim=True), x.var(1, correction=0, keepdim=True)
    expected = (x - mean) / (variance + 1e-6).sqrt() * layer.weight[:, None, None] + layer.bias[:, None, None]
    torch.testing.assert_close(layer(x), expected)
    one_group = nn.GroupNorm(1, 6, eps=1e-6)
    one_group.load_state_dict(layer.state_dict())
    pixel = x[:, :, :1, :1]
    torch.testing.assert_close(layer(pixel), one_group(pixel))


@pytest.mark.parametrize("channels", [1, 7, 16, 24, 48, 96, 320])
def test_norms_take_any_number_of_channels(channels: int) -> None:
    x = torch.randn(3, channels, 5, 5) * 4 + 2
    groups = norm("group", channels)
    assert isinstance(groups, nn.GroupNorm) and channels / groups.num_groups <= 16
    for kind in ("batch", "group"):
        torch.testing.assert_close(norm(kind, channels)(x).square().mean(), torch.tensor(1.0), atol=1e-3, rtol=0)
    assert norm("none", channels)(x) is x


def test_an_unknown_norm_says_the_nearest() -> None:
    with pytest.raises(
        ConfigError, match="unknown norm 'bach'; did you mean 'batch'\\?; known: batch, group, layer, none"
    ):
        create("resnet18", classes=2, norm="bach")


def test_squeeze_and_excitation_by_hand() -> None:
    block = SqueezeExcite(2)
    for parameter in block.parameters():
        nn.init.zeros_(parameter)
    with torch.no_grad():
        block.fc1.weight[0, 1] = 2.0  # the first hidden value: ReLU(2 · mean of channel 1)
        block.fc2.weight[0, 0] = 0.5  # the gate of channel 0: sigmoid of half of it
        block.fc2.bias[1] = -1.0
    x = torch.tensor([[[[1.0, 3.0]], [[2.0, 4.0]]]])  # (1, 2, 1, 2): means 2 and 3
    gate = [1 / (1 + math.exp(-0.5 * 2 * 3)), 1 / (1 + math.exp(1.0))]
    torch.testing.assert_close(block(x), x * torch.tensor(gate).view(1, 2, 1, 1))


def test_stochastic_depth_keeps_the_mean_and_drops_whole_images() -> None:
    layer, x = StochasticDepth(0.3), torch.rand(20_000, 2, 1, 1) + 0.5
    torch.manual_seed(0)
    out = layer(x)
    kept = out != 0
    assert bool((kept[:, 0] == kept[:, 1]).all())
    assert float(kept.float().mean()) == pytest.approx(0.7, abs=0.01)
    torch.testing.assert_close(out[kept], x[kept] / 0.7)
    assert float(out.mean()) == pytest.approx(float(x.mean()), abs=0.02)
    torch.manual_seed(0)
    assert torch.equal(layer(x), out)
    assert layer.eval()(x) is x and StochasticDepth(0.0)(x) is x


def test_a_drop_rate_is_a_probability_below_one() -> None:
    for rate in (-0.1, 1.0, 1.5):
        with pytest.raises(ConfigError, match=f"'drop_path' must be a number from 0 to below 1, got {rate:g}"):
            create("resnet18", classes=2, drop_path=rate)
        with pytest.raises(ConfigError, match="'drop_path' must be"):
            create("resnet_mini", classes=2, drop_path=rate)
    assert drop_rates(0.0, 3) == [0, 0, 0]
