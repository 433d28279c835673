"""Correlation, convolution and the transposed correlation in the catalogue."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from catalogue.entry import Entry, Refusal, Sample
from catalogue.padding import torch_pad
from convscope.geometry import same_padding

CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


def each(value: Any, rank: int) -> tuple[int, ...]:
    return (value,) * rank if isinstance(value, int) else tuple(value)


def pairs(padding: Any, space: Any, kernel: Any, stride: Any, dilation: Any) -> list[tuple[int, int]]:
    if padding == "valid":
        return [(0, 0)] * len(space)
    if isinstance(padding, str):
        sizes = zip(space, kernel, each(stride, len(space)), each(dilation, len(space)), strict=True)
        return [same_padding(*size, extra_after=padding == "same") for size in sizes]
    given = (padding,) * len(space) if isinstance(padding, int) else padding
    return [(p, p) if isinstance(p, int) else p for p in given]


def correlate(
    x, kernel, bias=None, stride=1, padding=0, dilation=1, groups=1, padding_mode="zeros", algorithm="auto"
) -> torch.Tensor:
    around = pairs(padding, x.shape[2:], kernel.shape[2:], stride, dilation)
    x = torch_pad(x, around, padding_mode) if len(x) else x.new_zeros(padded_shape(x.shape, around)) + x.sum()
    return CONV[x.ndim - 2](x, kernel, bias, stride, 0, dilation, groups)


def padded_shape(shape: Any, around: Any) -> tuple[int, ...]:
    return (*shape[:2], *(n + before + after for n, (before, after) in zip(shape[2:], around, strict=True)))


def convolve(x, kernel, bias=None, **arguments) -> torch.Tensor:
    return correlate(x, kernel.flip(tuple(range(2, kernel.ndim))), bias, **arguments)


def transpose(x, kernel, bias=None, stride=1, padding=0, output_padding=0, dilation=1, groups=1) -> torch.Tensor:
    y = TRANSPOSED[x.ndim - 2](x, kernel, None, stride, 0, 0, groups, dilation)
    around = pairs(padding, x.shape[2:], kernel.shape[2:], stride, dilation)
    extra = each(output_padding, x.ndim - 2)
    cut = [(-before, more - after) for (before, after), more in zip(around, extra, strict=True)]
    y = F.pad(y, [p for pair in reversed(cut) for p in pair])
    return y if bias is None else y + bias.reshape(-1, *(1,) * (x.ndim - 2))


def products(x, kernel, bias=None, stride=1, padding=0, dilation=1, **_) -> tuple[int, int]:
    """Count in a loop over every output number, and every kernel number in it."""
    around = pairs(padding, x[2:], kernel[2:], stride, dilation)
    outputs = []
    for n, k, s, d, (before, after) in zip(
        x[2:], kernel[2:], each(stride, len(x) - 2), each(dilation, len(x) - 2), around, strict=True
    ):
        outputs.append(len(range(-before, n + after - d * (k - 1), s)))
    multiplications = additions = 0
    for _output in np.ndindex(x[0], kernel[0], *outputs):
        terms = 0
        for _weight in np.ndindex(*kernel[1:]):
            multiplications += 1
            terms += 1
        additions += terms - 1 + (bias is not None)
    return multiplications, additions


def transposed_products(x, kernel, bias=None, groups=1, **arguments) -> tuple[int, int]:
    """Count in a loop over every input number, and every weight it meets: each product is added to an output."""
    multiplications = 0
    for _input, _weight in itertools.product(np.ndindex(*x), np.ndindex(*kernel[1:])):
        multiplications += 1
    given = (torch.zeros(shape) for shape in (x, kernel))
    outputs = transpose(*given, groups=groups, **arguments).numel() if bias is not None else 0
    return multiplications, multiplications + outputs


SAMPLES = (
    Sample(((2, 3, 7), (4, 3, 3), (4,))),
    Sample(((1, 2, 8), (2, 2, 1), None)),
    Sample(((1, 1, 1), (1, 1, 1), (1,))),
    Sample(((1, 2, 5, 4), (2, 2, 3, 2), (2,)), {"padding": 1}),
    Sample(((2, 2, 7, 6), (3, 2, 3, 3), (3,)), {"stride": 2, "padding": (1, 2)}),
    Sample(((1, 1, 6, 7), (2, 1, 2, 4), None), {"stride": (1, 2), "padding": "same"}),
    Sample(((1, 1, 6, 7), (1, 1, 2, 4), None), {"stride": (2, 1), "padding": "same_lower", "algorithm": "direct"}),
    Sample(((1, 1, 6, 6), (1, 1, 2, 3), (1,)), {"padding": ((0, 1), (2, 0)), "algorithm": "im2col"}),
    Sample(((2, 4, 5), (2, 2, 3), (2,)), {"groups": 2, "dilation": 2, "algorithm": "toeplitz"}),
    Sample(((1, 4, 5, 5), (6, 2, 2, 2), (6,)), {"groups": 2, "dilation": 2, "padding": "valid"}),
    Sample(((2, 3, 5, 5), (3, 1, 3, 3), None), {"groups": 3, "stride": 3, "padding": 2}),
    Sample(((1, 2, 9), (2, 2, 3), (2,)), {"dilation": 3, "stride": 2, "padding": 3}),
    Sample(((1, 1, 5), (1, 1, 2), None), {"stride": 4}),
    Sample(((1, 1, 1, 1), (1, 1, 3, 3), (1,)), {"padding": 3}),
    Sample(((1, 1, 5, 4), (1, 1, 3, 3), (1,)), {"padding": (3, 2), "padding_mode": "reflect"}),
    Sample(((1, 2, 4), (1, 2, 3), None), {"padding": ((2, 1),), "padding_mode": "replicate", "stride": 2}),
    Sample(((1, 1, 4, 4), (1, 1, 3, 3), (1,)), {"padding": 2, "padding_mode": "circular"}),
    Sample(((0, 2, 5, 5), (3, 2, 3, 3), (3,)), {"padding": 1}),
    Sample(((1, 2, 3, 4, 3), (2, 2, 2, 3, 2), (2,)), {"stride": (1, 2, 1), "padding": 1}),
)
TRANSPOSED_SAMPLES = (
    Sample(((2, 3, 4), (3, 2, 3), (2,))),
    Sample(((1, 1, 1), (1, 1, 1), None)),
    Sample(((1, 2, 3, 4), (2, 2, 3, 2), (2,)), {"stride": 2, "padding": 1, "output_padding": 1}),
    Sample(((1, 1, 3, 3), (1, 2, 2, 3), None), {"stride": (3, 1), "dilation": (1, 2), "output_padding": (2, 1)}),
    Sample(((2, 4, 3, 3), (4, 1, 3, 3), (2,)), {"groups": 2, "stride": 2}),
    Sample(((1, 1, 4, 3), (1, 1, 3, 3), (1,)), {"padding": ((0, 2), (1, 0)), "stride": 2}),
    Sample(((1, 1, 3), (1, 1, 2), (1,)), {"padding": ((-1, -2),), "stride": 3}),
    Sample(((0, 2, 3, 3), (2, 3, 2, 2), (3,)), {"stride": 2}),
    Sample(((1, 2, 2, 3, 2), (2, 1, 2, 2, 3), (1,)), {"stride": (1, 2, 1), "padding": 1}),
)


def refusals(name: str) -> tuple[Refusal, ...]:
    return (
        Refusal(
            ((4, 4), (1, 1, 3, 3), None),
            {},
            f"{name}: x must be (N, C, *space) with 1 to 3 spatial axes, found 2 axes: (4, 4); add a batch or channel "
            "axis with [None]",
        ),
        Refusal(
            ((1, 1, 4, 4), (3, 3), None),
            {},
            f"{name}: kernel must have 4 axes, as x has, found 2: (3, 3); add axes with [None, None]",
        ),
        Refusal(((1, 1, 4), (1, 1, 0), None), {}, f"{name}: kernel (1, 1, 0) is empty; every axis needs at least 1"),
        Refusal(((1, 4, 5), (3, 2, 3), None), {"groups": 2}, f"{name}: groups must divide the 3 kernels, found 2"),
        Refusal(
            ((1, 4, 5), (3, 4, 3), None), {"groups": 0}, f"{name}: groups must be a whole number of at least 1, found 0"
        ),
        Refusal(
            ((1, 4, 5), (3, 3, 3), None),
            {},
            f"{name}: x (1, 4, 5) has 4 channels, but kernel (3, 3, 3) expects 3; a kernel is (O, C/groups, *k)",
        ),
        Refusal(
            ((1, 4, 5), (2, 4, 3), None),
            {"groups": 2},
            f"{name}: x (1, 4, 5) has 4 channels, but kernel (2, 4, 3) expects 8 (2 groups of 4); a kernel is "
            "(O, C/groups, *k)",
        ),
        Refusal(
            ((1, 1, 5), (2, 1, 3), (3,)),
            {},
            f"{name}: bias must be (2,), one number for each output channel, found (3,)",
        ),
        Refusal(((1, 1, 5), (1, 1, 3), None), {"stride": 0}, f"{name}: stride must be at least 1, found 0"),
        Refusal(((1, 1, 5), (1, 1, 3), None), {"dilation": -1}, f"{name}: dilation must be at least 1, found -1"),
        Refusal(
            ((1, 1, 5), (1, 1, 3), None),
            {"padding": -1},
            f"{name}: padding must not be negative, found -1; crop the input by slicing it",
        ),
        Refusal(
            ((1, 1, 5, 3), (1, 1, 3, 3), None),
            {"dilation": 2, "padding": (0, 0)},
            f"{name}: the kernel reaches over 5 positions of spatial axis 1, but with padding only 3 are there (x "
            "(1, 1, 5, 3), kernel (1, 1, 3, 3), dilation 2, padding 0 + 0); pad more or take a smaller kernel",
        ),
        Refusal(
            ((1, 1, 3), (1, 1, 3), None),
            {"padding": 3, "padding_mode": "reflect"},
            f"{name}: reflect padding may be at most 2 along an axis of 3, found (3, 3); pad less, or with zeros",
        ),
        Refusal(
            ((1, 1, 3), (1, 1, 3), None),
            {"padding_mode": "mirror"},
            f"{name}: padding_mode must be one of zeros, reflect, replicate, circular; found 'mirror'",
        ),
        Refusal(
            (lambda rng: np.zeros((1, 1, 3), complex), (1, 1, 3), None),
            {},
            f"{name}: x holds complex128; expected float32 or float64: convert it with x.astype(np.float32)",
        ),
        Refusal(
            ((1, 1, 3), lambda rng: np.zeros((1, 1, 3), np.float32), None),
            {},
            f"{name}: all arrays must be of one type, found x float64, kernel float32; convert them to one",
        ),
    )


TRANSPOSED_REFUSALS = (
    Refusal(
        ((1, 3, 5), (2, 3, 3), None),
        {},
        "correlate_transpose: x (1, 3, 5) has 3 channels, but kernel (2, 3, 3) expects 2; a kernel is (C, "
        "O/groups, *k)",
    ),
    Refusal(
        ((1, 3, 5), (3, 1, 3), None),
        {"groups": 2},
        "correlate_transpose: groups must divide the 3 channels of x, found 2",
    ),
    Refusal(
        ((1, 1, 5), (1, 2, 3), (1,)),
        {},
        "correlate_transpose: bias must be (2,), one number for each output channel, found (1,)",
    ),
    Refusal(
        ((1, 1, 5), (1, 1, 3), None),
        {"stride": 2, "output_padding": 2},
        "correlate_transpose: output_padding must be less than stride or dilation, found 2 with stride 2 and dilation "
        "1; add more by a negative padding",
    ),
    Refusal(
        ((1, 1, 1), (1, 1, 3), None),
        {"padding": 2},
        "correlate_transpose: padding 2 + 2 leaves nothing of spatial axis 0: x (1, 1, 1) and kernel (1, 1, 3) make 3 "
        "outputs; cut off less",
    ),
    Refusal(
        ((1, 1, 3), (1, 1, 3), None),
        {"padding": "same"},
        "correlate_transpose: padding must be whole numbers, found 'same': give what is to be cut off",
    ),
)
LINEAR = ("x", "kernel")
ENTRIES = (
    Entry("correlate", SAMPLES, refusals("correlate"), correlate, LINEAR, products),
    Entry("convolve", SAMPLES, refusals("convolve"), convolve, LINEAR, products),
    Entry("correlate_transpose", TRANSPOSED_SAMPLES, TRANSPOSED_REFUSALS, transpose, LINEAR, transposed_products),
)
