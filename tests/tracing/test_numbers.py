"""A traced number is what PyTorch computed, and its products are what it is made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import convscope as cs
from convscope.api.trace import forward
from convscope.errors import ConfigError, ShapeError
from convscope.models import create, entry, names, smallest_side
from convscope.tracing import Forward, Trace
from convscope.tracing.follow import tree
from convscope.tracing.terms import open_number
from graph.written import Written

SMALL = [name for name in names() if name.endswith("_mini") or name in ("lenet5", "mlp", "single_kernel", "tiny")]
SMALL += [name for name in names() if entry(name).axes == 1 and entry(name).vocabulary is None]  # of signals


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def assert_equal_to_torch(found: Forward, limit: float, units: int = 3) -> None:
    """Assert of random units of each node that bias and products add up to PyTorch's number."""
    rng = np.random.default_rng(0)
    for node in found.graph.nodes:
        size = np.abs(found.engine.get(node.name, found.values[node.name])).max()
        for _ in range(units):
            at = tuple(int(rng.integers(n)) for n in node.shape)
            trace = open_number(found, node.name, at)
            assert abs(trace.gap) <= limit * size, (node.name, at)
            if trace.rule == "sum" and len(trace):
                assert abs(trace.bias + trace.products.sum() - trace.total) <= 1e-12 * max(size, abs(trace.bias))
            for term in trace.largest(2):
                assert_stands_where_it_says(found, term.source, term.at, term.operand)
                assert_stands_where_it_says(found, term.factor_source, term.factor_at, term.factor)


def assert_stands_where_it_says(found: Forward, source: str | None, at: tuple[int, ...], value: float) -> None:
    if source in found.graph.by_name:
        assert found.values[source][found.full(source, at)] == pytest.approx(value)
    elif source is not None:
        assert found.values.arrays[source][at] == pytest.approx(value)


def built(name: str) -> tuple[nn.Module, np.ndarray]:
    side = 9 if entry(name).space else max(smallest_side(name), 8)  # a U-Net pads and crops that one
    size, channels = (side,) * entry(name).axes, entry(name).channels
    torch.manual_seed(0)
    return create(name, classes=2, channels=channels, size=size), random(1, channels, *size)


@pytest.mark.parametrize("name", SMALL)
def test_every_node_of_a_network_adds_up_to_pytorchs_numbers(name: str):
    network, x = built(name)
    assert_equal_to_torch(forward(network.double(), x), 1e-10)


@pytest.mark.parametrize("name", SMALL)
def test_the_nodes_are_called_as_where_they_are_inspected(name: str):
    network, x = built(name)
    inspected, traced = cs.record(network, x.shape[1:]), forward(network, x).graph
    assert [(one.name, one.op, one.shape) for one in traced.nodes] == [
        (one.name, one.op, one.shape) for one in inspected.nodes
    ]


@pytest.mark.parametrize("name", ["tiny", "resnet_mini"])
def test_and_in_single_precision(name: str):
    network, x = built(name)
    assert_equal_to_torch(forward(network, x), 1e-4)


def joined(self: Any, x: Tensor) -> Tensor:
    y = torch.cat([self.a(x), x], 1).transpose(2, 3)[:, 1:, :, ::2]
    return F.pad(y, (1, 0)) + y.mean((2, 3), keepdim=True)


WRITTEN: dict[str, tuple[nn.Module, Any]] = {
    "grouped, dilated, strided": (nn.Conv2d(4, 6, 3, 2, 2, 2, 2), random(1, 4, 9, 8)),
    "reflected borders": (nn.Conv2d(2, 3, 3, padding=1, padding_mode="reflect"), random(1, 2, 6, 5)),
    "transposed": (nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, groups=2), random(1, 4, 5, 4)),
    "1-d": (nn.Sequential(nn.Conv1d(2, 4, 3, 2), nn.ReLU(), nn.MaxPool1d(2)), random(1, 2, 21)),
    "3-d": (nn.Sequential(nn.Conv3d(2, 3, 2), nn.InstanceNorm3d(3, affine=True)), random(1, 2, 4, 4, 4)),
    "norms": (nn.Sequential(nn.GroupNorm(2, 4), nn.LayerNorm((3, 3)), nn.BatchNorm2d(4)), random(1, 4, 3, 3)),
    "moves": (Written(joined, a=nn.Conv2d(2, 3, 1)), random(1, 2, 4, 4)),
    "gru": (nn.GRU(3, 4, batch_first=True), random(1, 5, 3)),
    "lstm": (Written(lambda s, x: s.l(x)[0], l=nn.LSTM(3, 4, batch_first=True)), random(1, 5, 3)),
    "tokens": (nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 2)), np.array([[1, 3, 8]])),
    "attention": (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), random(1, 5, 8)),
    "two inputs": (Written(lambda s, a, b: a * b - a), [random(1, 3), random(1, 3, seed=1)]),
    "scaled": (Written(lambda s, x: s.weight * x, weight=nn.Parameter(torch.arange(3.0))), random(1, 3)),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_and_of_any_network(name: str):
    network, x = WRITTEN[name]
    assert_equal_to_torch(forward(network.double(), x), 1e-10, units=6)


def bordered(self: Any, x: Tensor) -> Tensor:
    """Zeros, and a token, for each example of the batch."""
    y = self.a(x)
    tokens = self.token.expand(x.shape[0], -1, -1, -1)
    return torch.cat(
        [torch.zeros(len(x), 1, *x.shape[2:]), tokens, y * y.mean(1, keepdim=True).expand(-1, 3, -1, -1)], 1
    )


def test_a_kernel_that_the_network_computes_is_laid_out_like_any():
    network = Written(lambda s, x: F.conv2d(x, s.weight * 2), weight=nn.Parameter(torch.arange(8.0).view(1, 2, 2, 2)))
    x = random(1, 2, 3, 3)
    trace = cs.trace(network, x, at=(0, 0, 1))
    assert trace.total == pytest.approx(float((x[0, :, :2, 1:] * np.arange(0, 16, 2).reshape(2, 2, 2)).sum()))
    assert "14" in str(trace)  # the last weight, doubled


OF_THE_BATCH: dict[str, tuple[nn.Module, Any]] = {
    **{name: WRITTEN[name] for name in ("gru", "lstm", "attention", "moves")},
    "zeros and tokens": (
        Written(bordered, a=nn.Conv2d(2, 3, 1), token=nn.Parameter(torch.ones(1, 1, 4, 4))),
        random(1, 2, 4, 4),
    ),
}


@pytest.mark.parametrize("name", OF_THE_BATCH)
def test_what_is_made_for_each_example_has_one_name(name: str):
    network, x = OF_THE_BATCH[name]
    inspected, traced = cs.record(network.float(), x.shape[1:]), forward(network, x)
    assert traced.graph.nodes == inspected.nodes
    values = inspected.run(x.astype(np.float32))
    for node in inspected.nodes:
        value = values[node.name]
        assert np.allclose(traced.engine.get(node.name, value), value, atol=1e-5), node.name
    assert traced.engine.keys() >= set(inspected.outputs.values())


def leaves(trace: Trace) -> float:
    """Return Σ pixel · weights + what the biases add, by following every term to its end."""
    if not len(trace):
        return trace.total
    return trace.bias + sum(term.factor * leaves(trace.follow(term)) for term in trace.terms)


@pytest.mark.parametrize("at", [(0,), (1,)])
def test_a_linear_network_is_a_sum_over_pixels_and_weights(at: tuple[int]):
    parts = (nn.Conv2d(1, 2, 2, padding=1), nn.BatchNorm2d(2), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(8, 2))
    network = nn.Sequential(*parts).double().eval()
    parts[1].running_mean.fill_(0.3)
    x = random(1, 1, 4, 4)
    found = cs.trace(network, x, at=at)
    with torch.no_grad():
        expected = network(torch.tensor(x))[0, at[0]].item()
    assert leaves(found) == pytest.approx(expected, rel=1e-12)


def test_the_slope_along_all_ways_is_the_gradient():
    network = nn.Sequential(nn.Conv2d(1, 2, 2), nn.Tanh(), nn.Flatten(), nn.Linear(8, 1)).double()
    x = torch.tensor(random(1, 1, 3, 3), requires_grad=True)
    network(x).sum().backward()
    branch = tree(cs.trace(network, x.detach(), at=(0,)), 8, 3)
    ends = [end for one in branch.below for two in one.below for end in two.below]
    found = np.zeros((1, 3, 3))
    for end in ends:
        assert (end.trace.op, end.trace.remark) == ("input", "given to the network")
        assert end.trace.gain is not None
        found[end.trace.at] += end.trace.gain
    assert x.grad is not None
    np.testing.assert_allclose(found, x.grad[0].numpy(), rtol=1e-12)


def image_run() -> tuple[np.ndarray, nn.Conv2d]:
    network = nn.Conv2d(1, 1, 3, padding=1)
    network.load_state_dict({"weight": torch.arange(9.0).reshape(1, 1, 3, 3), "bias": torch.tensor([0.5])})
    return np.arange(16.0, dtype=np.float32).reshape(1, 1, 4, 4), network


def test_a_convolution_by_hand():
    x, network = image_run()
    found = cs.trace(network, x, at=(0, 1, 1))
    # 0·0 + 1·1 + 2·2 + 4·3 + 5·4 + 6·5 + 8·6 + 9·7 + 10·8 = 258
    assert (found.total, found.value, found.engine, found.bias, found.gap) == (258.5, 258.5, "PyTorch", 0.5, 0)
    last = found.terms[-1]
    assert (last.source, last.at, last.factor_source, last.factor_at) == ("input", (0, 2, 2), "weight", (0, 0, 2, 2))
    assert (last.operand, last.factor, last.product) == (10, 8, 80)
    assert [term.product for term in found.largest(2)] == [80, 63]


def test_the_padding_has_no_terms():
    x, network = image_run()
    found = cs.trace(network, x, at=(0, 0, 0))
    assert [term.at for term in found.terms] == [(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1)]
    assert "·" in str(found) and "window × kernel = products" in str(found)


def test_a_maximum_shows_its_window_and_the_first_of_equals_wins():
    x = np.array([[[[1.0, 7.0], [7.0, 2.0]]]])
    found = cs.trace(nn.MaxPool2d(2), x, at=(0, 0, 0))
    assert [(term.at, term.operand) for term in found.terms] == [((0, 0, 1), 7.0)]
    assert found.remark == "the largest of 4: 7 at (0, 0, 1); 2 are equal, the first wins"
    assert found.facts["window"] == [[0, 0, 0, 1.0], [0, 0, 1, 7.0], [0, 1, 0, 7.0], [0, 1, 1, 2.0]]


def test_a_batch_norm_shows_its_statistics():
    network = nn.BatchNorm2d(1, eps=0)
    network.load_state_dict(
        {key: torch.tensor([value]) for key, value in (("weight", 3.0), ("bias", 1.0), ("running_mean", 2.0))}
        | {"running_var": torch.tensor([4.0]), "num_batches_tracked": torch.tensor(1)}
    )
    found = cs.trace(network, np.full((1, 1, 1, 1), 6.0), at=(0, 0, 0))
    assert (found.total, found.bias, found.term(0).factor) == (7.0, -2.0, 1.5)
    assert found.facts == {"mean": 2, "variance": 4, "eps": 0, "weight": 3, "bias": 1, "over": None}
    expected = "(6 - mean 2) / √(variance 4 + 0) · weight 3 + bias 1; mean and variance are kept from training"
    assert found.remark == expected


@pytest.mark.parametrize(("value", "remark"), [(-1.5, "cut: -1.5 becomes 0"), (1.5, "positive: passes as it is")])
def test_a_relu_says_what_it_cut(value: float, remark: str):
    found = cs.trace(nn.ReLU(), np.array([[value]]), at=(0,))
    assert (found.remark, found.facts["cut"]) == (remark, max(-value, 0))


def test_a_way_passes_what_only_moves_numbers():
    network = Written(lambda s, x: s.last(torch.cat([x, s.a(x)], 1).permute(0, 2, 1)[:, 1:].flatten(1)),
                      a=nn.Conv1d(2, 1, 1), last=nn.Linear(9, 1))  # fmt: skip
    found = cs.trace(network, random(1, 2, 4), at=(0,))
    conv, given = found.follow(2), found.follow(0)  # channels vary fastest after the permutation
    assert (conv.node, conv.at, given.node, given.at) == ("a", (0, 1), "input", (0, 1))
    assert conv.passed == given.passed == ("reshape", "strided_slice", "permute", "concatenate")


def test_a_factor_can_be_followed_and_weights_are_factors():
    gated = cs.trace(Written(lambda s, x: s.a(x) * torch.sigmoid(x), a=nn.Linear(2, 2)), random(1, 2), at=(1,))
    assert (gated.follow().node, gated.follow(0, factor=True).node) == ("a", "sigmoid")
    scaled = cs.trace(Written(lambda s, x: s.weight * x, weight=nn.Parameter(torch.ones(2))), random(1, 2), at=(1,))
    assert (scaled.term(0).source, scaled.term(0).factor_source) == ("input", "weight")
    end = scaled.follow(0, factor=True)
    assert (end.op, end.at, end.total, end.remark) == ("weight", (1,), 1, "a learned weight")
    with pytest.raises(ConfigError, match=r"weight \(1,\) has no terms to follow: a learned weight"):
        end.follow()


def test_an_unknown_operation_is_passed_over_with_pytorchs_numbers_and_cannot_be_opened():
    network = Written(lambda s, x: s.c(torch.special.i0(x)), c=nn.Linear(3, 2)).double()
    x = random(1, 3)
    found = cs.trace(network, x, node="c", at=(1,))
    assert abs(found.gap) < 1e-12
    below = found.follow(2)
    assert (below.rule, below.terms, below.value) == ("unknown", (), torch.special.i0(torch.tensor(x))[0, 2].item())
    assert below.remark == "cannot be opened: convscope has no primitive for PyTorch's 'special_i0'"
    assert found.chain()[-1].op == "unknown"


def test_a_recurrence_opens_as_a_function_of_all_that_came_before():
    network = nn.LSTM(3, 4, batch_first=True)
    found = cs.trace(network, random(1, 5, 3), at=(1, 2))
    assert (found.op, found.rule) == ("lstm", "lstm") and found.remark.startswith("no sum, but lstm of ")
    assert found.follow(0).gain is None
    with pytest.raises(ConfigError, match="there is no term 99999"):
        found.follow(99999)


def test_what_stands_in_no_array_cannot_be_followed():
    found = cs.trace(nn.GRU(3, 4, batch_first=True), random(1, 5, 3), at=(1, 2))  # made of the candidate and the state
    assert len(found.chain()) == 1 and "made on the way" in str(found)
    with pytest.raises(ConfigError, match=r"the operand of term 0 of gru \(1, 2\) stands in no array"):
        found.follow(0)


def test_a_decision_by_numbers_follows_the_given_input():
    network = Written(lambda s, x: s.a(x) if x.sum() > 0 else s.b(x), a=nn.Linear(2, 1), b=nn.Linear(2, 1))
    above = cs.trace(network, np.ones((1, 2), np.float32))
    below = cs.trace(network, -np.ones((1, 2), np.float32))
    assert (above.node, below.node) == ("a", "b")
    assert "control flow" in above.forward.graph.notes[0]


def test_a_graph_alone_has_numpys_numbers():
    network = nn.Sequential(nn.Linear(3, 2))
    found = cs.trace(cs.record(network, (3,)), random(1, 3).astype(np.float32), at=(1,))
    assert found.engine == "NumPy" and len(found) == 3


def test_tracing_leaves_no_trace():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(0.5))
    network[2].eval()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    state = torch.get_rng_state()
    cs.trace(network, random(1, 1, 4, 4), node="1", at=(0, 0, 0))
    assert [module.training for module in network.modules()] == [True, True, True, False]
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


NETWORK = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU())
REFUSED = [
    ({"node": "2"}, ConfigError, "there is no node '2'"),
    ({"node": "0", "at": (6, 0, 0)}, ShapeError, r"0 has no number at \(6, 0, 0\); it is \(6, 4, 5\): channel 0..5, "
     "row 0..3, column 0..4"),
    ({"node": "0", "at": (0, 0)}, ShapeError, r"0 has no number at \(0, 0\)"),
    ({"node": "0", "at": (0.5, 0, 0)}, ShapeError, "0: a place is whole numbers such as"),
    ({"node": "0", "at": 5}, ShapeError, "0: a place is whole numbers such as"),
    ({"node": "0", "at": (0, -1, 0)}, ShapeError, r"0 has no number at \(0, -1, 0\)"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "error", "message"), REFUSED)
def test_what_is_not_there_is_said(arguments: Any, error: type[Exception], message: str):
    with pytest.raises(error, match=message):
        cs.trace(NETWORK, random(1, 1, 6, 7), **arguments)


def test_more_than_one_example_is_refused():
    with pytest.raises(ShapeError, match=r"one example with its batch axis, \(1, ...\), found \(2, 1, 6, 7\)"):
        cs.trace(NETWORK, random(2, 1, 6, 7))


def test_plain_values_and_html():
    import json

    x, network = image_run()
    found = cs.trace(network, x, at=(0, 1, 1))
    plain = json.loads(json.dumps(found.to_dict()))
    assert plain["total"] == 258.5 and plain["terms"][8]["product"] == 80
    assert plain["bias"] + sum(term["product"] for term in plain["terms"]) == plain["total"]
    assert "PyTorch: 258.5" in found._repr_html_()
