"""What the primitives refuse at the door, whatever the operation; and where rounding would hurt."""

from __future__ import annotations

import numpy as np
import pytest

from convscope import ops
from convscope.errors import ShapeError

X, KERNEL = np.ones((1, 1, 8, 8)), np.ones((1, 1, 3, 3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ops.correlate(X, KERNEL, stride=1.5),  # pyright: ignore[reportArgumentType]
            "correlate: stride must be one whole number or 2 of them (height and width), found 1.5",
        ),
        (
            lambda: ops.max_pool(X, None),  # pyright: ignore[reportArgumentType]
            "max_pool: size must be one whole number or 2 of them (height and width), found None",
        ),
        (
            lambda: ops.correlate(X, KERNEL, padding=None),  # pyright: ignore[reportArgumentType]
            "correlate: padding must be a whole number, 2 of them, 2 pairs (before, after), 'valid', 'same' or "
            "'same_lower'; found None",
        ),
        (
            lambda: ops.pad(X, "same"),
            "pad: padding must be numbers, found 'same': without a kernel it has no meaning",
        ),
        (
            lambda: ops.correlate(X[0], KERNEL),
            "correlate: kernel must have 3 axes, as x has, found 4: (1, 1, 3, 3); or is x one image without its batch "
            "axis? then take x[None]",
        ),
        (
            lambda: ops.PRIMITIVES["correlate"].terms((0, 0, 0, 99), X, KERNEL),
            "correlate: there is no output (0, 0, 0, 99); the output is (1, 1, 6, 6)",
        ),
        (
            lambda: ops.PRIMITIVES["max_pool"].field((0, 0), X.shape, size=2),
            "max_pool: there is no output (0, 0); the output is (1, 1, 4, 4)",
        ),
    ],
)
def test_the_door(call, message):
    with pytest.raises(ShapeError) as caught:
        call()
    assert str(caught.value) == message


def test_one_number_of_space_is_enough_for_one_axis():
    assert ops.toeplitz(np.ones((1, 1, 3)), 8).shape == (6, 8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bright", [1e5, 1e10, 1e30])
def test_a_bright_spot_does_not_blur_into_dark_places_far_away(bright, dtype):
    """A product of spectra rounds relative to the brightest pixel of all."""
    x = np.random.default_rng(0).random((1, 1, 96, 96)).astype(dtype)
    x[:, :, :20, :20] *= bright
    kernel = np.full((1, 1, 31, 31), 1 / 961, dtype)
    expected = ops.correlate(x, kernel, algorithm="direct")[..., 30:, 30:]
    relative = 2e-6 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(ops.correlate(x, kernel)[..., 30:, 30:], expected, rtol=relative)
