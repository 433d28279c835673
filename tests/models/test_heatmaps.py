"""Heat maps are made of all sizes of maps that a backbone has, down to cells of four pixels."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch
from torch import nn

from convscope.models import create
from convscope.models.heatmaps import Pyramid, pyramid
from convscope.training.accelerate import inference_model


def backbone(*strides: int) -> nn.Sequential:
    """Return a chain of convolutions that divide the sides by these."""
    inputs, layers = 3, OrderedDict()
    for at, stride in enumerate(strides):
        layers[f"conv{at}"] = nn.Conv2d(inputs, 4 + at, 3, stride, padding=1)
        inputs = 4 + at
    return nn.Sequential(layers)


def built(*strides: int, side: int = 64) -> Pyramid:
    shapes, x, chain = {}, torch.zeros(2, 3, side, side), backbone(*strides)
    for name, child in chain.named_children():
        x = child(x)
        shapes[name] = tuple(x.shape)
    return pyramid(chain, shapes, side, 10)


@pytest.mark.parametrize(
    ("strides", "taps", "cells"),
    [
        ((2, 2, 2, 1, 2), ("conv4", "conv3", "conv1"), 16),  # the last of each size, down to a stride of 4
        ((1, 2), ("conv1",), 32),  # finer than four pixels already
        ((8,), ("conv0",), 16),  # doubled where the backbone has nothing finer
        ((4, 4), ("conv1", "conv0"), 16),  # four times as large in one go
    ],
)
def test_the_head_is_given_maps_of_each_size(strides, taps, cells):
    net = built(*strides).eval()
    assert net.taps == taps
    x = torch.randn(2, 3, 64, 64)
    assert net.head.heat(net.maps(x)).shape == (2, 5, cells + 2, cells + 2)  # pyright: ignore
    assert net(x).shape == (2, 10)


def test_every_map_has_a_say():
    net = built(2, 2, 2, 2)
    net(torch.randn(2, 3, 64, 64))[:, 0].sum().backward()
    assert all(weight.grad is not None and weight.grad.abs().max() > 0 for weight in net[0:4].parameters())


def test_sides_that_are_no_powers_of_two():
    net = create("resnet_mini", classes=6, channels=3, size=(75, 101), head="heatmap").eval()
    assert net(torch.randn(2, 3, 75, 101)).shape == (2, 6)


def test_the_form_for_answers_gives_the_same_places():
    torch.manual_seed(0)
    net = create("resnet_mini", classes=6, channels=3, size=(64, 64), head="heatmap")
    net(torch.randn(8, 3, 64, 64))
    x = torch.randn(2, 3, 64, 64)
    fast = inference_model(net, channels_last=True)
    assert torch.allclose(fast(x), net.eval()(x), atol=1e-4)
