"""The product of matrices in the catalogue."""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch

from catalogue.entry import Entry, Refusal, Sample


def products(x: tuple[int, ...], y: tuple[int, ...]) -> tuple[int, int]:
    """Count in a loop over the rows of x and the columns of y."""
    pairs = math.prod(np.broadcast_shapes(x[:-2], y[:-2]))
    multiplications = additions = 0
    for _ in itertools.product(range(pairs), range(x[-2]), range(y[-1])):
        multiplications += x[-1]
        additions += x[-1] - 1 if x[-1] else 0
    return multiplications, additions


ENTRIES = (
    Entry(
        "matmul",
        (
            Sample(((2, 3), (3, 4))),
            Sample(((2, 2, 3), (2, 3, 2))),
            Sample(((2, 1, 2, 3), (3, 3, 2))),
            Sample(((3, 2, 3), (3, 1))),
            Sample(((0, 3), (3, 2))),
        ),
        (
            Refusal(
                ((2, 3), (2, 3)),
                {},
                "matmul: x (2, 3) and y (2, 3) do not go together: (..., L, D) and (..., D, M)",
            ),
        ),
        torch.matmul,
        linear=("x", "y"),
        products=products,
    ),
)
