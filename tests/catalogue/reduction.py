"""Sums, means and maxima along axes, in the catalogue."""

from __future__ import annotations

import math

import numpy as np

from catalogue.entry import Entry, Refusal, Sample


def samples(*empty: Sample) -> tuple[Sample, ...]:
    return (
        Sample(((2, 3, 4),), {"axes": (2,)}),
        Sample(((2, 3, 2, 2),), {"axes": (2, 3)}),
        Sample(((2, 3, 4),), {"axes": (2, 0)}),
        Sample(((2, 3),), {"axes": ()}),
        Sample(((0, 3),), {"axes": (1,)}),
        *empty,
    )


def refusals(name: str, *, filled: bool) -> tuple[Refusal, ...]:
    wrong = Refusal(
        ((2, 3),), {"axes": (2,)}, f"{name}: axes must be some of the 2 axes of x (2, 3), each once, found (2,)"
    )
    none = Refusal(((2, 0),), {"axes": (1,)}, f"{name}: x (2, 0) has no numbers along axes (1,)")
    return (wrong, none) if filled else (wrong,)


def additions(x: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, int]:
    """Return how many outputs there are, and the additions (or comparisons) of a loop that begins with the first."""
    outputs = math.prod(n for axis, n in enumerate(x) if axis not in axes)
    return outputs, outputs * max(math.prod(x[axis] for axis in axes) - 1, 0)


ENTRIES = (
    Entry(
        "reduce_sum",
        samples(Sample(((2, 0),), {"axes": (1,)})),
        refusals("reduce_sum", filled=False),
        lambda x, axes: x.sum(axes, keepdim=True) if axes else x.clone(),
        linear=("x",),
        products=lambda x, axes: (0, additions(x, axes)[1]),
    ),
    Entry(
        "reduce_mean",
        samples(),
        refusals("reduce_mean", filled=True),
        lambda x, axes: x.mean(axes, keepdim=True) if axes else x.clone(),
        linear=("x",),
        products=additions,
    ),
    Entry(
        "reduce_max",
        samples(
            Sample((lambda rng: np.array([[3.0, 5.0, 5.0]]),), {"axes": (1,)}, smooth=False),
            Sample((lambda rng: np.array([[3.0, 5.0, 5.0], [5, 4, 5]]),), {"axes": (0, 1)}, smooth=False),
        ),
        refusals("reduce_max", filled=True),
        lambda x, axes: x.amax(axes, keepdim=True) if axes else x.clone(),
        products=lambda x, axes: (0, additions(x, axes)[1]),
    ),
)
