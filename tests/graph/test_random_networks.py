"""Random networks: chains and branches of every kind of layer, in one to three dimensions, against PyTorch."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from graph.equal import assert_equal_to_torch

CONV = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
TRANSPOSED = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
MAX = {1: nn.MaxPool1d, 2: nn.MaxPool2d, 3: nn.MaxPool3d}
MEAN = {1: nn.AvgPool1d, 2: nn.AvgPool2d, 3: nn.AvgPool3d}
NORM = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
PLAIN = (nn.ReLU, nn.SELU, nn.GELU, nn.Sigmoid, nn.Tanh, nn.Dropout, nn.Identity)


class Branches(nn.Module):
    """Two ways through, brought to one size and added, multiplied or set beside each other."""

    def __init__(self, first: nn.Module, second: nn.Module, join: str):
        super().__init__()
        self.first, self.second, self.join = first, second, join

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.first(x), self.second(x)
        size = [slice(0, min(n, m)) for n, m in zip(a.shape[2:], b.shape[2:], strict=True)]
        a, b = a[:, :, *size], b[:, :, *size]
        if self.join == "beside":
            return torch.cat([a, b], 1)
        a, b = a.mean(1, keepdim=True), b.mean(1, keepdim=True)
        return a + b if self.join == "sum" else a * b


@st.composite
def chains(draw: st.DrawFn, rank: int, channels: int, depth: int) -> tuple[nn.Module, int]:
    """Draw layers one after the other; return them, and how many channels leave them."""
    layers: list[nn.Module] = []
    for _ in range(draw(st.integers(1, depth))):
        kind = draw(st.sampled_from(["conv", "conv", "transposed", "pool", "norm", "plain", "branch"]))
        if kind == "branch" and depth > 1:
            first, a = draw(chains(rank, channels, depth - 1))
            second, b = draw(chains(rank, channels, depth - 1))
            join = draw(st.sampled_from(["sum", "product", "beside"]))
            layers.append(Branches(first, second, join))
            channels = a + b if join == "beside" else 1
            continue
        made, channels = draw(layer(rank, channels, kind))
        layers.append(made)
    return nn.Sequential(*layers), channels


@st.composite
def layer(draw: st.DrawFn, rank: int, channels: int, kind: str) -> tuple[nn.Module, int]:
    """Draw one layer that leaves at least as much of a map as a kernel of 3 needs."""
    groups = draw(st.sampled_from([n for n in (1, 2) if channels % n == 0]))
    outputs = groups * draw(st.integers(1, 2))
    kernel = draw(st.integers(1, 3))
    arguments: dict[str, Any] = {"groups": groups, "bias": draw(st.booleans()), "dilation": draw(st.integers(1, 2))}
    if kind == "conv":
        modes = ["zeros", "reflect", "replicate", "circular"]
        padding = draw(st.integers(0, 2)) + arguments["dilation"] * (kernel // 2)
        more = {"padding": padding, "padding_mode": draw(st.sampled_from(modes)), "stride": draw(st.integers(1, 2))}
        if more["padding_mode"] != "zeros":
            more["padding"] = 1 if kernel < 3 or arguments["dilation"] == 1 else 2
        return CONV[rank](channels, outputs, kernel, **arguments, **more), outputs
    if kind == "transposed":
        stride = draw(st.integers(1, 2))
        extra = draw(st.integers(0, stride - 1))
        return TRANSPOSED[rank](channels, outputs, kernel, stride, output_padding=extra, **arguments), outputs
    if kind == "pool":
        pool = draw(st.sampled_from([MAX[rank], MEAN[rank]]))
        return pool(2, stride=draw(st.integers(1, 2)), padding=1, ceil_mode=draw(st.booleans())), channels
    if kind == "norm":
        norm = NORM[rank](channels)
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
        return norm, channels
    return draw(st.sampled_from(PLAIN))(), channels


@given(st.data(), st.integers(1, 3))
@settings(max_examples=120, deadline=None, derandomize=True)
def test_random_networks_are_pytorchs_numbers(data: st.DataObject, rank: int):
    torch.manual_seed(data.draw(st.integers(0, 2**16)))
    channels = data.draw(st.integers(1, 3))
    network, _ = data.draw(chains(rank, channels, 3))
    side = {1: 24, 2: 12, 3: 7}[rank]
    shape = (channels, *(data.draw(st.integers(side - 2, side)) for _ in range(rank)))
    network = network.double().eval()
    try:
        with torch.no_grad():
            network(torch.zeros(1, *shape, dtype=torch.float64))
    except RuntimeError:
        return  # too little of the map is left for PyTorch
    graph = assert_equal_to_torch(network, shape)
    assert graph.batched
