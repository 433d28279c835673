"""One ``Im2col`` used step after step, as a network does: its buffers and views must never tell of an earlier step."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from convscope.geometry import Window
from convscope.ops.correlation import direct
from convscope.ops.correlation.im2col import Im2col
from convscope.ops.layout import batch_first


@st.composite
def windows(draw: st.DrawFn) -> Window:
    kernel, stride, dilation = draw(st.integers(1, 5)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    before, after = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    reach = (kernel - 1) * dilation + 1
    return Window(draw(st.integers(max(1, reach - before - after), 9)), kernel, stride, before, after, dilation)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(windows(), min_size=1, max_size=2),
    st.integers(1, 2),
    st.integers(1, 3),
    st.integers(1, 3),
    st.sampled_from([1, 2, 8, 40]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([2**8, 2**12, 2**25]),
    st.integers(0, 2**16),
)
def test_the_same_arrays_with_other_numbers_give_other_results(
    axes: list[Window],
    groups: int,
    inputs: int,
    outputs: int,
    batch: int,
    innermost: bool,
    kernel_last: bool,
    tile: int,
    seed: int,
):
    found, rng = tuple(axes), np.random.default_rng(seed)
    layer = Im2col(found, groups, tile=tile)

    def array(channels: int, space: tuple[int, ...]) -> np.ndarray:
        return batch_first(np.empty((channels, *space, batch))) if innermost else np.empty((batch, channels, *space))

    x = array(inputs * groups, tuple(window.size for window in found))
    grad = array(outputs * groups, tuple(window.outputs for window in found))
    kernel = np.empty((outputs * groups, inputs, *(window.kernel for window in found)))
    if kernel_last:  # in memory (*k, C, O), as a network holds it
        kernel = np.moveaxis(np.empty((*kernel.shape[2:], inputs, outputs * groups)), (-1, -2), (0, 1))
    for _ in range(3):  # the same three arrays, written anew
        for written in (x, grad, kernel):
            written[...] = rng.standard_normal(written.shape)
        x_grad, kernel_grad = direct.backward(grad, x, kernel, windows=found, groups=groups)
        y = direct.forward(x, kernel, None, windows=found, groups=groups)
        np.testing.assert_allclose(layer.forward(x, kernel), y, atol=1e-9)
        np.testing.assert_allclose(layer.backward_kernel(grad, x), kernel_grad, atol=1e-9)
        np.testing.assert_allclose(layer.backward_input(grad, kernel, innermost=innermost), x_grad, atol=1e-9)
