"""Sums, differences, products, quotients and concatenation in the catalogue."""

from __future__ import annotations

import numpy as np
import torch

from catalogue.entry import Entry, Refusal, Sample

PAIRS = (
    Sample(((2, 3, 4), (2, 3, 4))),
    Sample(((2, 3, 4), (4,))),
    Sample(((2, 3, 2, 2), (2, 3, 1, 1))),
    Sample(((3, 1), (2, 1, 4))),
    Sample(((1,), (1,))),
    Sample(((0, 3), (3,))),
)


def refusals(name: str) -> tuple[Refusal, ...]:
    return (
        Refusal(
            ((2, 3), (2,)),
            {},
            f"{name}: x (2, 3) and y (2,) do not go together: from the last axis on, sizes must be equal or 1",
        ),
    )


def numbers(x: tuple[int, ...], y: tuple[int, ...]) -> int:
    """Return how many numbers x and y make together."""
    return sum(1 for _ in np.broadcast(np.empty(x), np.empty(y)))


ENTRIES = (
    Entry("add", PAIRS, refusals("add"), torch.add, ("x", "y"), lambda x, y: (0, numbers(x, y))),
    Entry(
        "subtract", PAIRS, refusals("subtract"), torch.sub, linear=("x", "y"), products=lambda x, y: (0, numbers(x, y))
    ),
    Entry("divide", PAIRS, refusals("divide"), torch.div, linear=("x",), products=lambda x, y: (numbers(x, y), 0)),
    Entry(
        "multiply", PAIRS, refusals("multiply"), torch.mul, linear=("x", "y"), products=lambda x, y: (numbers(x, y), 0)
    ),
    Entry(
        "concatenate",
        (
            Sample(((2, 3, 2), (2, 1, 2))),
            Sample(((2, 3), (2, 3)), {"axis": 0}),
            Sample(((2, 1, 2, 3), (2, 1, 2, 1)), {"axis": -1}),
            Sample(((0, 3), (0, 2))),
        ),
        (
            Refusal(
                ((2, 3, 4), (2, 3, 5)),
                {},
                "concatenate: x1 (2, 3, 5) and x0 (2, 3, 4) may differ in axis 1 only",
            ),
            Refusal(((2, 3), (2, 3)), {"axis": 2}, "concatenate: axis 2 is not one of the 2 axes of x0 (2, 3)"),
        ),
        lambda *arrays, axis=1: torch.cat(arrays, axis),
        linear=("x",),
        products=lambda *shapes, axis=1: (0, 0),
    ),
)
