"""Laws of the backward: what autograd finds, what differences say, and the adjoint where the operation is linear."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.errors import ShapeError
from laws.case import (
    EXACT,
    SINGLE,
    Case,
    assert_close,
    assert_nan_alike,
    field_table,
    is_small,
    over,
    widened,
    with_nan,
)


@over()
def test_backward_equals_autograd(case: Case):
    arrays = case.draw()
    grad = case.upstream(arrays)
    found, expected = case.gradients(grad, arrays), case.torch_gradients(grad, arrays)
    for name in expected:
        assert_close(found[name], expected[name], EXACT)


@over()
def test_backward_equals_autograd_in_float32(case: Case):
    arrays = case.draw(np.float32)
    grad = case.upstream(arrays)
    found = case.gradients(grad, arrays)
    expected = case.torch_gradients(grad.astype(np.float64), widened(arrays))
    for name in expected:
        assert_close(found[name], expected[name], SINGLE)


@over(lambda case: case.sample.smooth)
def test_backward_equals_central_differences(case: Case):
    arrays, rng, h = case.draw(), np.random.default_rng(2), 1e-6
    grad = case.upstream(arrays)
    for name, gradient in case.gradients(grad, arrays).items():
        x = dict(case.named(arrays))[name]
        for _ in range(3):
            v = rng.standard_normal(x.shape)
            ahead, behind = (case.output(case.replaced(arrays, name, x + s * h * v)) for s in (1, -1))
            slope = np.vdot(grad, (ahead - behind) / (2 * h))
            size = np.abs(gradient * v).sum() + np.abs(grad * ahead).sum()
            assert abs(np.vdot(gradient, v) - slope) <= 1e-7 * size, name


@over(lambda case: bool(case.entry.linear))
def test_the_output_is_linear(case: Case):
    arrays, others = case.draw(), case.draw(seed=1)
    for name in case.linear(arrays):
        x, y = dict(case.named(arrays))[name], dict(case.named(others))[name]
        given = (np.zeros_like(x), x, y, 2 * x - 3 * y)
        rest, at_x, at_y, at_both = (case.output(case.replaced(arrays, name, array)) for array in given)
        assert_close(at_both - rest, 2 * (at_x - rest) - 3 * (at_y - rest), 1e-12)


@over(lambda case: bool(case.entry.linear))
def test_backward_is_the_adjoint(case: Case):
    arrays = case.draw()
    grad = case.upstream(arrays)
    gradients = case.gradients(grad, arrays)
    for name in case.linear(arrays):
        x = dict(case.named(arrays))[name]
        rest = case.output(case.replaced(arrays, name, np.zeros_like(x)))
        forwards = grad * (case.output(arrays) - rest)
        assert abs(forwards.sum() - np.vdot(gradients[name], x)) <= 1e-12 * np.abs(forwards).sum(), name


@over(is_small)
def test_backward_refuses_a_gradient_that_is_not_shaped_as_the_output(case: Case):
    arrays = case.draw()
    grad = np.ones((2, *case.output(arrays).shape))
    with pytest.raises(ShapeError, match="_backward: grad must be shaped as the output, "):
        case.gradients(grad, arrays)


@over(is_small)
def test_nan_reaches_the_gradients_that_it_reaches_in_pytorch(case: Case):
    arrays, told = case.draw(), field_table(case)
    grad = case.upstream(arrays)
    for at in np.ndindex(grad.shape):
        spoilt = with_nan(grad, at)
        found, expected = case.gradients(spoilt, arrays), case.torch_gradients(spoilt, arrays)
        for name in expected:
            assert_nan_alike(
                found[name], expected[name], told[name][(..., *at)], f"NaN at grad{at}, gradient of {name}"
            )
    for name, array in case.named(arrays):
        for at in np.ndindex(array.shape) if array.dtype.kind == "f" else ():
            changed = case.replaced(arrays, name, with_nan(array, at))
            found, expected = case.gradients(grad, changed), case.torch_gradients(grad, changed)
            for of in expected:
                if of == name:  # there PyTorch's answer depends on which of its loops ran (SELU)
                    expected[of][at] = found[of][at]
                assert_nan_alike(found[of], expected[of], np.array(True), f"NaN at {name}{at}, gradient of {of}")
