"""The larger, the smaller, the power and the remainder of two arrays, in the catalogue."""

from __future__ import annotations

import numpy as np
import torch

from catalogue.combination import PAIRS, numbers, refusals
from catalogue.entry import Entry, Sample


def equals(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 2, (2, 3)).astype(float)


def positive(*shape: int):
    return lambda rng: rng.uniform(0.5, 1.5, shape)


def compared(x: tuple[int, ...], y: tuple[int, ...]) -> tuple[int, int]:
    return 0, numbers(x, y)


TIES = (*PAIRS, Sample((equals, equals), smooth=False))

ENTRIES = (
    Entry("maximum", TIES, refusals("maximum"), torch.maximum, products=compared),
    Entry("minimum", TIES, refusals("minimum"), torch.minimum, products=compared),
    Entry(
        "elementwise_power",
        (
            Sample((positive(2, 3, 4), (2, 3, 4))),
            Sample((positive(2, 3, 4), (4,))),
            Sample((positive(), (2, 3))),
            Sample((positive(0, 3), (3,))),
        ),
        refusals("elementwise_power"),
        torch.pow,
        products=lambda x, y: (numbers(x, y), 0),
    ),
    Entry(
        "remainder",
        (
            Sample((positive(2, 3, 4), lambda rng: np.full((4,), -0.4))),
            Sample((positive(), lambda rng: np.full((2, 3), 0.4))),
            Sample((positive(0, 3), positive(3))),
        ),
        refusals("remainder"),
        torch.remainder,
        products=lambda x, y: (2 * numbers(x, y), numbers(x, y)),
    ),
)
