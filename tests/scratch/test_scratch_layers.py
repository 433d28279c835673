"""Layers one by one: equal to PyTorch's modules with the same weights, forward and backward, in float64."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from convscope import scratch
from convscope.errors import ConfigError, ShapeError

IMAGES = (3, 4, 7, 6)
# name: (layer, torch module, shape of x)
PAIRS = {
    "conv": (lambda: scratch.Conv(4, 6, 3, stride=2, padding=1), lambda: nn.Conv2d(4, 6, 3, 2, 1), IMAGES),
    "conv groups": (lambda: scratch.Conv(4, 6, 3, groups=2), lambda: nn.Conv2d(4, 6, 3, groups=2), IMAGES),
    "conv dilated": (lambda: scratch.Conv(4, 2, 3, dilation=2), lambda: nn.Conv2d(4, 2, 3, dilation=2), IMAGES),
    "conv no bias": (
        lambda: scratch.Conv(4, 2, (3, 1), bias=False),
        lambda: nn.Conv2d(4, 2, (3, 1), bias=False),
        IMAGES,
    ),
    "conv 1-d": (lambda: scratch.Conv(4, 2, (5,), padding=2), lambda: nn.Conv1d(4, 2, 5, padding=2), (3, 4, 9)),
    "conv 3-d": (lambda: scratch.Conv(4, 2, (2, 2, 2)), lambda: nn.Conv3d(4, 2, 2), (3, 4, 3, 4, 5)),
    "conv transpose": (
        lambda: scratch.ConvTranspose(4, 2, 3, stride=2, padding=1, output_padding=1),
        lambda: nn.ConvTranspose2d(4, 2, 3, 2, 1, 1),
        IMAGES,
    ),
    "linear": (lambda: scratch.Linear(5, 3), lambda: nn.Linear(5, 3), (4, 5)),
    "max pool": (lambda: scratch.MaxPool(3, stride=2, padding=1), lambda: nn.MaxPool2d(3, 2, 1), IMAGES),
    "average pool": (lambda: scratch.AvgPool(2), lambda: nn.AvgPool2d(2), IMAGES),
    "global max pool": (
        lambda: scratch.GlobalMaxPool(),
        lambda: nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten()),
        IMAGES,
    ),
    "global average pool": (
        lambda: scratch.GlobalAvgPool(),
        lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        IMAGES,
    ),
    "flatten": (lambda: scratch.Flatten(), lambda: nn.Flatten(), IMAGES),
    "relu": (lambda: scratch.ReLU(), lambda: nn.ReLU(), IMAGES),
    "leaky relu": (lambda: scratch.LeakyReLU(0.2), lambda: nn.LeakyReLU(0.2), IMAGES),
    "selu": (lambda: scratch.SELU(), lambda: nn.SELU(), IMAGES),
    "gelu": (lambda: scratch.GELU(), lambda: nn.GELU(), IMAGES),
    "silu": (lambda: scratch.SiLU(), lambda: nn.SiLU(), IMAGES),
    "sigmoid": (lambda: scratch.Sigmoid(), lambda: nn.Sigmoid(), IMAGES),
    "tanh": (lambda: scratch.Tanh(), lambda: nn.Tanh(), IMAGES),
    "softmax": (lambda: scratch.Softmax(), lambda: nn.Softmax(1), IMAGES),
    "batch norm": (lambda: scratch.BatchNorm(4), lambda: nn.BatchNorm2d(4), IMAGES),
    "layer norm": (lambda: scratch.LayerNorm((7, 6)), lambda: nn.LayerNorm((7, 6)), IMAGES),
}


def pair(name: str) -> tuple[scratch.Sequential, nn.Module, tuple[int, ...]]:
    layer, module, shape = PAIRS[name]
    net, twin = scratch.Sequential(layer(), dtype=np.float64), module().double()
    for ours, theirs in zip(net.parameters().values(), twin.parameters(), strict=True):
        ours[...] = theirs.detach().numpy()
    return net, twin, shape


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("count", [3, 1, 5])
def test_a_layer_equals_torch(name, count):
    net, twin, shape = pair(name)
    rng = np.random.default_rng(count)
    x = rng.standard_normal((count, *shape[1:]))
    given = torch.tensor(x, requires_grad=True)
    expected = twin(given)
    grad = rng.standard_normal(expected.shape)
    expected.backward(torch.tensor(grad))

    assert np.allclose(net.forward(x), expected.detach().numpy(), rtol=1e-10, atol=1e-12)
    assert given.grad is not None
    assert np.allclose(net.backward(grad), given.grad.numpy(), rtol=1e-10, atol=1e-12)
    for ours, theirs in zip(net.gradients().values(), twin.parameters(), strict=True):
        assert np.allclose(ours, theirs.grad.numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", PAIRS)
def test_a_layer_alone_takes_any_memory_order_and_writes_to_no_input(name):
    net, _, shape = pair(name)
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape)
    expected = net.forward(x)
    layer = net[0]
    kept = x.copy()
    y = layer.forward(x)
    assert np.allclose(y, expected, rtol=1e-12)
    grad = np.ones(y.shape)
    assert np.allclose(layer.backward(grad), net_backward(net, x, grad), rtol=1e-10, atol=1e-12)
    assert (x == kept).all() and (grad == 1).all()


def net_backward(net: scratch.Sequential, x: np.ndarray, grad: np.ndarray) -> np.ndarray | None:
    twin = copy.deepcopy(net)
    twin.forward(x)
    return twin.backward(grad)


def test_every_layer_is_compared():
    layers = {name for name in scratch.__all__ if isinstance(getattr(scratch, name), type)}
    layers = {name for name in layers if issubclass(getattr(scratch, name), scratch.Layer)} - {"Layer", "Dropout"}
    assert layers == {type(layer()).__name__ for layer, _, _ in PAIRS.values()}


def test_batch_norm_follows_running_averages_as_torch_does():
    net, twin, shape = pair("batch norm")
    rng = np.random.default_rng(0)
    for _ in range(3):
        x = 3 + 2 * rng.standard_normal(shape)
        net.forward(x)
        twin(torch.tensor(x))
    assert np.allclose(net[0].state["running_mean"], twin.running_mean.numpy(), rtol=1e-10)
    assert np.allclose(net[0].state["running_variance"], twin.running_var.numpy(), rtol=1e-10)
    net.eval(), twin.eval()
    given = torch.tensor(x, requires_grad=True)
    expected = twin(given)
    expected.sum().backward()
    assert np.allclose(net.forward(x), expected.detach().numpy(), rtol=1e-10)
    assert np.allclose(net.backward(np.ones(shape)), given.grad.numpy(), rtol=1e-10)


def test_dropout_drops_in_training_only_and_by_its_seed():
    x = np.ones((50, 40))
    nets = [scratch.Sequential(scratch.Dropout(0.25, seed=seed), dtype=np.float64) for seed in (1, 1, 2)]
    first, same, other = (net.forward(x) for net in nets)
    assert (first == same).all() and (first != other).any()
    assert set(np.unique(first)) == {0.0, 1 / 0.75}
    assert abs((first == 0).mean() - 0.25) < 0.03
    assert (nets[0].backward(x) == first).all()  # the same numbers are dropped on the way back
    assert (nets[0].forward(x) != first).any()  # the next mask is another
    assert (nets[0].eval().forward(x) == x).all() and (nets[0].backward(x) == x).all()


def test_a_layer_tells_how_it_was_made():
    assert repr(scratch.Conv(1, 8, 5, stride=2, padding=2)) == "Conv(1, 8, 5, stride=2, padding=2)"
    assert repr(scratch.LeakyReLU()) == "LeakyReLU()"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: scratch.LeakyReLU(0), "LeakyReLU: slope must be between 0 and 1, found 0; for 0 there is ReLU()"),
        (lambda: scratch.Dropout(1), "Dropout: p must be at least 0 and below 1, found 1"),
    ],
)
def test_settings_out_of_range(make, message):
    with pytest.raises(ConfigError) as caught:
        make()
    assert str(caught.value) == message


def test_a_layer_refuses_what_does_not_fit():
    with pytest.raises(ShapeError, match=r"^linear: weight must be \(O, 5\) for x \(2, 5\), found \(2, 4\)$"):
        scratch.Linear(4, 2).forward(np.zeros((2, 5), np.float32))
