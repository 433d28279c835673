"""Places of the largest and of all in their order, in the catalogue."""

from __future__ import annotations

import math

import numpy as np
import torch

from catalogue.entry import Entry, Refusal, Sample


def ties(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 3, (2, 4)).astype(float)


def refusals(name: str) -> tuple[Refusal, ...]:
    return (
        Refusal(((2, 3),), {"axis": 2}, f"{name}: axis 2 is not one of the 2 axes of x (2, 3)"),
        Refusal(
            (lambda rng: np.arange(3),),
            {"axis": 0},
            f"{name}: x holds int64; expected float32 or float64: convert it with x.astype(np.float32)",
        ),
    )


SAMPLES = (
    Sample(((2, 3, 4),), {"axis": 1}),
    Sample(((2, 3),), {"axis": -1}),
    Sample(((4,),), {"axis": 0}),
    Sample(((0, 3),), {"axis": 1}),
    Sample((ties,), {"axis": 1}, smooth=False),
)


def lines(x: tuple[int, ...], axis: int) -> int:
    return math.prod(x) // max(x[axis], 1)


ENTRIES = (
    Entry(
        "argmax",
        SAMPLES,
        (*refusals("argmax"), Refusal(((2, 0),), {"axis": 1}, "argmax: x (2, 0) has no numbers along axis 1")),
        lambda x, axis: x.max(axis, keepdim=True).indices,
        products=lambda x, axis: (0, lines(x, axis) * (x[axis] - 1)),
        decides=np.int64,
    ),
    Entry(
        "argsort",
        (*SAMPLES, *(Sample(one.arrays, {**one.arguments, "descending": True}, one.smooth) for one in SAMPLES)),
        refusals("argsort"),
        lambda x, axis, descending=False: torch.argsort(x, dim=axis, descending=descending, stable=True),
        products=lambda x, axis, descending=False: (0, lines(x, axis) * sum(range(x[axis]))),
        decides=np.int64,
    ),
)
