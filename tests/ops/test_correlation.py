"""Correlation: the documents' figures, its algorithms against each other, its memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from convscope import ops
from convscope.geometry import Window
from convscope.ops import kernels
from convscope.ops.correlation import ALGORITHMS
from convscope.ops.correlation.im2col import Im2col


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def innermost(x: np.ndarray) -> np.ndarray:
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 0, -1)), -1, 0)


@st.composite
def calls(draw: st.DrawFn) -> tuple[tuple[np.ndarray, ...], dict]:
    rank, groups = draw(st.integers(1, 3)), draw(st.integers(1, 2))

    def axes(low: int, high: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(low, high)) for _ in range(rank))

    space, size, stride, dilation = axes(1, 7 - rank), axes(1, 4), axes(1, 3), axes(1, 2)
    padding = tuple((draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in range(rank))
    mode = draw(st.sampled_from(("zeros", "reflect", "replicate", "circular")))
    each = zip(space, size, stride, padding, dilation, strict=True)
    assume(all(Window(n, k, s, *pair, d).outputs for n, k, s, pair, d in each))
    least = {"reflect": 1, "circular": 0}.get(mode)
    assume(least is None or all(max(pair) <= n - least for n, pair in zip(space, padding, strict=True)))
    n, c, o = draw(st.integers(0, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    numbers = np.random.default_rng(draw(st.integers(0, 99)))
    x = numbers.standard_normal((n, c * groups, *space))
    x = innermost(x) if draw(st.booleans()) else x
    arrays = (x, numbers.standard_normal((o * groups, c, *size)), numbers.standard_normal(o * groups))
    arguments = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups, "padding_mode": mode}
    return arrays, arguments


@settings(deadline=None, max_examples=150, derandomize=True)
@given(calls())
def test_all_algorithms_agree_and_keep_the_memory_order(call):
    (x, kernel, bias), arguments = call
    walked = [step.sum for step in ops.steps(x, kernel, bias, **arguments)]
    y = ops.correlate(x, kernel, bias, **arguments)
    np.testing.assert_allclose(y.ravel(), walked, rtol=1e-10, atol=1e-11)
    grad = np.random.default_rng(1).standard_normal(y.shape)
    expected = ops.correlate_backward(grad, x, kernel, bias, **arguments)
    for algorithm in ALGORITHMS:
        found = ops.correlate(x, kernel, bias, **arguments, algorithm=algorithm)
        np.testing.assert_allclose(found, y, rtol=1e-10, atol=1e-11)
        gradients = ops.correlate_backward(grad, x, kernel, bias, **arguments, algorithm=algorithm)
        for one, other in zip(gradients, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-11)
        if len(x) > 1 and not x.flags.c_contiguous:
            assert np.moveaxis(found, 0, -1).flags.c_contiguous
            assert np.moveaxis(gradients.x, 0, -1).flags.c_contiguous
        else:
            assert found.flags.c_contiguous


@settings(deadline=None, max_examples=100, derandomize=True)
@given(calls(), st.sampled_from((1, 300, 4000)))
def test_tiles_of_any_size_give_the_same_and_buffers_may_be_used_again(call, tile):
    (x, kernel, bias), arguments = call
    plain = {**arguments, "padding_mode": "zeros"}
    y = ops.correlate(x, kernel, bias, **plain)
    grad = np.ones_like(y)
    expected = ops.correlate_backward(grad, x, kernel, bias, **plain)
    axes = zip(x.shape[2:], kernel.shape[2:], plain["stride"], plain["padding"], plain["dilation"], strict=True)
    layer = Im2col(tuple(Window(n, k, s, *pair, d) for n, k, s, pair, d in axes), plain["groups"], tile=tile)
    for _ in range(2):
        np.testing.assert_allclose(layer.forward(x, kernel, bias), y, atol=1e-12)
        np.testing.assert_allclose(layer.backward_kernel(grad, x), expected.kernel, atol=1e-12)
        np.testing.assert_allclose(layer.backward_input(grad, kernel), expected.x, atol=1e-12)


@pytest.mark.parametrize("tile", [5_000, 2**20])
@pytest.mark.parametrize("shape", [(40, 2, 13, 9), (2, 4, 9, 30), (5, 2, 6, 5, 7), (33, 2, 50)])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("order", [innermost, np.ascontiguousarray])
def test_long_rows_and_large_batches_give_what_direct_gives(tile, shape, stride, groups, order):
    x, kernel = (
        order(rng().standard_normal(shape)),
        rng().standard_normal((6, shape[1] // groups, *(3,) * len(shape[2:]))),
    )
    arguments = {"stride": stride, "padding": 1, "groups": groups, "algorithm": "direct"}
    y = ops.correlate(x, kernel, **arguments)
    grad = order(rng().standard_normal(y.shape))
    expected = ops.correlate_backward(grad, x, kernel, **arguments)
    layer = Im2col(tuple(Window(n, 3, stride, 1, 1) for n in shape[2:]), groups, tile=tile)
    for _ in range(2):
        np.testing.assert_allclose(layer.forward(x, kernel), y, atol=1e-11)
        np.testing.assert_allclose(layer.backward_kernel(grad, x), expected.kernel, atol=1e-10)
        np.testing.assert_allclose(layer.backward_input(grad, kernel), expected.x, atol=1e-11)


def test_a_nan_in_the_kernel_reaches_only_the_inputs_it_was_multiplied_with():
    kernel = np.ones((1, 1, 3, 3))
    kernel[0, 0, 0, 0] = np.nan
    found = Im2col((Window(12, 3), Window(12, 3))).backward_input(np.ones((1, 1, 10, 10)), kernel)
    reached = np.zeros((12, 12), bool)
    reached[:10, :10] = True
    assert np.array_equal(np.isnan(found[0, 0]), reached)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(calls())
def test_toeplitz_times_the_image_is_the_correlation(call):
    (x, kernel, _), arguments = call
    assume(len(x))
    matrix = ops.toeplitz(kernel, x.shape[2:], **arguments)
    expected = ops.correlate(x[:1], kernel, **arguments, algorithm="direct").ravel()
    np.testing.assert_allclose(matrix @ x[0].ravel(), expected, rtol=1e-10, atol=1e-11)


def test_toeplitz_is_banded():
    matrix = ops.toeplitz(rng().standard_normal((1, 1, 3)), (10,)).tocoo()
    assert matrix.shape == (8, 10)
    assert set((matrix.col - matrix.row).tolist()) == {0, 1, 2}


def test_a_bright_square_answers_along_its_edge():
    """D0: 16 × 16, rows and columns 5..10 (counted from 1) bright, noise; the eight-neighbour kernel."""
    image = np.zeros((1, 1, 16, 16))
    image[..., 4:10, 4:10] = 1
    clean = ops.correlate(image, kernels.surround())
    assert clean.shape == (1, 1, 14, 14)
    assert clean[0, 0, 3, 3] == 5  # a corner: five of its eight neighbours are dark
    assert clean[0, 0, 3, 5] == 3  # an edge: three
    assert not clean[0, 0, 4:8, 4:8].any()  # inside
    noisy = np.abs(ops.correlate(image + 0.1 * rng().standard_normal(image.shape), kernels.surround()))[0, 0]
    ring = np.zeros((14, 14), bool)
    ring[3:9, 3:9] = True
    ring[4:8, 4:8] = False
    assert noisy[ring].min() > noisy[4:8, 4:8].mean()


def test_a_step_signal_answers_at_rise_and_fall():
    """D0: 10 zeros, 5 ones, 10 zeros; kernel (-1, 1) gives 24 values."""
    signal = np.repeat([0.0, 1.0, 0.0], (10, 5, 10))[None, None]
    found = ops.correlate(signal, kernels.edge(rising=True))[0, 0]
    assert found.shape == (24,)
    assert (np.flatnonzero(found == 1).tolist(), np.flatnonzero(found == -1).tolist()) == ([9], [14])
    assert np.count_nonzero(found) == 2


def test_the_detector_scores_the_angle_above_its_mirror_image():
    """D1: 3×3 anti-diagonal 0.9, rest 0.1."""
    kernel = kernels.anti_diagonal()
    own, mirrored = (ops.correlate(image, kernel).item() for image in (kernel, kernel[..., ::-1]))
    assert own == pytest.approx(3 * 0.9**2 + 6 * 0.1**2)
    assert mirrored == pytest.approx(0.9**2 + 4 * 0.9 * 0.1 + 4 * 0.1**2) == pytest.approx(1.21)


@pytest.mark.parametrize(
    ("x", "kernel", "arguments", "expected"),
    [
        ((1, 1, 8, 8), (1, 1, 3, 3), {"padding": 1}, (8, 8)),
        ((1, 1, 8, 8), (1, 1, 3, 3), {"padding": 1, "stride": 2}, (4, 4)),
        ((1, 1, 8, 8), (1, 1, 3, 5), {"padding": (0, 1), "stride": (3, 4)}, (2, 2)),
        ((1, 3, 256, 256), (1, 3, 3, 3), {"padding": 1, "stride": 2}, (128, 128)),
        ((8, 1, 28, 28), (3, 1, 5, 5), {"padding": 2, "stride": 2}, (14, 14)),
        ((12, 2, 64, 64), (4, 2, 5, 5), {"padding": 4, "stride": 4}, (17, 17)),
    ],
)
def test_the_documents_sizes(x, kernel, arguments, expected):
    found = ops.correlate(np.ones(x, np.float32), np.ones(kernel, np.float32), **arguments)
    assert found.shape == (x[0], kernel[0], *expected) == ops.PRIMITIVES["correlate"].shape(x, kernel, **arguments)
    assert found.dtype == np.float32


def test_two_layers_of_d4():
    """D4: 12×2×64×64 → k5 p4 s4 (4) → k3 p2 s1 (8): 12×8×19×19."""
    shape = ops.PRIMITIVES["correlate"].shape
    first = shape((12, 2, 64, 64), (4, 2, 5, 5), padding=4, stride=4)
    assert shape(first, (8, 4, 3, 3), padding=2) == (12, 8, 19, 19)


def test_the_edges_of_a_striped_image():
    """D2: 6 × 8 ones, columns 2..5 zero, kernel (1, -1): 1 from white to black, -1 back."""
    image = np.ones((1, 1, 6, 8))
    image[..., 2:6] = 0
    found = ops.correlate(image, kernels.edge(rank=2))
    assert found.shape == (1, 1, 6, 7)
    assert np.all(found == np.array([0, 1, 0, 0, 0, -1, 0.0]))


def test_strict_convolution_flips_the_kernel():
    """D2: four points in a 64 × 64 image; under convolution each turns into the kernel itself."""
    image = np.zeros((1, 1, 64, 64))
    for at in ((10, 12), (20, 40), (33, 7), (50, 50)):
        image[0, 0, at[0], at[1]] = 1
    kernel = np.arange(9.0).reshape(1, 1, 3, 3)
    assert np.array_equal(ops.convolve(image, kernel, padding=1)[0, 0, 9:12, 11:14], kernel[0, 0])
    assert np.array_equal(ops.convolve(image, kernel), ops.correlate(image, kernel[..., ::-1, ::-1]))
    cross = kernels.cross()
    assert np.array_equal(ops.convolve(image, cross), ops.correlate(image, cross))
    assert np.count_nonzero(ops.correlate(image, cross)) == 4 * 5


def test_a_kernel_of_one_is_a_matrix_product_at_each_pixel():
    x, kernel = rng().standard_normal((1, 3, 3, 3)), rng().standard_normal((2, 3, 1, 1))
    product = kernel[:, :, 0, 0] @ x.reshape(3, 9)
    assert np.abs(ops.correlate(x, kernel).reshape(2, 9) - product).max() < 1e-6


def test_the_cost_of_a_large_layer():
    """D2: 256 × 256, kernel 5, 128 → 128 channels: 53 billion operations."""
    cost = ops.PRIMITIVES["correlate"].cost((1, 128, 256, 256), (128, 128, 5, 5), padding=2)
    assert cost.multiplications + cost.additions == pytest.approx(53.7e9, rel=1e-3)


def test_a_convolution_by_its_components():
    """D3: 3 → 4 channels, kernel 5, 128 × 128: each channel's map by itself, summed, plus the bias."""
    x = rng().standard_normal((1, 3, 128, 128)).astype(np.float32)
    kernel, bias = rng().standard_normal((4, 3, 5, 5)).astype(np.float32), np.ones(4, np.float32)
    whole = ops.correlate(x, kernel, bias)
    for o in range(4):
        maps = [ops.correlate(x[:, c : c + 1], kernel[o : o + 1, c : c + 1]) for c in range(3)]
        assert np.abs(sum(maps)[0, 0] + bias[o] - whole[0, o]).mean() < 1e-5


def test_im2col_of_a_colour_image():
    """D4: 3 × 32 × 32 and a 5 × 5 kernel: 75 × 784."""
    x, kernel = rng().standard_normal((2, 3, 32, 32)), rng().standard_normal((7, 3, 5, 5))
    columns = ops.im2col(x, 5)
    assert columns.shape == (2, 75, 784)
    product = kernel.reshape(7, 75) @ columns
    np.testing.assert_allclose(product.reshape(2, 7, 28, 28), ops.correlate(x, kernel), atol=1e-12)


def test_steps_show_window_products_and_sum():
    x, kernel = np.array([[[1.0, 2.0, 3.0]]]), np.array([[[1.0, 10.0]]])
    first, *_, last = ops.steps(x, kernel, np.array([0.5]), padding=1)
    assert (first.output, first.window.tolist(), first.products.tolist()) == ((0, 0, 0), [[0.0, 1.0]], [[0.0, 10.0]])
    assert (first.bias, first.sum, last.sum) == (0.5, 10.5, 3.5)


def test_a_nan_stays_where_pytorch_leaves_it():
    x = np.zeros((1, 1, 40, 40))
    x[0, 0, 20, 20] = np.nan
    assert np.isnan(ops.correlate(x, np.ones((1, 1, 15, 15)), padding=7)).sum() == 15 * 15


def test_a_large_image_goes_through_in_tiles():
    """Columns of 7 × 7 would be 49 times the image; what is held beside the output is a fixed 20 MB."""
    x, kernel = np.ones((1, 1, 1500, 1500), np.float32), np.ones((2, 1, 7, 7), np.float32)
    tracemalloc.start()
    y = ops.correlate(x, kernel, padding=3, algorithm="im2col")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert y[0, 1, 700, 700] == 49
    assert most - y.nbytes < 20e6
