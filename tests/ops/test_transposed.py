"""The transposed correlation: adjoint of the plain one, cropping, sizes; padding; kernels."""

from __future__ import annotations

import numpy as np
import pytest

from convscope import ops
from convscope.errors import ConfigError
from convscope.ops import kernels


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize(("stride", "padding", "dilation", "groups"), [(1, 0, 1, 1), (2, 1, 1, 2), (3, 1, 2, 1)])
def test_it_is_the_adjoint_of_correlate(rank, stride, padding, dilation, groups):
    rng = np.random.default_rng(0)
    arguments = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    image = rng.standard_normal((2, 4, *(7,) * rank))
    kernel = rng.standard_normal((6, 4 // groups, *(3,) * rank))
    seen = ops.correlate(image, kernel, **arguments)
    rest = (7 + 2 * padding - dilation * 2 - 1) % stride
    y = rng.standard_normal(seen.shape)
    back = ops.correlate_transpose(y, kernel, **arguments, output_padding=rest)
    assert back.shape == image.shape
    assert np.vdot(seen, y) == pytest.approx(np.vdot(image, back))


def test_padding_cuts_and_negative_padding_adds_zeros():
    x, kernel = np.array([[[1.0, 2.0]]]), np.array([[[1.0, 3.0, 1.0]]])
    whole = [1, 3, 3, 6, 2]
    assert ops.correlate_transpose(x, kernel, stride=2)[0, 0].tolist() == whole
    assert ops.correlate_transpose(x, kernel, stride=2, padding=((1, 2),))[0, 0].tolist() == whole[1:3]
    assert ops.correlate_transpose(x, kernel, stride=2, padding=((-1, -2),))[0, 0].tolist() == [0, *whole, 0, 0]


def test_a_kernel_and_stride_of_two_double_the_image():
    """D1: a U-Net's way up."""
    x = np.ones((2, 8, 7, 7), np.float32)
    y = ops.correlate_transpose(x, np.ones((8, 4, 2, 2), np.float32), stride=2)
    assert (y.shape, y.dtype) == ((2, 4, 14, 14), np.float32)
    assert np.all(y == 8)


def test_the_batch_stays_innermost():
    x = np.moveaxis(np.ones((2, 3, 4)), -1, 0)
    y = ops.correlate_transpose(x, np.ones((2, 1, 2)))
    assert np.moveaxis(y, 0, -1).flags.c_contiguous


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("zeros", "00abcd00"), ("reflect", "cbabcdcb"), ("replicate", "aaabcddd"), ("circular", "cdabcdab"),
    ],
)  # fmt: skip
def test_padding_is_what_its_drawing_shows(mode, expected):
    letters = np.array([[[1.0, 2.0, 3.0, 4.0]]])
    drawn = "".join("0abcd"[int(v)] for v in ops.pad(letters, 2, mode=mode)[0, 0])
    assert drawn == expected


def test_a_gaussian_is_separable_symmetric_and_sums_to_one():
    plane = kernels.gaussian(5, 2.0, rank=2)
    line = kernels.gaussian(5, 2.0)[0, 0]
    assert plane.sum() == pytest.approx(1)
    np.testing.assert_allclose(plane[0, 0], np.outer(line, line))
    with pytest.raises(ConfigError, match="sigma must be above 0 and finite, found 0"):
        kernels.gaussian(3, 0)


def test_edge_kernels_see_no_edge_in_a_flat_image():
    flat = np.ones((1, 1, 5, 5, 5))
    for kernel in (kernels.laplacian(rank=3), kernels.sobel(rank=3, axis=0), kernels.surround(rank=3)):
        assert not ops.correlate(flat, kernel).any()


def test_kernels_take_the_type_asked_for():
    made = (getattr(kernels, name) for name in kernels.__all__ if name not in ("gaussian", "box"))
    assert {kernel(dtype=np.float32).dtype for kernel in made} == {np.dtype(np.float32)}
