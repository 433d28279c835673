"""Resampling: worked examples, and PyTorch over drawn sizes and scales."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from catalogue import resampling
from convscope import ops

law = settings(deadline=None, derandomize=True, max_examples=100)
sizes = st.integers(1, 3).flatmap(lambda rank: st.tuples(*(st.tuples(st.integers(1, 9), st.integers(1, 12)),) * rank))


def test_doubling_repeats_each_number():
    x = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    expected = [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]
    assert ops.resample_nearest(x, scale=2)[0, 0].tolist() == expected


def test_bilinear_between_four_corners():
    x = np.array([[[[0.0, 2.0], [4.0, 6.0]]]])
    assert ops.resample_linear(x, 3, align_corners=True)[0, 0].tolist() == [[0, 1, 2], [2, 3, 4], [4, 5, 6]]


def test_a_constant_stays_and_a_ramp_stays_straight():
    assert np.allclose(ops.resample_linear(np.full((1, 1, 3, 4), 2.5), (7, 5)), 2.5)
    ramp = ops.resample_linear(np.arange(5.0)[None, None], 17, align_corners=True)
    assert np.allclose(np.diff(ramp), 0.25)


@pytest.mark.parametrize(("size", "scale"), [(6, None), (None, 2), (None, (2.0,))])
def test_size_and_scale_say_the_same(size, scale):
    x = np.array([[[1.0, 5.0, 2.0]]])
    assert ops.resample_linear(x, size, scale=scale).tolist() == ops.resample_linear(x, 6).tolist()


def test_nearest_takes_the_input_that_pytorch_takes_at_every_size():
    x = np.arange(41, dtype=np.float32)
    for n in (1, 2, 3, 7, 41):
        for size in range(1, 130):
            expected = resampling.nearest(torch.tensor(x[:n])[None, None], size)
            assert np.array_equal(ops.resample_nearest(x[None, None, :n], size), expected)


@law
@given(sizes, st.booleans())
def test_linear_equals_pytorch(pairs, align_corners):
    space, size = zip(*pairs, strict=True)
    x = np.random.default_rng(0).standard_normal((2, 3, *space))
    t = torch.tensor(x, requires_grad=True)
    expected = resampling.linear(t, size, align_corners=align_corners)
    found = ops.resample_linear(x, size, align_corners=align_corners)
    np.testing.assert_allclose(found, expected.detach().numpy(), rtol=1e-10, atol=1e-12)
    grad = np.random.default_rng(1).standard_normal(found.shape)
    expected.backward(torch.tensor(grad))
    assert t.grad is not None
    made = ops.resample_linear_backward(grad, x, size, align_corners=align_corners)
    np.testing.assert_allclose(made, t.grad.numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["linear", "nearest"])
def test_places_outside_of_a_volume_are_pytorchs(mode: str, padding: str):
    rng = np.random.default_rng(0)
    x, grid = rng.standard_normal((2, 3, 4, 5, 3)), rng.uniform(-2.5, 2.5, (2, 3, 2, 4, 3))
    tensors = [torch.tensor(array, requires_grad=True) for array in (x, grid)]
    expected = F.grid_sample(*tensors, "bilinear" if mode == "linear" else mode, padding, align_corners=False)
    grad = rng.standard_normal(expected.shape)
    expected.backward(torch.tensor(grad))
    np.testing.assert_allclose(
        ops.grid_sample(x, grid, mode=mode, padding_mode=padding), expected.detach().numpy(), atol=1e-12
    )
    found = ops.grid_sample_backward(grad, x, grid, mode=mode, padding_mode=padding)
    for mine, theirs in zip(found, tensors, strict=True):
        np.testing.assert_allclose(mine, theirs.grad, atol=1e-11)
