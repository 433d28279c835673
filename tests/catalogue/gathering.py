"""Numbers from places and to places, in the catalogue."""

from __future__ import annotations

import math

import numpy as np
import torch

from catalogue.entry import Entry, Refusal, Sample


def places(below: int, *shape: int):
    return lambda rng: rng.integers(0, below, shape)


def apart(rng: np.random.Generator) -> np.ndarray:
    """Return places of which no two are the same along the last axis: PyTorch says nothing of which one stays."""
    return np.stack([rng.permutation(4)[:3] for _ in range(2)])


def refusals(name: str, *source: tuple[int, ...]) -> tuple[Refusal, ...]:
    return (
        Refusal(
            ((2, 3), places(3, 2, 2), *source),
            {"axis": 2},
            f"{name}: axis 2 is not one of the 2 axes of x (2, 3)",
        ),
        Refusal(
            ((2, 3), places(3, 3, 2), *source),
            {"axis": 1},
            f"{name}: indices (3, 2) must have as many axes as x (2, 3), and be no longer but along axis 1",
        ),
        Refusal(
            ((2, 3), lambda rng: np.array([[0, 2], [3, 1]]), *source),
            {"axis": 1},
            f"{name}: indices must be from 0 to 2, found 3 at (1, 0)",
        ),
    )


def scattered(x, indices, source, axis, add=False):
    return x.scatter_add(axis, indices, source) if add else x.scatter(axis, indices, source)


ENTRIES = (
    Entry(
        "gather",
        (
            Sample(((2, 3), places(3, 2, 4)), {"axis": 1}),
            Sample(((3, 2, 2), places(3, 2, 1, 2)), {"axis": 0}),
            Sample(((4,), places(4, 3)), {"axis": -1}),
            Sample(((0, 3), places(3, 0, 2)), {"axis": 1}),
        ),
        refusals("gather"),
        lambda x, indices, axis: torch.gather(x, axis, indices),
        linear=("x",),
        products=lambda x, indices, axis: (0, 0),
        wider=("x",),
    ),
    Entry(
        "scatter",
        (
            Sample(((2, 4), apart, (2, 3)), {"axis": 1}),
            Sample(((3, 4), apart, (2, 3)), {"axis": -1}),
            Sample(((2, 4), places(4, 2, 5), (2, 5)), {"axis": 1, "add": True}),
            Sample(((3, 2, 2), places(3, 4, 1, 2), (4, 1, 2)), {"axis": 0, "add": True}),
            Sample(((0, 4), places(4, 0, 3), (0, 3)), {"axis": 1}),
        ),
        (
            *refusals("scatter", (2, 2)),
            Refusal(
                ((2, 3), places(3, 2, 2), (2, 3)),
                {"axis": 1},
                "scatter: source (2, 3) must be shaped as indices (2, 2)",
            ),
        ),
        scattered,
        linear=("x", "source"),
        products=lambda x, indices, source, axis, add=False: (0, math.prod(source) * add),
        wider=("x", "indices", "source"),
    ),
)
