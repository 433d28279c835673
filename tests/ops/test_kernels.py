"""Kernels refuse sizes, axes and types that make none."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.errors import ConfigError, Error, ShapeError
from convscope.ops import kernels


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: kernels.box(0), ShapeError, "box: size must be at least 1, found 0"),
        (
            lambda: kernels.box(2.5),
            ShapeError,
            "box: size must be one whole number or 1 of them (length), found 2.5",
        ),
        (lambda: kernels.box((3, -1)), ShapeError, "box: size must be at least 1, found (3, -1)"),
        (
            lambda: kernels.box((1, 1, 1, 1)),
            ShapeError,
            "box: rank must be 1, 2 or 3 spatial axes, found size (1, 1, 1, 1)",
        ),
        (lambda: kernels.anti_diagonal(0), ShapeError, "anti_diagonal: size must be at least 1, found 0"),
        (lambda: kernels.gaussian(0, 1), ShapeError, "gaussian: size must be at least 1, found 0"),
        (lambda: kernels.gaussian(3, 0), ConfigError, "gaussian: sigma must be above 0 and finite, found 0"),
        (lambda: kernels.gaussian(3, np.nan), ConfigError, "gaussian: sigma must be above 0 and finite, found nan"),
        (lambda: kernels.gaussian(3, np.inf), ConfigError, "gaussian: sigma must be above 0 and finite, found inf"),
        (
            lambda: kernels.sobel(axis=2),
            ShapeError,
            "sobel: axis must be a whole number from -2 to 1, found 2",
        ),
        (lambda: kernels.edge(axis=1), ShapeError, "edge: axis must be a whole number from -1 to 0, found 1"),
        (
            lambda: kernels.box(3, dtype=np.int64),
            ShapeError,
            "box: dtype must be one of float32, float64; found 'int64'",
        ),
    ],
)
def test_what_is_no_kernel(make, error, message):
    with pytest.raises(Error) as caught:
        make()
    assert type(caught.value) is error and str(caught.value) == message


@pytest.mark.parametrize("name", ["edge", "wide_edge", "surround", "sobel", "laplacian", "cross"])
@pytest.mark.parametrize("rank", [0, 4, 1.0])
def test_kernels_have_one_to_three_axes(name, rank):
    with pytest.raises(ShapeError) as caught:
        getattr(kernels, name)(rank=rank)
    assert str(caught.value) == f"{name}: rank must be 1, 2 or 3 spatial axes, found rank {rank}"
    with pytest.raises(ShapeError, match=rf"^{name}: dtype must be one of float32, float64; found "):
        getattr(kernels, name)(dtype="real")


def test_sizes_may_be_numpy_numbers_and_types_float32():
    assert kernels.box(np.int64(3), rank=2, dtype=np.float32).shape == (1, 1, 3, 3)
    assert kernels.gaussian(np.array([3, 5]), 1.0).shape == (1, 1, 3, 5)
    assert kernels.sobel(rank=3, axis=0, dtype="float32").dtype == np.float32
