"""Numbers arranged anew, in the catalogue."""

from __future__ import annotations

import torch

from catalogue.activation import SHAPES, integers
from catalogue.entry import Entry, Refusal, Sample


def sliced(x: torch.Tensor, start: tuple, size: tuple, step: tuple) -> torch.Tensor:
    """Take the positions along one axis after the other."""
    for axis, (first, number, by) in enumerate(zip(start, size, step, strict=True)):
        x = x.index_select(axis, torch.tensor([first + i * by for i in range(number)], dtype=torch.int64))
    return x


ENTRIES = (
    Entry(
        "reshape",
        (
            Sample(((2, 3, 4),), {"shape": (4, 6)}),
            Sample(((2, 3, 2, 2),), {"shape": (2, 12)}),
            Sample(((1, 1),), {"shape": ()}),
            Sample(((),), {"shape": (1, 1)}),
            Sample(((0, 3),), {"shape": (3, 0)}),
        ),
        (Refusal(((2, 3),), {"shape": (4,)}, "reshape: x (2, 3) holds 6 numbers, which do not fill (4,)"),),
        lambda x, shape: x.reshape(shape),
        linear=("x",),
        products=lambda x, shape: (0, 0),
    ),
    Entry(
        "permute",
        (
            Sample(((2, 3, 4),), {"axes": (2, 0, 1)}),
            Sample(((2, 3),), {"axes": (1, 0)}),
            Sample(((2, 1, 3, 2),), {"axes": (0, 2, 3, 1)}),
            Sample(((0, 3),), {"axes": (1, 0)}),
        ),
        (
            Refusal(
                ((2, 3),),
                {"axes": (0, 0)},
                "permute: axes must name each of the 2 axes of x (2, 3) once, found (0, 0)",
            ),
        ),
        lambda x, axes: x.permute(axes),
        linear=("x",),
        products=lambda x, axes: (0, 0),
    ),
    Entry(
        "strided_slice",
        (
            Sample(((2, 5),), {"start": (0, 1), "size": (2, 2), "step": (1, 2)}),
            Sample(((2, 4, 3),), {"start": (1, 3, 0), "size": (1, 4, 2), "step": (1, -1, 1)}),
            Sample(((3,),), {"start": (2,), "size": (0,), "step": (1,)}),
            Sample(((0, 3),), {"start": (0, 2), "size": (0, 2), "step": (1, -2)}),
        ),
        (
            Refusal(
                ((2, 5),),
                {"start": (0, 1), "size": (2, 3), "step": (1, 2)},
                "strided_slice: 3 positions from 1 in steps of 2 do not lie in axis 1 of x (2, 5)",
            ),
            Refusal(
                ((2, 5),),
                {"start": (0,), "size": (2,), "step": (1,)},
                "strided_slice: start, size and step must be one number for each axis of x (2, 5)",
            ),
        ),
        sliced,
        linear=("x",),
        products=lambda x, **_: (0, 0),
    ),
    Entry(
        "expand",
        (
            Sample(((2, 1, 3),), {"shape": (2, 4, 3)}),
            Sample(((3,),), {"shape": (2, 3)}),
            Sample(((),), {"shape": (2,)}),
            Sample(((1, 3),), {"shape": (0, 3)}),
            Sample(((0, 1),), {"shape": (0, 2)}),
        ),
        (
            Refusal(
                ((2, 3),),
                {"shape": (4, 3)},
                "expand: x (2, 3) cannot be repeated to (4, 3): only axes of size 1 are, and new ones in front",
            ),
        ),
        lambda x, shape: x.expand(shape),
        linear=("x",),
        products=lambda x, shape: (0, 0),
    ),
    Entry("detach", SHAPES, (integers("detach"),), torch.detach, products=lambda x: (0, 0), level=True),
)
