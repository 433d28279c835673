"""What the source documents show by hand and by small networks, with their figures."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from skimage import data

from convscope import ops, scratch
from convscope.ops import kernels

CORRELATE, POOL = ops.PRIMITIVES["correlate"], ops.PRIMITIVES["max_pool"]


def test_the_tiny_network_for_images_of_16_pixels():
    """D0: two convolutions and poolings, then 16·4·4 numbers to ten scores."""
    net = scratch.Sequential(
        scratch.Conv(1, 8, 3, padding=1), scratch.ReLU(), scratch.MaxPool(2),
        scratch.Conv(8, 16, 3, padding=1), scratch.ReLU(), scratch.MaxPool(2), scratch.Flatten(),
        scratch.Linear(16 * 4 * 4, 10),
    )  # fmt: skip
    assert net.forward(np.zeros((3, 1, 16, 16))).shape == (3, 10)
    assert net.weights.size == (8 * 9 + 8) + (16 * 8 * 9 + 16) + (2560 + 10)


def test_the_network_for_sequences():
    """D0: a convolution over five positions, the mean of each channel, one number; any length will do."""
    net = scratch.Sequential(
        scratch.Conv(1, 8, (5,), padding=2), scratch.ReLU(), scratch.GlobalAvgPool(), scratch.Linear(8, 1)
    )
    assert [net.forward(np.ones((2, 1, length))).shape for length in (5, 100)] == [(2, 1), (2, 1)]


def test_strides_and_pooling_of_a_256_pixel_image():
    """D1: convolution k3 s2 p1, then max pooling k4 s1: 125 × 125."""
    after = CORRELATE.shape((1, 3, 256, 256), (8, 3, 3, 3), stride=2, padding=1)
    assert POOL.shape(after, size=4, stride=1) == (1, 8, 125, 125)


def test_three_kernels_over_a_long_pulse():
    """D4: 20 zeros, 20 ones, 20 zeros."""
    pulse = np.repeat([0.0, 1.0, 0.0], 20)[None, None]
    total, mean, rise = (
        ops.correlate(pulse, kernel)[0, 0] for kernel in (kernels.box(5), kernels.gaussian(5, 2), kernels.wide_edge())
    )
    assert len(total) == 56
    assert total[14:22].tolist() == [0, 0, 1, 2, 3, 4, 5, 5]
    np.testing.assert_allclose(mean[20:36], 1)  # its weights add up to 1
    assert (np.diff(mean[15:21]) > 0).all()
    assert rise[14:22].tolist() == [0, 0, 1, 2, 2, 1, 0, 0] and rise[34:42].tolist() == [0, 0, -1, -2, -2, -1, 0, 0]


def test_a_photograph_is_blurred_as_scipy_does():
    """D4: Gaussian σ = 5."""
    photograph = data.camera()[100:228, 100:260].astype(np.float64)
    blurred = ops.correlate(photograph[None, None], kernels.gaussian(41, 5, rank=2), padding=20)[0, 0]
    expected = ndimage.gaussian_filter(photograph, 5, mode="constant", truncate=4.0)
    np.testing.assert_allclose(blurred, expected, rtol=1e-12)


def test_the_receptive_field_of_two_layers():
    """D4: k3 s1, then k5 s2: one output sees 7 inputs, R = 3 + (5 - 1)·1."""
    first = CORRELATE.shape((1, 1, 32), (1, 1, 3))
    seen = CORRELATE.field((0, 0, 4), first, (1, 1, 5), stride=2)["x"][2]
    inputs = np.unique([CORRELATE.field((0, 0, i), (1, 1, 32), (1, 1, 3))["x"][2] for i in seen])
    assert inputs.tolist() == list(range(8, 15))


def test_a_shifted_image_gives_shifted_features_and_a_turned_one_does_not():
    """D4: convolution is equivariant to translation; to rotation it is not."""
    image = np.zeros((1, 1, 24, 24))
    image[..., 5:9, 5:12] = np.random.default_rng(0).random((4, 7))
    kernel = np.random.default_rng(1).standard_normal((2, 1, 3, 3))
    found = ops.correlate(image, kernel, padding=1)
    shifted = ops.correlate(np.roll(image, (6, 4), (2, 3)), kernel, padding=1)
    np.testing.assert_allclose(shifted, np.roll(found, (6, 4), (2, 3)), atol=1e-14)
    turned = ops.correlate(np.rot90(image, axes=(2, 3)), kernel, padding=1)
    assert np.abs(turned - np.rot90(found, axes=(2, 3))).max() > 0.1
