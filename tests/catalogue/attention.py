"""Attention in the catalogue."""

from __future__ import annotations

import numpy as np
from torch.nn import functional as F

from catalogue.entry import Entry, Refusal, Sample


def allowed(*shape: int):
    return lambda rng: rng.random(shape) < 0.6


def hiding(rng: np.random.Generator) -> np.ndarray:
    """Return a mask of numbers: a bias, some key hidden from all, and some query from which all are hidden."""
    mask = rng.standard_normal((2, 3))
    mask[:, rng.integers(3)] = mask[rng.integers(2)] = -np.inf
    return mask


def attention(q, k, v, mask, scale=None):
    return F.scaled_dot_product_attention(q, k, v, mask, scale=scale)


def products(q, k, v, mask, scale=None) -> tuple[int, int]:
    multiplications = additions = 0
    for _ in np.ndindex(*q[:-1]):
        for key in range(k[-2]):
            multiplications += q[-1] + 1  # the scaled score
            additions += q[-1] - 1
            additions += mask is not None
            multiplications += 2  # exp, division
            additions += key > 0  # their sum
        for _ in range(v[-1]):
            multiplications += k[-2]
            additions += k[-2] - 1
    return multiplications, additions


ENTRIES = (
    Entry(
        "attention",
        (
            Sample(((2, 3), (4, 3), (4, 2), None)),
            Sample(((2, 2, 3), (2, 4, 3), (2, 4, 3), None), {"scale": 0.7}),
            Sample(((1, 2, 2, 3), (1, 2, 3, 3), (1, 2, 3, 2), (2, 3))),
            Sample(((2, 2, 3), (2, 3, 3), (2, 3, 2), allowed(2, 1, 3))),
            Sample(((2, 2, 3), (2, 3, 3), (2, 3, 2), hiding), smooth=False),
            Sample(((0, 2, 3), (0, 4, 3), (0, 4, 2), None)),
        ),
        (
            Refusal(
                ((2, 3), (4, 2), (4, 2), None),
                {},
                "attention: q (..., L, D), k (..., S, D) and v (..., S, V) do not fit: found (2, 3), (4, 2) and (4, 2)",
            ),
            Refusal(
                ((2, 3), (4, 3), (4, 2), (3, 4)),
                {},
                "attention: mask (3, 4) cannot be repeated to (..., L, S) = (2, 4)",
            ),
        ),
        attention,
        linear=("v",),
        products=products,
    ),
)
