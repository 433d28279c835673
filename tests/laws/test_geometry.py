"""Laws of windows: which input feeds which output is told the same way from both ends, and as PyTorch has it."""

from __future__ import annotations

import pytest
import torch
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from convscope.errors import ShapeError
from convscope.geometry import Spread, Window, output_size, same_padding

law = settings(deadline=None, derandomize=True, max_examples=150)
sizes, kernels, strides, dilations = st.integers(1, 10), st.integers(1, 5), st.integers(1, 4), st.integers(1, 3)
pads, crops = st.integers(0, 4), st.integers(-2, 3)
windows = st.builds(Window, sizes, kernels, strides, pads, pads, dilations, st.booleans())
spreads = st.builds(Spread, sizes, kernels, strides, crops, crops, dilations, extra=pads)


@law
@given(windows)
def test_inputs_and_outputs_of_are_one_relation(window):
    forwards = {(i, o) for o in range(window.outputs) for i in window.inputs(o)}
    backwards = {(i, o) for i in range(window.size) for o in window.outputs_of(i)}
    assert forwards == backwards


@law
@given(windows)
def test_a_window_sees_its_positions_that_are_no_padding(window):
    for o in range(window.outputs):
        seen = [o * window.stride - window.before + k * window.dilation for k in range(window.kernel)]
        assert window.positions(o) == seen
        assert window.inputs(o) == [i for i in seen if i in range(window.size)]


@law
@given(windows)
def test_outputs_are_the_windows_that_fit(window):
    assume(not window.ceil)
    end = window.size + window.after
    starts = range(-window.before, end, window.stride)
    assert window.outputs == sum(start + window.reach <= end for start in starts)


@law
@given(sizes, kernels, strides, pads, dilations)
@example(1, 2, 2, 0, 1)  # no whole window fits: PyTorch lets the first one hang over too
def test_the_ceil_rule_is_that_of_pytorch(size, kernel, stride, padding, dilation):
    padding = min(padding, kernel // 2)  # PyTorch allows no more
    window = Window(size, kernel, stride, padding, padding, dilation, ceil=True)
    if window.outputs:
        made = F.max_pool1d(torch.zeros(1, 1, size), kernel, stride, padding, dilation, True)
        assert made.shape[-1] == window.outputs
    else:
        with pytest.raises(RuntimeError, match="output size"):
            F.max_pool1d(torch.zeros(1, 1, size), kernel, stride, padding, dilation, True)


@law
@given(sizes, kernels, strides, dilations, st.booleans())
def test_same_padding_leaves_one_output_a_stride(size, kernel, stride, dilation, extra_after):
    before, after = same_padding(size, kernel, stride, dilation, extra_after=extra_after)
    window = Window(size, kernel, stride, before, after, dilation)
    assert window.outputs == -(-size // stride)
    assert (after if extra_after else before) - min(before, after) in (0, 1)
    if before + after:  # and no more padding than needed
        assert Window(size, kernel, stride, before, after - 1, dilation).outputs < window.outputs


def written(spread: Spread, index: int) -> list[int]:
    """Return the outputs that one input is written to, by the definition."""
    places = (index * spread.stride - spread.before + k * spread.dilation for k in range(spread.kernel))
    return [o for o in places if 0 <= o < spread.outputs]


@law
@given(spreads)
def test_a_spread_is_one_relation_too(spread):
    forwards = {(i, o) for o in range(spread.outputs) for i in spread.inputs(o)}
    assert forwards == {(i, o) for i in range(spread.size) for o in written(spread, i)}


@law
@given(windows)
def test_a_spread_turns_a_window_round(window):
    assume(not window.ceil and window.outputs)
    w = window
    rest = (w.size + w.before + w.after - w.reach) % w.stride
    spread = Spread(w.outputs, w.kernel, w.stride, w.before, w.after, w.dilation, extra=rest)
    assert spread.outputs == w.size
    assert [written(spread, o) for o in range(w.outputs)] == [w.inputs(o) for o in range(w.outputs)]
    assert [spread.inputs(i) for i in range(w.size)] == [w.outputs_of(i) for i in range(w.size)]


@law
@given(sizes, kernels, strides, pads, dilations, pads)
def test_a_spread_has_as_many_outputs_as_pytorch(size, kernel, stride, padding, dilation, extra):
    extra = min(extra, max(stride, dilation) - 1)  # PyTorch allows no more
    spread = Spread(size, kernel, stride, padding, padding, dilation, extra)
    assume(spread.outputs > 0)
    x, weight = torch.zeros(1, 1, size), torch.zeros(1, 1, kernel)
    made = F.conv_transpose1d(x, weight, None, stride, padding, extra, dilation=dilation)
    assert made.shape[-1] == spread.outputs


@law
@given(sizes, kernels, strides, pads, dilations)
def test_output_size_is_the_number_of_windows_or_refuses(size, kernel, stride, padding, dilation):
    window = Window(size, kernel, stride, padding, padding, dilation)
    if window.outputs:
        assert output_size(size, kernel, stride=stride, padding=padding, dilation=dilation) == window.outputs
    else:
        with pytest.raises(
            ShapeError, match=f"window reaches over {window.reach} pixels, but only {size + 2 * padding}"
        ):
            output_size(size, kernel, stride=stride, padding=padding, dilation=dilation)
