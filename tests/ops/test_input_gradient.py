"""The gradient of a correlation's input alone is the one among all its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convscope.errors import ShapeError
from convscope.ops import convolve, convolve_backward, correlate, correlate_backward
from convscope.ops.correlation.input_gradient import input_gradient

SETTINGS: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((2, 3, 9), (4, 3, 3), {}),
    ((2, 4, 9, 8), (6, 2, 3, 2), {"stride": 2, "groups": 2, "padding": 1}),
    ((1, 2, 8, 9), (3, 2, 3, 3), {"dilation": 2, "padding": ((1, 2), (0, 1)), "padding_mode": "reflect"}),
    ((1, 2, 7, 7), (3, 2, 3, 3), {"padding": 2, "padding_mode": "circular", "algorithm": "fft"}),
    ((2, 4, 5, 6), (6, 4, 1, 1), {}),
    ((2, 4, 5, 6), (6, 2, 1, 1), {"groups": 2}),
    ((1, 2, 4, 5, 6), (3, 2, 2, 3, 1), {"stride": (1, 2, 1)}),
]


@pytest.mark.parametrize(("x", "kernel", "arguments"), SETTINGS)
@pytest.mark.parametrize("flip", [False, True])
def test_it_is_that_of_all_gradients(
    x: tuple[int, ...], kernel: tuple[int, ...], arguments: dict[str, Any], flip: bool
):
    random = np.random.default_rng(0)
    image, weights = random.normal(size=x), random.normal(size=kernel)
    forward, backward = (convolve, convolve_backward) if flip else (correlate, correlate_backward)
    grad = random.normal(size=forward(image, weights, **arguments).shape)
    found = input_gradient(grad, image, weights, flip=flip, **arguments)
    np.testing.assert_allclose(found, backward(grad, image, weights, **arguments).x, rtol=1e-9, atol=1e-12)


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(ShapeError):
        input_gradient(np.zeros((1, 1, 3)), np.zeros((1, 1, 3)), np.zeros((1, 1, 2)), flip=False)
