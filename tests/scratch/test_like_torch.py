"""Optimisers, losses and first values equal PyTorch's; what settings of optimisers must be."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from convscope import scratch
from convscope.errors import ConfigError

OPTIMISERS = {
    "sgd": (scratch.SGD(0.1), lambda p: torch.optim.SGD(p, lr=0.1)),
    "momentum": (
        scratch.SGD(0.1, momentum=0.9, weight_decay=0.01),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
    ),
    "nesterov": (
        scratch.SGD(0.1, momentum=0.9, nesterov=True),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    ),
    "adam": (scratch.Adam(0.1, weight_decay=0.01), lambda p: torch.optim.Adam(p, lr=0.1, weight_decay=0.01)),
    "adamw": (
        scratch.AdamW(0.1, betas=(0.8, 0.99), weight_decay=0.1),
        lambda p: torch.optim.AdamW(p, lr=0.1, betas=(0.8, 0.99), weight_decay=0.1),
    ),
}


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("clip", [None, 0.5])
def test_an_optimiser_equals_torch_step_for_step(name, clip):
    optimiser, theirs = OPTIMISERS[name]
    optimiser = type(optimiser)(**{k: v for k, v in vars(optimiser).items() if k not in ("steps", "_memory", "_net")})
    net = scratch.Sequential(scratch.Linear(3, 4), scratch.Linear(4, 2), dtype=np.float64)
    weights = [nn.Parameter(torch.tensor(array)) for array in net.parameters().values()]
    other = theirs(weights)
    rng = np.random.default_rng(0)
    for _ in range(6):
        net.gradient[...] = rng.standard_normal(net.gradient.size)
        for weight, gradient in zip(weights, net.gradients().values(), strict=True):
            weight.grad = torch.tensor(gradient)
        if clip:
            length = nn.utils.clip_grad_norm_(weights, clip)
            assert scratch.clip_gradients(net, clip) == pytest.approx(float(length), rel=1e-12)
        optimiser.step(net)
        other.step()
        flat = torch.cat([weight.detach().ravel() for weight in weights]).numpy()
        assert np.allclose(net.weights, flat, rtol=1e-12, atol=1e-14)


def test_a_short_gradient_is_not_clipped():
    net = scratch.Sequential(scratch.Linear(2, 1, bias=False), dtype=np.float64)
    net.gradient[...] = (3, 4)
    assert scratch.clip_gradients(net, 10) == 5 and net.gradient.tolist() == [3, 4]
    assert scratch.clip_gradients(net, 1) == 5 and np.allclose(net.gradient, (0.6, 0.8), rtol=1e-6)


def test_one_layer_can_be_clipped_alone():
    net = scratch.Sequential(scratch.Linear(1, 1), scratch.Linear(1, 1), dtype=np.float64)
    net.gradient[...] = (3, 4, 30, 40)
    assert scratch.clip_gradients(net[0], 1) == 5
    assert np.allclose(net.gradient, (0.6, 0.8, 30, 40), rtol=1e-6)


def test_a_convolution_is_clipped_in_place_whatever_the_order_of_its_kernel_in_memory():
    net = scratch.Sequential(scratch.Conv(2, 3, 3), scratch.Conv(3, 2, 1))
    net.gradient[...] = 1
    assert scratch.clip_gradients(net[0], 0.5) == pytest.approx(57**0.5)  # 54 weights and 3 biases
    assert np.allclose([np.linalg.norm(net.gradient[:57]), net.gradient[57:].min()], [0.5, 1], rtol=1e-5)


@pytest.mark.parametrize(
    ("make_it", "message"),
    [
        (lambda: scratch.SGD(-1), "SGD: lr must not be negative, found -1"),
        (lambda: scratch.SGD(1, momentum=1), "SGD: momentum must be at least 0 and below 1, found 1"),
        (
            lambda: scratch.SGD(1, nesterov=True),
            "SGD: nesterov looks ahead along the momentum, which is 0; give momentum=0.9",
        ),
        (lambda: scratch.Adam(betas=(0.9, 2)), "Adam: beta2 must be at least 0 and below 1, found 2"),
        (lambda: scratch.AdamW(weight_decay=-1), "AdamW: weight_decay must not be negative, found -1"),
    ],
)
def test_settings_of_optimisers(make_it, message):
    with pytest.raises(ConfigError) as caught:
        make_it()
    assert str(caught.value) == message


def test_an_optimiser_belongs_to_one_network():
    optimiser = scratch.SGD(0.1)
    optimiser.step(scratch.Sequential(scratch.Linear(2, 2)))
    with pytest.raises(ConfigError, match="another network, of 6 float32 weights, and this one has 12 float32"):
        optimiser.step(scratch.Sequential(scratch.Linear(2, 4)))


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize(
    ("draw", "theirs"),
    [
        (
            scratch.he_uniform,
            lambda w: nn.init.kaiming_uniform_(w, nonlinearity="relu", generator=seeded()),
        ),
        (
            scratch.he_normal,
            lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu", generator=seeded()),
        ),
        (scratch.glorot_uniform, lambda w: nn.init.xavier_uniform_(w, generator=seeded())),
        (scratch.glorot_normal, lambda w: nn.init.xavier_normal_(w, generator=seeded())),
    ],
)
@pytest.mark.parametrize("shape", [(60, 80), (30, 20, 3, 3), (30, 20, 9)])
def test_first_values_spread_as_torch_has_it(draw, theirs, shape):
    ours = draw(shape, np.random.default_rng(0))
    other = theirs(torch.empty(shape, dtype=torch.float64))
    assert ours.shape == shape and (ours == draw(shape, np.random.default_rng(0))).all()
    assert abs(ours.mean()) < 0.05 * ours.std()
    assert ours.std() == pytest.approx(float(other.std()), rel=0.06)
    assert np.abs(ours).max() == pytest.approx(float(other.abs().max()), rel=0.3 if "normal" in draw.__name__ else 0.01)


@pytest.mark.parametrize(
    ("loss", "theirs", "target"),
    [
        (scratch.cross_entropy, nn.functional.cross_entropy, np.array([0, 2, 1, 2])),
        (
            scratch.binary_cross_entropy,
            lambda x, y: nn.functional.binary_cross_entropy_with_logits(x, y, reduction="sum") / 4,
            np.array([[0.0, 1, 1], [1, 0, 0], [0, 0, 0], [1, 1, 1]]),
        ),
        (
            scratch.squared_error,
            lambda x, y: nn.functional.mse_loss(x, y, reduction="sum") / 4,
            np.arange(12.0).reshape(4, 3),
        ),
    ],
)
def test_a_loss_equals_torch(loss, theirs, target):
    scores = 5 * np.random.default_rng(0).standard_normal((4, 3))
    given = torch.tensor(scores, requires_grad=True)
    expected = theirs(given, torch.tensor(target))
    expected.backward()
    value, gradient = loss(scores, target)
    assert value == pytest.approx(expected.item(), rel=1e-12)
    assert np.allclose(gradient, given.grad.numpy(), rtol=1e-10, atol=1e-14)


def test_losses_count_right_answers():
    scores = np.array([[2.0, 1, 0], [0, 0, 5]])
    assert scratch.cross_entropy.right(scores, np.array([0, 1])) == 1
    assert scratch.binary_cross_entropy.right(np.array([[3.0], [-1.0]]), np.array([[1], [1]])) == 1
    assert scratch.squared_error.right is None


def test_cross_entropy_has_a_label_at_every_pixel():
    scores = np.random.default_rng(0).standard_normal((2, 3, 4, 4))
    labels = scores.argmax(1)
    labels[0] = (labels[0] + 1) % 3  # the first image all wrong
    assert scratch.cross_entropy(scores, labels)[1].shape == scores.shape
    assert scratch.cross_entropy.right(scores, labels) == 1
