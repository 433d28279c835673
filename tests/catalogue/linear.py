"""The fully connected layer in the catalogue."""

from __future__ import annotations

import numpy as np
from torch.nn import functional as F

from catalogue.entry import Entry, Refusal, Sample


def products(x, weight, bias=None) -> tuple[int, int]:
    multiplications = additions = 0
    for _ in np.ndindex(*x[:-1], weight[0]):
        for i in range(weight[1]):
            multiplications += 1
            additions += i > 0
        additions += bias is not None
    return multiplications, additions


ENTRIES = (
    Entry(
        "linear",
        (
            Sample(((2, 3), (4, 3), (4,))),
            Sample(((2, 3), (4, 3), None)),
            Sample(((3,), (2, 3), (2,))),
            Sample(((1, 1), (1, 1), (1,))),
            Sample(((0, 3), (4, 3), (4,))),
            Sample(((2, 5, 3), (4, 3), (4,))),
            Sample(((3, 17), (9, 17), (9,))),
        ),
        (
            Refusal(((2, 3), (4, 5), None), {}, "linear: weight must be (O, 3) for x (2, 3), found (4, 5)"),
            Refusal(((), (4, 5), None), {}, "linear: weight must be (O, I) and x (..., I) for x (), found (4, 5)"),
            Refusal(((2, 3), (4, 3), (3,)), {}, "linear: bias must be (O,) = (4,), found (3,)"),
        ),
        F.linear,
        linear=("x", "weight", "bias"),
        products=products,
    ),
)
