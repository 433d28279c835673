"""Laws of the output: what PyTorch computes, whatever the type, the memory layout and the numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from laws.case import (
    EXACT,
    SINGLE,
    Case,
    assert_close,
    assert_nan_alike,
    field_table,
    is_small,
    over,
    shapes,
    widened,
    with_nan,
)

LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "reversed": lambda a: np.flip(np.flip(a).copy()),
    "every second": lambda a: np.repeat(a, 2, axis=-1)[..., ::2] if a.ndim else a,
    "transposed": lambda a: a.T.copy().T,
    "batch innermost": lambda a: np.moveaxis(np.moveaxis(a, 0, -1).copy(), -1, 0) if a.ndim else a,
}


@over()
def test_forward_equals_pytorch(case: Case):
    arrays = case.draw()
    assert_close(case.output(arrays), case.torch(arrays), EXACT)


@over()
def test_forward_equals_pytorch_in_float32(case: Case):
    arrays = case.draw(np.float32)
    assert_close(case.output(arrays), case.torch(widened(arrays)), SINGLE)


@over()
def test_shape_rule_is_the_output_shape(case: Case):
    arrays = case.draw()
    assert case.primitive.shape(*shapes(arrays), **case.arguments) == case.output(arrays).shape


@over()
def test_the_type_is_kept(case: Case):
    for dtype in (np.float32, np.float64):
        arrays = case.draw(dtype)
        assert case.output(arrays).dtype == (case.entry.decides or dtype)
        for name, gradient in case.gradients(case.upstream(arrays), arrays).items():
            assert gradient.dtype == dtype, name


@over()
def test_inputs_are_never_written_to(case: Case):
    arrays = case.draw()
    grad = case.upstream(arrays)
    given = [array for array in (grad, *arrays) if array is not None]
    before = [array.tobytes() for array in given]
    for array in given:
        array.flags.writeable = False
    case.output(arrays)
    case.gradients(grad, arrays)
    assert [array.tobytes() for array in given] == before


@over()
def test_results_share_no_memory_with_the_inputs(case: Case):
    arrays = case.draw()
    grad = case.upstream(arrays)
    for result in (case.output(arrays), *case.gradients(grad, arrays).values()):
        assert not any(np.shares_memory(result, array) for _, array in case.named(arrays))


@over()
def test_any_memory_layout_gives_the_same(case: Case):
    arrays = case.draw()
    grad = case.upstream(arrays)
    output, gradients = case.output(arrays), case.gradients(grad, arrays)
    for layout in LAYOUTS.values():
        laid = [None if array is None else layout(array) for array in arrays]
        assert_close(case.output(laid), output, 1e-12)
        for name, gradient in case.gradients(layout(grad), laid).items():
            assert_close(gradient, gradients[name], 1e-12)


@over(is_small)
def test_nan_reaches_what_it_reaches_in_pytorch(case: Case):
    arrays, told = case.draw(), field_table(case)
    for name, array in case.named(arrays):
        for at in np.ndindex(array.shape) if array.dtype.kind == "f" else ():
            changed = case.replaced(arrays, name, with_nan(array, at))
            assert_nan_alike(case.output(changed), case.torch(changed), told[name][at], f"NaN at {name}{at}")
