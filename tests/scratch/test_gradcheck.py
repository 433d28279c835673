"""The check of gradients finds wrong ones, and right ones right."""

from __future__ import annotations

import numpy as np
import pytest

from convscope import scratch

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((4, 2, 6, 6)), np.array([0, 1, 2, 1])


@pytest.mark.parametrize(
    "layers",
    [
        lambda: [
            scratch.Conv(2, 3, 3, stride=2, padding=1),
            scratch.LeakyReLU(),
            scratch.Flatten(),
            scratch.Linear(27, 3),
        ],
        lambda: [scratch.ConvTranspose(2, 3, 3), scratch.Tanh(), scratch.GlobalAvgPool()],
        lambda: [
            scratch.Conv(2, 3, 3),
            scratch.BatchNorm(3),
            scratch.GELU(),
            scratch.MaxPool(2),
            scratch.GlobalMaxPool(),
        ],
        lambda: [scratch.Dropout(0.5), scratch.Conv(2, 3, 3), scratch.LayerNorm((4, 4)), scratch.GlobalMaxPool()],
    ],
)
def test_right_gradients_pass(layers):
    net = scratch.Sequential(*layers())
    before = {name: array.copy() for name, array in net.state().items()}
    found = scratch.gradcheck(net, X, Y, scratch.cross_entropy, most=40)
    assert found.error < 1e-5, found
    assert all((net.state()[name] == array).all() for name, array in before.items())  # looking leaves no trace


class Wrong(scratch.Conv):
    """Forgets to turn the gradient: what the lesson's code did for every batch above 1."""

    def backward(self, grad, *, input_gradient=True):
        mixed = np.ascontiguousarray(grad).reshape(grad.shape[1], grad.shape[0], *grad.shape[2:]).swapaxes(0, 1)
        return super().backward(mixed, input_gradient=input_gradient)


def test_wrong_gradients_are_found_and_placed():
    net = scratch.Sequential(Wrong(2, 3, 3), scratch.Flatten(), scratch.Linear(48, 3))
    found = scratch.gradcheck(net, X, Y, scratch.cross_entropy, most=40)
    assert found.error > 0.1 and found.where.startswith(("0.kernel[", "0.bias[", "x["))
    assert found.backward != pytest.approx(found.difference, rel=0.1)
    assert (
        scratch.gradcheck(net, X[:1], Y[:1], scratch.cross_entropy, most=40).error < 1e-5
    )  # and with one example, hidden


@pytest.mark.parametrize("name", ["GELU", "SELU", "Sigmoid", "SiLU", "Softmax", "Tanh"])
@pytest.mark.parametrize("scale", [1e-3, 1, 30])
def test_smooth_layers_pass_by_far(name, scale):
    layers = scratch.Conv(2, 3, 3), getattr(scratch, name)(), scratch.Flatten(), scratch.Linear(48, 3)
    found = scratch.gradcheck(scratch.Sequential(*layers), scale * X, Y, scratch.cross_entropy, most=60)
    assert found.error < 1e-6, found


def test_kinks_are_counted_and_not_compared():
    """Black images put every ReLU, and every maximum, just on its kink: backward is right on one side only."""
    layers = scratch.Conv(2, 3, 3), scratch.ReLU(), scratch.MaxPool(2), scratch.Flatten(), scratch.Linear(12, 3)
    found = scratch.gradcheck(scratch.Sequential(*layers), 0 * X, Y, scratch.cross_entropy, most=60)
    assert found.error < 1e-5 and found.kinks > 10, found
    assert found.checked + found.kinks == 54 + 3 + 36 + 3 + 60


class Halved(scratch.Tanh):
    def backward(self, grad, *, input_gradient=True):
        return super().backward(grad, input_gradient=input_gradient) / 2


def test_a_wrong_gradient_is_no_kink():
    net = scratch.Sequential(scratch.Conv(2, 3, 3), Halved(), scratch.Flatten(), scratch.Linear(48, 3))
    found = scratch.gradcheck(net, X, Y, scratch.cross_entropy, most=60)
    assert found.error > 0.1 and found.kinks == 0
