"""Pooling and resampling: the documents' figures, ties and NaN, memory layout, and PyTorch over drawn windows."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from catalogue import adaptive, pooling
from convscope import ops
from convscope.errors import ShapeError

law = settings(deadline=None, derandomize=True, max_examples=100)


def image(*rows: list[float]) -> np.ndarray:
    return np.array(rows, dtype=float)[None, None]


NINE = np.arange(9.0).reshape(1, 1, 3, 3)


def test_maximum_and_mean_of_two_by_two_on_nine_numbers():
    assert ops.max_pool(NINE, 2, stride=1)[0, 0].tolist() == [[4, 5], [7, 8]]
    assert ops.avg_pool(NINE, 2, stride=1)[0, 0].tolist() == [[2, 3], [5, 6]]


def test_maximum_of_the_four_by_four_example():
    x = image([1, 1, 2, 4], [4, 5, 6, 9], [3, 1, 0, 3], [4, 0, 1, 8])
    assert ops.max_pool(x, 2)[0, 0].tolist() == [[5, 9], [4, 8]]


def test_padding_and_stride():
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    assert ops.max_pool(x, 3)[0, 0].tolist() == [[10]]
    assert ops.max_pool(x, 3, stride=2, padding=1)[0, 0].tolist() == [[5, 7], [13, 15]]


def test_a_rectangular_window():
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    found = ops.max_pool(x, (2, 3), stride=(2, 3), padding=(0, 1))
    assert found[0, 0].tolist() == [[5, 7], [13, 15]]


def test_channels_are_pooled_apart():
    x = np.concatenate([NINE, NINE + 1], axis=1)
    assert ops.max_pool(x, 2, stride=1)[0].tolist() == [[[4, 5], [7, 8]], [[5, 6], [8, 9]]]


def test_shapes_of_the_lecture():
    halved = (1, 1, (256 - 3 + 2) // 2 + 1, (256 - 3 + 2) // 2 + 1)  # convolution, kernel 3, stride 2, padding 1
    assert ops.PRIMITIVES["max_pool"].shape(halved, size=4, stride=1) == (1, 1, 125, 125)


def test_a_window_over_the_whole_sequence_sees_its_last_position():
    x = np.zeros((1, 1, 31))
    x[..., -1] = 1
    assert ops.max_pool(x, 31).tolist() == ops.global_max_pool(x).tolist() == [[[1]]]
    assert ops.max_pool(x, 30).tolist() == [[[0]]]  # a window one shorter, side by side, drops it


def test_of_equal_numbers_the_first_has_the_place_and_the_gradient():
    x = image([7, 7], [7, 7])
    assert ops.max_pool(x, 2, return_indices=True).indices.item() == 0
    assert ops.max_pool_backward(np.ones((1, 1, 1, 1)), x, 2)[0, 0].tolist() == [[1, 0], [0, 0]]
    assert ops.global_max_pool_backward(np.ones((1, 1, 1, 1)), x)[0, 0].tolist() == [[1, 0], [0, 0]]


def test_padding_never_wins_not_even_over_minus_infinity():
    x = np.full((1, 1, 3), -np.inf)
    found = ops.max_pool(x, 3, stride=1, padding=1, return_indices=True)
    assert found.output.tolist() == x.tolist()
    assert found.indices.tolist() == [[[0, 0, 1]]]


def test_nan_wins_and_its_gradient_stays_with_it():
    x = np.array([[[1.0, np.nan, 3.0, np.nan, 2.0]]])
    t = torch.tensor(x, requires_grad=True)
    expected, indices = F.max_pool1d(t, 3, 1, return_indices=True)
    expected.sum().backward()
    found = ops.max_pool(x, 3, stride=1, return_indices=True)
    assert np.isnan(found.output).all()
    assert found.indices.tolist() == indices.tolist() == [[[1, 3, 3]]]
    assert t.grad is not None
    assert ops.max_pool_backward(np.ones((1, 1, 3)), x, 3, stride=1).tolist() == t.grad.tolist()


def test_an_infinite_gradient_reaches_the_maximum_only():
    grad = np.array([[[np.inf, 1.0]]])
    assert ops.max_pool_backward(grad, np.array([[[1.0, 2.0, 4.0, 3.0]]]), 2).tolist() == [[[0, np.inf, 1, 0]]]


def test_unpooling_puts_the_maxima_back():
    x = image([1, 1, 2, 4], [4, 5, 6, 9], [3, 1, 0, 3], [4, 0, 1, 8])
    pooled = ops.max_pool(x, 2, return_indices=True)
    back = ops.max_unpool(pooled.output, pooled.indices, (4, 4))
    assert back[0, 0].tolist() == [[0, 0, 0, 0], [0, 5, 0, 9], [0, 0, 0, 0], [4, 0, 0, 8]]
    assert ops.max_pool(back, 2).tolist() == pooled.output.tolist()


@pytest.mark.parametrize(
    "pooled",
    [
        lambda x: ops.max_pool(x, 2),
        lambda x: ops.avg_pool(x, 3, padding=1),
        lambda x: ops.lp_pool(x, 2),
        lambda x: ops.adaptive_avg_pool(x, 3),
        lambda x: ops.adaptive_max_pool(x, 3),
        lambda x: ops.resample_linear(x, 9),
        lambda x: ops.max_pool_backward(np.ones((5, 2, 3, 2)), x, 2),
        lambda x: ops.resample_nearest(x, scale=2),
    ],
)
def test_a_batch_innermost_in_memory_stays_innermost(pooled):
    x = np.moveaxis(np.random.default_rng(0).standard_normal((2, 6, 5, 5)), -1, 0)
    assert np.moveaxis(pooled(x), 0, -1).flags.c_contiguous


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(ShapeError) as caught:
        ops.avg_pool_backward(np.ones((1, 1, 3, 3)), NINE, 2)
    assert str(caught.value) == "avg_pool_backward: grad must be shaped as the output, (1, 1, 1, 1); found (1, 1, 3, 3)"


def test_a_padding_of_more_than_half_a_window_is_what_onnx_allows():
    assert ops.max_pool(NINE, 3, stride=2, padding=2)[0, 0].tolist() == [[0, 2, 2], [6, 8, 8], [6, 8, 8]]
    assert ops.avg_pool(np.array([[[9.0, 3.0]]]), 3, padding=2, stride=1).tolist() == [[[3, 4, 4, 1]]]
    shared = ops.avg_pool(np.array([[[9.0, 3.0]]]), 3, padding=2, stride=1, count_include_pad=False)
    assert shared.tolist() == [[[9, 6, 6, 3]]]


def test_a_dilated_mean_skips_the_numbers_between():
    x = np.arange(7.0)[None, None]
    assert ops.avg_pool(x, 3, dilation=2, stride=1).tolist() == [[[2, 3, 4]]]
    assert ops.avg_pool(x, 2, dilation=3, stride=1, padding=(1,), count_include_pad=False)[0, 0, 0] == 2
    assert ops.lp_pool(np.array([[[3.0, 100, 4]]]), 2, dilation=2).tolist() == [[[5]]]
    # 0abc0, windows of every second: 0 and b, a and c, b and 0; and one that hangs over the end, d alone
    hanging = ops.avg_pool(np.array([[[2.0, 4.0, 6.0]]]), 2, dilation=2, stride=1, padding=1)
    assert hanging.tolist() == [[[2, 4, 2]]]
    last = ops.avg_pool(np.array([[[2.0, 4, 6, 8, 10]]]), 2, dilation=3, stride=2, padding=1, ceil_mode=True)
    assert last.tolist() == [[[3, 7, 8]]]


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("name", ["max_pool", "avg_pool", "lp_pool"])
def test_a_tuple_of_one_number_stands_for_all_axes(name: str, rank: int):
    x = np.abs(np.random.default_rng(0).standard_normal((1, 1, *(7,) * rank)))
    pool = getattr(ops, name)
    one = pool(x, (3,), stride=(2,), padding=(1,), dilation=(2,))
    assert one.tolist() == pool(x, 3, stride=2, padding=1, dilation=2).tolist()


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, dict]:
    """An array, now and then with ties, NaN or -inf, and arguments that all poolings share."""
    rank = draw(st.integers(1, 3))
    each = st.tuples(*(st.integers(1, 4),) * rank)
    size = draw(each)
    space = draw(st.tuples(*(st.integers(1, 7),) * rank))
    padding = tuple(draw(st.integers(0, k // 2)) for k in size)
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    x = rng.integers(0, 3, (2, 2, *space)).astype(float) if draw(st.booleans()) else rng.standard_normal((2, 2, *space))
    return x, {"size": size, "stride": draw(each), "padding": padding, "ceil_mode": draw(st.booleans())}


def against_torch(name: str, reference, x: np.ndarray, arguments: dict) -> None:
    t = torch.tensor(x, requires_grad=True)
    try:
        expected = reference(t, **arguments)
    except RuntimeError:  # PyTorch's 3-d pooling refuses more than its 1-d and 2-d ones
        assume(False)
    try:
        found = getattr(ops, name)(x, **arguments)
    except ShapeError as error:
        assert "leaves window" in str(error)  # holes of a dilated window may all lie beside the input: -inf in PyTorch
        return
    np.testing.assert_allclose(found, expected.detach().numpy(), rtol=1e-10, atol=1e-12)
    grad = np.random.default_rng(0).standard_normal(found.shape)
    expected.backward(torch.tensor(grad))
    assert t.grad is not None
    made = getattr(ops, f"{name}_backward")(grad, x, **arguments)
    np.testing.assert_allclose(made, t.grad.numpy(), rtol=1e-10, atol=1e-12)


@law
@given(cases(), st.integers(1, 3), st.sampled_from([0.0, np.nan, -np.inf]))
def test_max_pool_equals_pytorch(case, dilation, spoilt):
    x, arguments = case
    x[x > 1] = spoilt if spoilt else x[x > 1]
    against_torch("max_pool", pooling.max_pool, x, {**arguments, "dilation": dilation})


@law
@given(cases(), st.booleans())
def test_avg_pool_equals_pytorch(case, count_include_pad):
    x, arguments = case
    against_torch("avg_pool", pooling.avg_pool, x, {**arguments, "count_include_pad": count_include_pad})


@law
@given(cases(), st.sampled_from([1, 2, 2.5, 4]))
def test_lp_pool_equals_pytorch(case, p):
    x, arguments = case
    against_torch("lp_pool", pooling.lp_pool, np.abs(x), {**arguments, "p": p, "padding": 0})


@law
@given(cases())
def test_adaptive_pooling_equals_pytorch(case):
    x, arguments = case
    for entry in adaptive.ENTRIES[:2]:
        against_torch(entry.name, entry.torch, x, {"output_size": arguments["stride"]})
