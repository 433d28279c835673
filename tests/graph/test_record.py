"""What a recorded graph says of networks as users write them, and that its numbers are PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

import convscope as cs
from convscope.errors import ConfigError, ShapeError
from convscope.graph.record import record
from graph.equal import assert_equal_to_torch, inputs
from graph.written import Written

IMAGE = (4, 8, 8)


def conv(inputs: int = 4, outputs: int = 4, **arguments: Any) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1, **arguments)


def test_a_node_says_what_it_is_and_where_its_arrays_come_from():
    graph = cs.record(nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten()), (3, 9, 9))
    given, node, relu, flat = graph.nodes
    assert (given.name, given.op, given.shape, given.batch) == ("input", "input", (1, 3, 9, 9), 0)
    assert (node.name, node.op, node.path, node.shape, node.dtype) == ("0", "correlate", "0", (1, 8, 5, 5), "float32")
    assert node.inputs == {"x": "input"} and node.weights == {"kernel": "0.weight", "bias": "0.bias"}
    assert node.arguments == {"stride": (2, 2), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 1}
    assert relu.inputs == {"x": "0"}
    assert flat.arguments == {"shape": (1, 200)} and flat.arguments_for(7) == {"shape": (7, 200)}
    assert graph.outputs == {"output": "2"} and graph.modules["0"] == "Conv2d"
    assert graph.parameters["0.weight"].shape == (8, 3, 3, 3) and graph.notes == ()


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = conv()
        self.again = conv(padding_mode="reflect")

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.conv(x))
        y = self.again(self.conv(y))
        y += x
        return F.relu(y)


def test_names_are_paths_with_what_a_module_does_beside():
    graph = record(nn.Sequential(Block()), IMAGE)
    assert [node.name for node in graph.nodes] == [
        "input", "0.conv", "0.relu", "0.conv#2", "0.again.pad", "0.again", "0.add", "0.relu#2",
    ]  # fmt: skip
    assert [node.path for node in graph.nodes[1:5]] == ["0.conv", "0", "0.conv", "0.again"]


def split(self: Any, x: Tensor) -> Any:
    first, rest = x.split([1, 3], 1)
    return {
        "unbound": x.unbind(1)[1], "chunk": x.chunk(2, 1)[1], "rest": rest * first,
        "index": x[:, None, 1, ..., ::2], "last": x[..., -1], "narrow": x.narrow(2, 1, 3),
    }  # fmt: skip


def arranged(self: Any, x: Tensor) -> Any:
    return {
        "stack": torch.stack([x, x], 2), "repeat": x.repeat(1, 2, 1, 3), "flip": x.flip(2),
        "roll": x.roll((1, -2), (2, 3)), "move": x.movedim(1, -1), "transpose": x.transpose(1, 3),
        "view": x.view(x.size(0), 2, -1),
        "shuffle": F.pixel_shuffle(x, 2), "unshuffle": F.pixel_unshuffle(x, 2), "turn": F.channel_shuffle(x, 2),
        "pad": F.pad(x, (1, -1, 2, 0), value=3.0), "channels": F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 2, 2)),
        "expand": x[:, :1].expand(-1, 4, -1, -1), "squeeze": x[:, :1].squeeze(1),
    }  # fmt: skip


def activated(self: Any, x: Tensor) -> Any:
    every = (
        F.hardswish, F.mish, F.elu, F.softplus, F.gelu, F.silu, F.selu, F.relu6, F.logsigmoid,
        torch.tanh, torch.sigmoid, torch.exp, torch.abs, torch.square,
    )  # fmt: skip
    made = {one.__name__: one(x) for one in every}
    return made | {
        "glu": F.glu(x, 1), "prelu": F.prelu(x, self.slope), "tanh gelu": F.gelu(x, approximate="tanh"),
        "leaky": F.leaky_relu(x, 0.2), "clamp": x.clamp(min=-0.5), "root": torch.sqrt(x * x + 1),
        "log": (x * x + 1).log(), "softmax": x.softmax(1),
        "log softmax": F.log_softmax(x, dim=-1), "power": x**3, "over": 2 / (x * x + 1),
        "minus": 1 - x, "negative": -x, "reciprocal": torch.reciprocal(x * x + 0.1),
    }  # fmt: skip


def reduced(self: Any, x: Tensor) -> Any:
    return {
        "mean": x.mean((2, 3)), "sum": x.sum(1, keepdim=True), "max": x.max(dim=2).values, "amax": x.amax((1, 3)),
        "all": x.flatten(1).mean(-1), "product": x @ x.transpose(-1, -2), "vector": x @ self.vector,
        "added": torch.baddbmm(x[:, 0], x[:, 1], x[:, 2], alpha=2), "normalised": F.normalize(x, dim=1),
    }  # fmt: skip


def pooled(self: Any, x: Tensor) -> Any:
    maxima, places = F.max_pool2d(x, 2, return_indices=True)
    return {
        "max": F.max_pool2d(x, 3, 2, 1, ceil_mode=True), "mean": F.avg_pool2d(x, 3, 2, 1, count_include_pad=False),
        "adaptive": F.adaptive_avg_pool2d(x, (3, None)), "global": F.adaptive_max_pool2d(x, 1),
        "power": F.lp_pool2d(F.relu(x) + 0.1, 2, 2), "unpooled": F.max_unpool2d(maxima, places, 2),
        "area": F.interpolate(x, size=3, mode="area"), "nearest": F.interpolate(x, scale_factor=1.5),
        "linear": F.interpolate(x, scale_factor=2, mode="bilinear"), "response": F.local_response_norm(x, 3),
    }  # fmt: skip


def normalised(self: Any, x: Tensor) -> Any:
    return {
        "group": F.group_norm(x, 2), "instance": F.instance_norm(x), "running": self.running(x), "own": self.own(x),
        "layer": F.layer_norm(x, (8, 8)), "mean square": F.rms_norm(x, (8,), eps=1e-5),
    }  # fmt: skip


def constants(self: Any, x: Tensor) -> Tensor:
    ramp = torch.linspace(0, 1, 8, device=x.device)[:, None]
    return (
        x * torch.arange(8)
        + ramp
        + torch.zeros(x.size(0), 1, 1, 1, dtype=x.dtype)
        + self.table[torch.tensor([2, 0])].sum()
    )


def attended(self: Any, x: Tensor) -> Any:
    made, weights = self.heads(x, x, x)
    return {"made": made, "weights": weights, "plain": F.scaled_dot_product_attention(x, x, x, is_causal=True)}


def masked(self: Any, x: Tensor) -> Any:
    scores = x @ x.transpose(1, 2) / x.size(-1) ** 0.5
    later = torch.ones(x.size(1), x.size(1), dtype=torch.bool).triu(1)
    even = torch.arange(x.size(-1), device=x.device) % 2 == 0
    return {
        "causal": scores.masked_fill(later, float("-inf")).softmax(-1) @ x,
        "where": torch.where(even, x, 2 * x), "number": torch.where(even, x, -1.0), "cast": x * even.type_as(x),
    }  # fmt: skip


def cells(self: Any, x: Tensor) -> Any:
    hidden, state = None, None
    for t in range(x.size(1)):
        hidden = self.gru(x[:, t], hidden)
        state = self.lstm(hidden, state)
    return state


def alike(*sizes: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(*sizes))


NETWORKS: dict[str, tuple[nn.Module, Any]] = {
    "functional": (Written(lambda s, x: F.conv2d(x, s.w, s.b, 2, (1, 0)), w=alike(3, 4, 3, 3), b=alike(3)), IMAGE),
    "shared layer": (Written(lambda s, x: s.c(F.relu(s.c(x))), c=conv()), IMAGE),
    "a block twice": (nn.Sequential(*[Block()] * 2), IMAGE),
    "splits": (Written(split), IMAGE),
    "arrangements": (Written(arranged), IMAGE),
    "activations": (Written(activated, slope=alike(4)), IMAGE),
    "reductions": (Written(reduced, vector=alike(8)), IMAGE),
    "pooling": (Written(pooled), IMAGE),
    "normalisation": (
        Written(
            normalised,
            running=nn.InstanceNorm2d(4, affine=True, track_running_stats=True),
            own=nn.BatchNorm2d(4, track_running_stats=False),
        ),
        IMAGE,
    ),
    "constants": (Written(constants, table=alike(3, 2)), IMAGE),
    "weight norm": (weight_norm(conv()), IMAGE),
    "weight norm of all together": (weight_norm(nn.Linear(6, 3), dim=None), (6,)),
    "same padding": (nn.Conv2d(4, 2, (4, 3), padding="same", padding_mode="circular"), IMAGE),
    "1-d": (nn.Sequential(nn.Conv1d(2, 4, 3, dilation=2, groups=2), nn.ConvTranspose1d(4, 3, 4, 2)), (2, 20)),
    "3-d": (
        nn.Sequential(
            nn.Conv3d(2, 4, 3, groups=2), nn.BatchNorm3d(4), nn.ReLU(), nn.MaxPool3d(2),
            nn.ConvTranspose3d(4, 2, 2, stride=2), nn.Upsample(scale_factor=2, mode="trilinear"),
        ),
        (2, 8, 8, 8),
    ),
    "attention": (Written(attended, heads=nn.MultiheadAttention(8, 2, batch_first=True)), (5, 8)),
    "learned mask": (
        Written(lambda s, x: F.scaled_dot_product_attention(x, x, x, s.bias * 2, scale=0.3), bias=alike(5, 5)), (5, 8)
    ),
    "masks": (Written(masked), (5, 8)),
    "transformer": (nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2), (5, 8)),
    "gru": (nn.GRU(8, 5, num_layers=2, bidirectional=True, batch_first=True), (6, 8)),
    "lstm": (Written(lambda s, x: s.l(x.transpose(0, 1)), l=nn.LSTM(8, 5, bias=False)), (6, 8)),
    "cells": (Written(cells, gru=nn.GRUCell(4, 5), lstm=nn.LSTMCell(5, 3)), (3, 4)),
    "two inputs": (Written(lambda s, a, b: torch.cat([s.c(a), b], 1), c=conv()), [IMAGE, (2, 8, 8)]),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_its_numbers_are_pytorchs(name: str):
    network, shape = NETWORKS[name]
    graph = assert_equal_to_torch(network, shape)
    assert graph.batched and graph.notes == ()


@pytest.mark.parametrize("name", ["a block twice", "normalisation", "gru"])
def test_its_numbers_are_pytorchs_in_float32(name: str):
    network, shape = NETWORKS[name]
    assert_equal_to_torch(network, shape, dtype=torch.float32)


class Clipped(nn.Module):
    """A network that writes to its weights while it runs, and decides by its numbers."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.full((4, 4, 1, 1), 5.0))

    def forward(self, x: Tensor) -> Tensor:
        self.weight.data.clamp_(max=1)
        y = F.conv2d(x, self.weight)
        return y if y.mean() > 1e9 else 2 * y


def test_weights_are_not_written_to_even_where_numbers_are_needed():
    network = Clipped()
    graph = record(network, IMAGE)
    assert len(graph.notes) == 1
    assert network.weight.detach().unique().tolist() == [5.0]
    kernel = graph[graph["correlate"].inputs["kernel"]]
    assert (kernel.op, kernel.arguments["operation"]) == ("unknown", "a weight that is written to")


def test_operations_in_place_are_what_they_say():
    network = Written(lambda s, x: s.c(x).relu_().add_(x).mul_(2), c=conv()).double()
    (x,) = inputs(IMAGE, 2)
    graph = record(network, IMAGE)
    with torch.no_grad():
        expected = network(x).numpy()
    assert abs(graph.run(x.numpy()).output - expected).max() < 1e-12


def written_through_a_view(self: Any, x: Tensor) -> Tensor:
    y = self.c(x)
    y.view(-1).relu_()
    return y + 1


def put_elsewhere(self: Any, x: Tensor) -> Tensor:
    y = self.c(x)
    view = y[:, 0]
    view += 1
    y[:, 1] = view
    return y + 1


@pytest.mark.parametrize("forward", [written_through_a_view, put_elsewhere])
def test_an_array_that_is_written_to_elsewhere_is_unknown(forward: Callable[..., Any]):
    graph = record(Written(forward, c=conv()), IMAGE)
    assert graph.unknown[0].arguments["operation"] == "written to through another view of it"
    with pytest.raises(ConfigError, match="cannot be run: convscope has no primitive"):
        graph.run(torch.zeros(1, *IMAGE).numpy())


def test_an_unknown_operation_is_named_and_what_follows_goes_on():
    graph = record(Written(lambda s, x: s.c(torch.fft.fft2(x).real), c=conv()), IMAGE)
    first, *_ = graph.unknown
    assert first.arguments["operation"] == "fft_fft2" and first.shape == (1, *IMAGE) and first.dtype == "complex64"
    assert graph["c"].op == "correlate"


@pytest.mark.parametrize("make", [torch.randn, torch.rand])
def test_random_numbers_are_never_taken_for_constants(make: Callable[..., Tensor]):
    assert len(record(Written(lambda s, x: x + make(1)), IMAGE).unknown) == 1
    assert len(record(Written(lambda s, x: x + torch.randn_like(x)), IMAGE).unknown) == 1


def test_a_decision_by_numbers_is_said_and_the_given_input_followed():
    network = Written(lambda s, x: s.c(x) if x.sum() > 0 else x, c=conv())
    above, below = (record(network, torch.full((1, *IMAGE), value)) for value in (1.0, -1.0))
    assert "c" in above.by_name and "c" not in below.by_name
    (note,) = above.notes
    assert "control flow in its forward" in note and not above.batched


def test_examples_taken_one_by_one_are_said():
    network = Written(lambda s, x: torch.stack([s.c(one[None])[0] for one in x]), c=conv()).double()
    graph = assert_equal_to_torch(network, IMAGE, batch=1)
    assert not graph.batched and "examples out of the batch" in graph.notes[0]
    with pytest.raises(ShapeError, match="one example at a time, found a batch of 2"):
        graph.run(torch.zeros(2, *IMAGE).numpy())


def test_time_first_is_not_run_for_thousands_of_steps():
    graph = record(nn.LSTM(3, 4, num_layers=2), (5, 3))
    (note,) = graph.notes
    assert not graph.batched and "steps of time in its forward" in note


def test_token_ids_and_named_inputs():
    class Tokens(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(9, 4)

        def forward(self, mask: Tensor, tokens: Tensor) -> Tensor:
            return (self.table(tokens) * mask[..., None]).mean(1)

    graph = record(Tokens().double(), ["mask:float64:5", "tokens:int64:5"])
    assert [(node.name, node.shape, node.dtype) for node in graph.inputs] == [
        ("mask", (1, 5), "float64"),
        ("tokens", (1, 5), "int64"),
    ]
    mask, tokens = torch.rand(3, 5, dtype=torch.float64), torch.randint(0, 9, (3, 5))
    assert_equal_to_torch(Tokens(), ["mask:float64:5", "tokens:int64:5"], mask, tokens)


def test_weights_are_the_networks_own_and_never_written_to():
    network = nn.Conv2d(1, 1, 1, bias=False)
    graph = record(network, (1, 2, 2))
    with torch.no_grad():
        network.weight.fill_(3)
    assert graph.weights["weight"].tolist() == [[[[3.0]]]]
    assert not graph.weights["weight"].flags.writeable
    x = torch.ones(1, 1, 2, 2).numpy()
    assert graph.run(x).output[0, 0, 0, 0] == 3
    assert graph.run(x, weights={"weight": 2 * graph.weights["weight"]}).output[0, 0, 0, 0] == 6


def test_a_network_without_weights_is_recorded_but_not_run():
    with torch.device("meta"):
        network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
    graph = record(network, (3, 9, 9))
    assert graph["1"].shape == (1, 8, 7, 7) and graph.parameters["0.weight"].shape == (8, 3, 3, 3)
    with pytest.raises(ConfigError, match=r"0\.weight has no numbers: the network was built without weights"):
        graph.run(torch.zeros(1, 3, 9, 9).numpy())


def test_tied_weights_count_once_and_their_gradients_add_up():
    network = nn.Sequential(conv(), conv())
    network[1].weight = network[0].weight
    graph = assert_equal_to_torch(network, IMAGE)
    assert graph.shared == {"1.weight": "0.weight"} and graph["1"].weights["kernel"] == "0.weight"
    assert set(graph.parameters) == {"0.weight", "0.bias", "1.bias"}


REFUSED = [
    (nn.Linear, (3,), ConfigError, "expects a torch.nn.Module, not its class: build it first; found type"),
    ("net", (3,), ConfigError, "expects a torch.nn.Module; found str"),
    (nn.Sequential(nn.LazyLinear(3)), (3,), ConfigError, r"0 \(LazyLinear\) is lazy and has no weights yet"),
    (nn.ReLU(), "a:b:c", ConfigError, "input 'a:b:c' is not understood; write NAME:TYPE:SIZES"),
    (nn.ReLU(), (3, "x"), ConfigError, "input_shape must be sizes"),
    (nn.ReLU(), (3, 0), ConfigError, r"input_shape must be sizes without the batch, such as \(3, 224, 224\); found"),
    (nn.Module(), (3,), ShapeError, "missing the required"),
    (Written(lambda s, x: 3), (3,), ConfigError, "Written returned no tensor, but int"),
]


@pytest.mark.parametrize(("model", "shape", "error", "message"), REFUSED)
def test_what_cannot_be_recorded_is_refused(model: Any, shape: Any, error: type[Exception], message: str):
    with pytest.raises(error, match=message):
        record(model, shape)


def test_a_shape_that_the_network_refuses_names_the_layer_and_the_shapes_before():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(7, 2))
    with pytest.raises(ShapeError) as caught:
        record(network, (3, 8, 8))
    message = str(caught.value)
    assert message.startswith("2 (Linear) failed: ") and "0 (1, 4, 6, 6), 1 (1, 144)" in message
    with pytest.raises(ShapeError, match=r"0 \(Conv2d\) failed: .*expected input\[1, 5, 8, 8\] to have 3 channels"):
        record(network, (5, 8, 8))
