"""Activations, softmax and losses: stable for any number, and the figures worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from convscope import ops

LARGE = np.array([-1000.0, -100.0, 0.0, 100.0, 1000.0])


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "selu", "gelu", "silu", "sigmoid", "tanh"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_numbers_are_no_trouble(name, dtype):
    x = LARGE.astype(dtype)
    tensor = torch.tensor(x, requires_grad=True)
    expected = getattr(F, name)(tensor)
    expected.sum().backward()
    np.testing.assert_allclose(getattr(ops, name)(x), expected.detach().numpy(), rtol=1e-6, atol=1e-30)
    made = getattr(ops, f"{name}_backward")(np.ones_like(x), x)
    np.testing.assert_allclose(made, tensor.grad.numpy(), rtol=1e-6, atol=1e-30)


def test_a_layout_with_the_batch_innermost_is_kept():
    x = np.moveaxis(np.random.default_rng(0).standard_normal((3, 4, 5, 2)), -1, 0)  # (N, C, H, W), N innermost
    for name in ("relu", "leaky_relu", "selu", "gelu", "silu", "sigmoid", "tanh"):
        made = getattr(ops, name)(x), getattr(ops, f"{name}_backward")(x, x)
        assert [array.strides for array in made] == [x.strides] * 2, name


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_of_large_scores(dtype):
    x = np.array([[1000.0, 999.0], [-1000.0, -999.0], [1000.0, -1000.0]], dtype)
    p = 1 / (1 + np.exp(-1.0))
    np.testing.assert_allclose(ops.softmax(x), [[p, 1 - p], [1 - p, p], [1, 0]], rtol=1e-6)
    np.testing.assert_allclose(ops.log_softmax(x)[2], [0, -2000])


def test_the_probability_of_two_exponentials_is_the_sigmoid_of_twice_the_score():
    z = np.array([-3.0, 0.5, 2.0])
    np.testing.assert_allclose(ops.sigmoid(2 * z), np.exp(z) / (np.exp(z) + np.exp(-z)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_loss_of_that_probability_does_not_overflow(dtype):
    z = np.array([1000.0, -1000.0], dtype)  # e^1000 overflows in both types
    loss = ops.binary_cross_entropy_with_logits(2 * z, np.ones(2, dtype), reduction="none")
    assert loss.tolist() == [0, 2000]
    grad = np.ones(2, dtype)
    made = ops.binary_cross_entropy_with_logits_backward(grad, 2 * z, np.ones(2, dtype), reduction="none")
    assert made.tolist() == [0, -1]


def test_cross_entropy_of_certain_and_of_impossible_classes():
    logits = np.array([[1000.0, -1000.0], [1000.0, -1000.0], [0.0, -np.inf]])
    assert ops.cross_entropy(logits, np.array([0, 1, 0]), reduction="none").tolist() == [0, 2000, 0]


def test_cross_entropy_of_nothing_known_is_the_logarithm_of_the_number_of_classes():
    assert ops.cross_entropy(np.zeros((4, 10)), np.arange(4)) == pytest.approx(np.log(10))


def test_the_mean_loss_of_no_examples_is_nan_as_in_pytorch():
    assert np.isnan(ops.cross_entropy(np.zeros((0, 3)), np.zeros(0, int)))
    assert np.isnan(ops.squared_error(np.zeros(0), np.zeros(0)))
