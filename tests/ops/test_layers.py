"""Linear, embedding, normalisation, dropout, concatenation: special cases and figures worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from convscope import ops
from convscope.errors import ShapeError


def test_a_1x1_convolution_is_a_fully_connected_layer_at_each_pixel():
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((2, 3, 4, 5)), rng.standard_normal((6, 3))
    convolved = ops.correlate(x, weight[:, :, None, None])
    connected = np.moveaxis(ops.linear(np.moveaxis(x, 1, -1), weight), -1, 1)
    np.testing.assert_allclose(convolved, connected, rtol=1e-6)


def test_the_gradients_of_a_repeated_index_add_up():
    made = ops.embedding_backward(np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]]), [2, 0, 2], np.zeros((3, 2)))
    assert made.tolist() == [[2, 20], [0, 0], [5, 50]]


def test_the_moments_of_a_batch_are_what_it_is_normalised_by():
    x = np.random.default_rng(0).standard_normal((4, 3, 5))
    mean, variance, number = ops.moments(x)
    np.testing.assert_allclose(ops.batch_norm(x), ops.batch_norm(x, mean=mean, variance=variance))
    np.testing.assert_allclose(variance * number / (number - 1), x.var(axis=(0, 2), ddof=1))
    assert number == 20


def test_instances_are_groups_of_one_channel():
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 5))
    np.testing.assert_allclose(ops.instance_norm(x), ops.group_norm(x, groups=3))


def test_all_channels_in_one_group_are_a_layer():
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 5))
    np.testing.assert_allclose(ops.group_norm(x, groups=1), ops.layer_norm(x, axes=3))


def test_what_is_normalised_does_not_feel_its_mean_or_scale():
    x = np.random.default_rng(0).standard_normal((4, 3, 5))
    np.testing.assert_allclose(ops.batch_norm(100 + 7 * x, eps=0), ops.batch_norm(x, eps=0), rtol=1e-9)
    flat = ops.batch_norm_backward(x, x, eps=0).x
    np.testing.assert_allclose(flat.sum(axis=(0, 2)), 0, atol=1e-12)


def test_a_single_number_is_its_bias_where_pytorch_allows_it():
    assert ops.layer_norm(np.array([[5.0]]), bias=np.array([2.0])).tolist() == [[2]]


def test_dropped_numbers_pass_no_gradient_and_kept_ones_are_scaled():
    mask = np.array([True, False, True, True])
    assert ops.dropout(np.ones(4, np.float32), mask, p=0.25).tolist() == pytest.approx([4 / 3, 0, 4 / 3, 4 / 3])
    assert ops.dropout_backward(np.ones(4), np.ones(4), mask, p=0.25).tolist() == pytest.approx(
        [4 / 3, 0, 4 / 3, 4 / 3]
    )


def test_any_number_of_arrays_is_concatenated_and_split_again():
    arrays = [np.full((1, n, 2), float(n)) for n in (1, 2, 3)]
    joined = ops.concatenate(*arrays)
    assert joined[0, :, 0].tolist() == [1, 2, 2, 3, 3, 3]
    assert [a.tolist() for a in ops.concatenate_backward(joined, *arrays)] == [a.tolist() for a in arrays]
    primitive = ops.PRIMITIVES["concatenate"]
    assert primitive.names(3) == ("x0", "x1", "x2")
    assert primitive.terms((0, 4, 1), *arrays).source == "x2"


def test_a_sum_traces_back_to_both_branches():
    terms = ops.PRIMITIVES["add"].terms((1, 2), np.ones((2, 3)), np.arange(3.0))
    assert (terms.source, terms.index.tolist(), terms.operand.tolist()) == (("x", "y"), [[1, 2], [0, 2]], [1, 2])


def test_no_arrays_are_refused():
    with pytest.raises(ShapeError, match="concatenate: no arrays were given; give at least one"):
        ops.concatenate()
