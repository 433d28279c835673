"""im2col and col2im in the catalogue: PyTorch knows them for two axes; others are read as two with sizes of one."""

from __future__ import annotations

import math
from typing import Any

import torch

from catalogue.correlation import each, pairs
from catalogue.entry import Entry, Refusal, Sample
from catalogue.padding import torch_pad


def windows(x: torch.Tensor, size: Any, stride: Any, dilation: Any) -> torch.Tensor:
    """Return the columns (N, C·K, L) by indexing, of an image that has its padding."""
    rank = x.ndim - 2
    size, stride, dilation = (each(value, rank) for value in (size, stride, dilation))
    for axis in range(rank):
        n, k, s, d = x.shape[2 + axis], size[axis], stride[axis], dilation[axis]
        starts = torch.arange(0, n - d * (k - 1), s)
        index = torch.arange(k)[:, None] * d + starts  # (k, outputs)
        x = x.index_select(2 + axis, index.ravel())
    counts = [(x.shape[2 + axis] // size[axis]) for axis in range(rank)]
    split = x.reshape(*x.shape[:2], *(v for pair in zip(size, counts, strict=True) for v in pair))
    order = (0, 1, *range(2, 2 + 2 * rank, 2), *range(3, 3 + 2 * rank, 2))
    return split.permute(order).reshape(x.shape[0], x.shape[1] * math.prod(size), math.prod(counts))


def im2col(x, size, stride=1, padding=0, dilation=1, padding_mode="zeros") -> torch.Tensor:
    around = pairs(padding, x.shape[2:], each(size, x.ndim - 2), stride, dilation)
    if len(x) == 0:
        return windows(torch.zeros((1, *x.shape[1:]), dtype=x.dtype), size, stride, dilation)[:0] + x.sum()
    return windows(torch_pad(x, around, padding_mode), size, stride, dilation)


def col2im(columns, space, size, **arguments) -> torch.Tensor:
    """The adjoint of im2col, as PyTorch differentiates it."""
    shape = (columns.shape[0], columns.shape[1] // math.prod(each(size, len(space))), *space)
    if len(columns) == 0:
        return columns.new_zeros(shape) + columns.sum()
    with torch.enable_grad():
        x = torch.zeros(shape, dtype=columns.dtype, requires_grad=True)
        made = im2col(x, size, **arguments)
        return torch.autograd.grad(made, x, columns, create_graph=columns.requires_grad)[0]


IM2COL = (
    Sample(((2, 3, 5),), {"size": 3}),
    Sample(((1, 1, 1),), {"size": 1}),
    Sample(((1, 2, 5, 4),), {"size": (2, 3), "stride": 2, "padding": 1}),
    Sample(((1, 1, 6, 7),), {"size": 2, "dilation": (3, 2), "padding": ((0, 1), (2, 0))}),
    Sample(((1, 1, 4, 5),), {"size": 3, "padding": 2, "padding_mode": "circular"}),
    Sample(((1, 1, 4, 5),), {"size": 3, "padding": "same", "stride": 2}),
    Sample(((0, 1, 4, 4),), {"size": 2}),
    Sample(((1, 2, 3, 4, 3),), {"size": 2, "stride": (1, 2, 1)}),
)
COL2IM = (
    Sample(((2, 6, 4),), {"space": (5,), "size": 2}),
    Sample(((1, 1, 1),), {"space": (1,), "size": 1}),
    Sample(((1, 12, 6),), {"space": (5, 4), "size": (2, 3), "stride": 2, "padding": 1}),
    Sample(((1, 4, 12),), {"space": (3, 4), "size": 2, "padding": ((1, 0), (0, 1))}),
    Sample(((0, 4, 9),), {"space": (4, 4), "size": 2}),
    Sample(((1, 8, 4),), {"space": (3, 3, 2), "size": 2}),
)
IM2COL_REFUSALS = (
    Refusal(((1, 1, 4, 4),), {"size": (2, 0)}, "im2col: size must be at least 1, found (2, 0)"),
    Refusal(
        ((1, 1, 2),),
        {"size": 3},
        "im2col: the kernel reaches over 3 positions of spatial axis 0, but with padding only 2 are there (x (1, 1, 2)"
        ", kernel (1, 1, 3), dilation 1, padding 0 + 0); pad more or take a smaller kernel",
    ),
)
COL2IM_REFUSALS = (
    Refusal(((4, 9),), {"space": (4, 4), "size": 2}, "col2im: columns must be (N, C·prod(size), L), found (4, 9)"),
    Refusal(
        ((1, 5, 9),),
        {"space": (4, 4), "size": 2},
        "col2im: columns (1, 5, 9) have 5 rows, no multiple of the 4 numbers of a window (2, 2); give the size they "
        "were made with",
    ),
    Refusal(
        ((1, 4, 8),),
        {"space": (4, 4), "size": 2},
        "col2im: an image of (4, 4) has 9 windows, but columns (1, 4, 8) hold 8; give the space, stride, padding and "
        "dilation they were made with",
    ),
)


def additions(columns, **_) -> tuple[int, int]:
    return 0, sum(1 for _image in range(columns[0]) for _row in range(columns[1]) for _column in range(columns[2]))


ENTRIES = (
    Entry("im2col", IM2COL, IM2COL_REFUSALS, im2col, ("x",), lambda x, **_: (0, 0)),
    Entry("col2im", COL2IM, COL2IM_REFUSALS, col2im, ("columns",), additions, wider=("columns",)),
)
