"""Layer-wise relevance propagation against captum, autograd and explicit loops, and by the laws that it keeps."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from captum.attr import LRP  # pyright: ignore[reportMissingTypeStubs]
from captum.attr._utils.lrp_rules import Alpha1_Beta0_Rule, EpsilonRule  # pyright: ignore[reportMissingTypeStubs]
from torch import Tensor, nn
from torch.nn import functional as F

from convscope.errors import ConfigError
from convscope.explaining.explained import Explained
from convscope.explaining.lrp import method
from convscope.explaining.lrp.method import lrp
from convscope.explaining.lrp.step import Settings
from convscope.explaining.methods import METHODS
from convscope.explaining.score import ChosenScore

EXACT = Settings(epsilon=1e-12, gamma=0)
SETTINGS = [Settings(gamma=0), Settings(), Settings(gamma=float("inf"))]
FIRST = ChosenScore([0, 1])


class Branched(nn.Module):
    """Residual sums, a concatenation, one module used three times, rectifiers written in every way; no bias."""

    def __init__(self):
        super().__init__()
        self.first, self.twice = nn.Conv2d(2, 4, 3, padding=1, bias=False), nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.side, self.relu = nn.Conv2d(4, 4, 3, stride=2, padding=1, groups=2, bias=False), nn.ReLU(inplace=True)
        self.last = nn.Linear(8, 3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.first(x))
        x = self.relu(self.twice(x) + x)
        x = torch.relu(x + self.twice(x))
        x = torch.cat([F.max_pool2d(x, 2), self.relu(self.side(x))], 1)
        return self.last(F.avg_pool2d(x, 2, count_include_pad=False).mean((2, 3)))


def drawn(network: Callable[[], nn.Module], *size: int, double: bool = True) -> tuple[nn.Module, Tensor]:
    torch.manual_seed(0)
    made, x = network().eval(), torch.randn(2, *size)
    return (made.double(), x.double()) if double else (made, x)


def relevance(network: nn.Module, x: Tensor, settings: Settings | None = None) -> np.ndarray:
    values = lrp(Explained(network, x), FIRST, settings).values
    assert values is not None
    return values


def times_gradient(network: nn.Module, x: Tensor) -> np.ndarray:
    x = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(FIRST.of(network(x)).sum(), x)
    return (x * slope).detach().numpy()


def sequential(bias: bool = True) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(2, 6, 3, stride=2, padding=1, bias=bias), nn.ReLU(), nn.MaxPool2d(3, 2, 1),
        nn.Conv2d(6, 4, 3, padding=2, dilation=2, bias=bias), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(16, 8, bias=bias), nn.ReLU(), nn.Linear(8, 3, bias=bias),
    )  # fmt: skip


def of_captum(network: nn.Module, x: Tensor, rule: type | None = None) -> np.ndarray:
    network = copy.deepcopy(network)
    for module in network.modules():
        if isinstance(module, nn.Flatten):
            module.rule = EpsilonRule(1e-15)  # pyright: ignore
        if rule is not None and isinstance(module, nn.Conv2d):
            module.rule = rule()  # pyright: ignore
    return LRP(network).attribute(x.clone().requires_grad_(), target=torch.tensor([0, 1])).detach().numpy()


def test_epsilon_rule_is_captums():
    network, x = drawn(sequential, 2, 16, 16)
    ours = relevance(network, x, Settings(epsilon=1e-9, gamma=0))
    np.testing.assert_allclose(ours, of_captum(network, x), rtol=1e-6, atol=1e-9)


def test_positive_rule_is_captums_where_inputs_are_not_negative():
    network, x = drawn(lambda: sequential(bias=False), 2, 16, 16)
    ours = relevance(network, x.abs(), Settings(gamma=float("inf")))
    np.testing.assert_allclose(ours, of_captum(network, x.abs(), Alpha1_Beta0_Rule), rtol=1e-5, atol=1e-9)


class Normalised(nn.Module):
    """What behaves as a linear map for one input, once a mean and a deviation are known: batch norms."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(2, 4, 3, padding=1, padding_mode="reflect"), nn.BatchNorm2d(4), nn.LeakyReLU(0.2),
            nn.Upsample(scale_factor=2), nn.Conv2d(4, 4, 1), nn.ReLU6(), nn.ConvTranspose2d(4, 3, 3, stride=2),
            nn.ReLU(), nn.AdaptiveAvgPool2d((2, 3)), nn.Flatten(1), nn.Linear(18, 3),
        )  # fmt: skip
        norm = self.body[1]
        assert isinstance(norm, nn.BatchNorm2d) and norm.running_mean is not None
        norm.running_mean.normal_()
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


@pytest.mark.parametrize("network", [Branched, Normalised, sequential], ids=lambda each: each.__name__)
def test_epsilon_rule_is_input_times_gradient_where_all_is_piecewise_linear(network: Callable[[], nn.Module]):
    """Ancona et al. 2018, proposition 1: whatever the network's branches, with rectifiers and no ε."""
    made, x = drawn(network, 2, 8, 8) if network is not sequential else drawn(network, 2, 16, 16)
    ours = relevance(made, x, EXACT)
    np.testing.assert_allclose(ours, times_gradient(made, x), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("settings", SETTINGS, ids=["epsilon", "gamma", "positive"])
def test_relevance_is_conserved_without_bias(settings: Settings):
    for network in (Branched, lambda: sequential(bias=False)):
        made, x = drawn(network, 2, 16, 16, double=False)
        ours = lrp(Explained(made, x), FIRST, settings)
        assert ours.values is not None and ours.gap is not None
        np.testing.assert_allclose(ours.values.sum((1, 2, 3), dtype=np.float64), ours.score, rtol=1e-3)
        assert np.abs(ours.gap / ours.score).max() <= 1e-3


@pytest.mark.parametrize("gamma", [0.25, 3.0, float("inf")])
def test_convolutions_share_as_loops_do(gamma: float):
    """A residual convolution that ends in a sum, its products written out, the rules as the papers have them."""

    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv1d(1, 1, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            return (self.conv(x) + x).sum(2)

    network, x = drawn(Residual, 1, 6)
    found = lrp(Explained(network, x), ChosenScore([0, 0]), Settings(1e-12, gamma)).values
    assert found is not None
    weights = network.conv.weight.detach().numpy().ravel()  # pyright: ignore
    bias = float(network.conv.bias.detach())  # pyright: ignore
    for values, ours in zip(x.numpy()[:, 0], found[:, 0], strict=True):
        expected = np.zeros(6)
        for o in range(6):
            products = {o + k - 1: values[o + k - 1] * weights[k] for k in range(3) if 0 <= o + k - 1 < 6}
            z = sum(products.values()) + bias
            expected[o] += values[o]  # the residual's own part of z + x
            sign = np.sign(z)
            if np.isinf(gamma):
                shared, sign, total = dict.fromkeys(products, 0.0), 1, 0.0
            else:
                shared, total = dict(products), z + gamma * max(sign * bias, 0) * sign
            factor = 1.0 if np.isinf(gamma) else gamma
            for at, product in products.items():
                preferred = factor * max(sign * product, 0) * sign
                shared[at] += preferred
                total += preferred
            for at, share in shared.items():
                expected[at] += z * share / total if share else 0.0
        np.testing.assert_allclose(ours, expected, rtol=1e-9)


def test_gates_take_nothing_and_equals_take_half():
    class Gated(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False)

        def forward(self, x: Tensor) -> Tensor:
            a, b = self.a(x[:, :3]), self.b(x[:, 3:])
            return torch.stack([(a * torch.sigmoid(b)).sum(1), (a * b).sum(1)], 1)

    network, x = drawn(Gated, 6)
    ours = lrp(Explained(network, x), FIRST, EXACT)
    halves = np.asarray(ours.values).reshape(2, 2, 3).sum(2)
    np.testing.assert_allclose(halves[0], [ours.score[0], 0], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(halves[1], [ours.score[1] / 2] * 2, rtol=1e-6)


class Attending(nn.Module):
    """Attention as one call or written out, and a layer norm; ``frozen`` makes constants of what LRP takes for such."""

    def __init__(self, frozen: bool, at_once: bool):
        super().__init__()
        self.frozen, self.at_once = frozen, at_once
        self.q, self.k, self.v = (nn.Linear(4, 4) for _ in range(3))
        self.scale, self.shift = nn.Parameter(torch.randn(4)), nn.Parameter(torch.randn(4))

    def forward(self, x: Tensor) -> Tensor:
        still = torch.detach if self.frozen else lambda tensor: tensor
        q, k, v = self.q(x), self.k(x), self.v(x)
        if self.at_once and not self.frozen:
            x = x + F.scaled_dot_product_attention(q[:, None], k[:, None], v[:, None])[:, 0]
        else:
            x = x + still(torch.softmax(q @ k.transpose(1, 2) / 2, -1)) @ v
        if self.frozen:
            deviation = (x.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt().detach()
            x = (x - x.mean(-1, keepdim=True)) / deviation * self.scale + self.shift
        else:
            x = F.layer_norm(x, (4,), self.scale, self.shift)
        return x.mean(1)


@pytest.mark.parametrize("at_once", [False, True])
def test_attention_and_layer_norm_are_affine_once_their_weights_are_known(at_once: bool):
    network, x = drawn(lambda: Attending(False, at_once), 5, 4)
    frozen = Attending(True, at_once).double()
    frozen.load_state_dict(network.state_dict())
    ours = relevance(network, x, EXACT)
    np.testing.assert_allclose(ours, times_gradient(frozen, x), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("norm", [nn.GroupNorm(2, 4), nn.InstanceNorm2d(4, affine=True), nn.GroupNorm(4, 4)])
def test_norms_of_one_example_are_conserved(norm: nn.Module):
    network, x = drawn(lambda: nn.Sequential(nn.Conv2d(2, 4, 3, bias=False), copy.deepcopy(norm), nn.ReLU(),
        nn.Flatten(), nn.Linear(144, 2, bias=False)), 2, 8, 8)  # fmt: skip
    ours = lrp(Explained(network, x), FIRST, EXACT)
    assert ours.gap is not None
    np.testing.assert_allclose(ours.gap, 0, atol=1e-6)


def test_a_softmax_at_the_end_is_left_out_and_said():
    network, x = drawn(sequential, 2, 16, 16)
    for last in (nn.Softmax(1), nn.LogSoftmax(1)):
        ours = lrp(Explained(nn.Sequential(network, last), x), FIRST)
        expected = lrp(Explained(network, x), FIRST)
        assert ours.values is not None and expected.values is not None
        np.testing.assert_allclose(ours.values, expected.values)
        assert "softmax" in ours.notes[0] and not expected.notes


def test_tokens_get_the_sum_of_their_embeddings():
    class Text(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.last = nn.Embedding(9, 5), nn.Linear(5, 2, bias=False)

        def forward(self, tokens: Tensor) -> Tensor:
            return self.last(self.table(tokens).mean(1))

    network, _ = drawn(Text, 1, double=False)
    tokens = torch.tensor([[1, 2, 3], [4, 4, 8]])
    ours = lrp(Explained(network, tokens), FIRST)
    each = network.last(network.table(tokens)).detach() / 3  # pyright: ignore
    assert ours.values is None
    np.testing.assert_allclose(ours.map, torch.stack([each[0, :, 0], each[1, :, 1]]), rtol=1e-5)


def test_parts_of_a_batch_are_the_batch(monkeypatch: pytest.MonkeyPatch):
    network, x = drawn(Branched, 2, 8, 8)
    whole = relevance(network, x)
    monkeypatch.setattr(method, "HELD", 1)
    np.testing.assert_allclose(relevance(network, x), whole, rtol=1e-9)


@pytest.mark.parametrize("space", [(12,), (6, 7), (4, 5, 3)])
def test_any_number_of_axes(space: tuple[int, ...]):
    conv = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[len(space) - 1]
    network, x = drawn(
        lambda: nn.Sequential(conv(2, 3, 3, bias=False), nn.ReLU(), conv(3, 2, 1, bias=False)), 2, *space
    )
    ours = METHODS["lrp"].compute(Explained(network, x), FIRST)
    assert ours.map.shape == (2, *space) and ours.gap is not None
    np.testing.assert_allclose(ours.gap, 0, atol=1e-6)


class Sine(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(x).flatten(1)


class Leaving(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.from_numpy(x.detach().numpy() * 2.0).flatten(1)


@pytest.mark.parametrize(
    ("network", "named"),
    [(Sine(), "'sin'"), (nn.Sequential(nn.Flatten(2), nn.GRU(9, 4)), "'gru'"), (Leaving(), "outside PyTorch")],
)
def test_an_operation_without_a_rule_is_named_and_refused(network: nn.Module, named: str):
    class First(nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network

        def forward(self, x: Tensor) -> Any:
            out = self.network(x)
            return out[0].flatten(1) if isinstance(out, tuple) else out

    with pytest.raises(ConfigError, match=named) as refusal:
        lrp(Explained(First(), torch.randn(2, 1, 3, 3)), FIRST)
    assert "ig" in str(refusal.value)


def test_looking_leaves_no_trace():
    network, x = drawn(Branched, 2, 8, 8)
    network.train()
    before = copy.deepcopy(network.state_dict())
    state = torch.random.get_rng_state()
    lrp(Explained(network, x), FIRST)
    with pytest.raises(ConfigError):
        lrp(Explained(network, x), ChosenScore([5, 7]))
    assert all(module.training for module in network.modules())
    assert all(torch.equal(before[name], array) for name, array in network.state_dict().items())
    assert torch.equal(state, torch.random.get_rng_state()) and x.grad is None
    assert not any(module._forward_hooks or module._backward_hooks for module in network.modules())
