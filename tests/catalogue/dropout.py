"""Dropout with a given mask in the catalogue."""

from __future__ import annotations

import numpy as np

from catalogue.entry import Entry, Refusal, Sample


def mask(*shape: int):
    return lambda rng: rng.random(shape) < 0.5


ENTRIES = (
    Entry(
        "dropout",
        (
            Sample(((3, 4), mask(3, 4)), {"p": 0.5}),
            Sample(((2, 3, 2, 2), mask(2, 3, 1, 1)), {"p": 0.2}),
            Sample(((2, 5), mask(5)), {"p": 0.0}),
            Sample(((0, 3), mask(0, 3)), {"p": 0.5}),
        ),
        (
            Refusal(
                ((3,), (3,)), {"p": 0.5}, "dropout: mask holds float64; expected bool, True where a number is kept"
            ),
            Refusal(((3,), mask(3)), {"p": 1.0}, "dropout: p must be at least 0 and below 1, found 1.0"),
            Refusal(
                ((2, 3), mask(2)),
                {"p": 0.5},
                "dropout: mask (2,) cannot be repeated to x (2, 3): its sizes must be those of x, or 1",
            ),
        ),
        lambda x, mask, p: x * mask / (1 - p),
        linear=("x",),
        products=lambda x, mask, p: (sum(1 for _ in np.ndindex(x)), 0),
    ),
)
