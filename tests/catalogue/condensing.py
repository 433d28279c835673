"""Products, lengths and logarithms of sums of exponentials along axes, in the catalogue."""

from __future__ import annotations

import math

import numpy as np
import torch

from catalogue.entry import Entry, Refusal, Sample
from catalogue.reduction import additions, refusals, samples


def with_zeros(rng: np.random.Generator) -> np.ndarray:
    """Return rows, most of them with one 0 or several."""
    x = rng.standard_normal((3, 4))
    x[rng.random((3, 4)) < 0.3] = 0
    return x


def short(rng: np.random.Generator) -> np.ndarray:
    """Return a row, and one of length 0."""
    return np.concatenate([rng.standard_normal((1, 3)), np.zeros((1, 3))])


def product(x: torch.Tensor, axes: tuple[int, ...]) -> torch.Tensor:
    for axis in axes:
        x = x.prod(axis, keepdim=True)
    return x if axes else x.clone()


def ordered(sample: Sample, order: float) -> Sample:
    return Sample(sample.arrays, {**sample.arguments, "order": order}, sample.smooth)


def norm(x: torch.Tensor, axes: tuple[int, ...], order: float = 2) -> torch.Tensor:
    return torch.linalg.vector_norm(x, order, axes, keepdim=True) if axes else x.abs()


ENTRIES = (
    Entry(
        "reduce_product",
        samples(Sample(((2, 0),), {"axes": (1,)}), Sample((with_zeros,), {"axes": (1,)})),
        refusals("reduce_product", filled=False),
        product,
        products=lambda x, axes: (additions(x, axes)[1], 0),
    ),
    Entry(
        "reduce_norm",
        (
            *samples(Sample(((2, 0),), {"axes": (1,)}), Sample((short,), {"axes": (1,)}, smooth=False)),
            *(ordered(Sample(((2, 3),), {"axes": (1,)}), order) for order in (0.5, 1, 1.5, 3, -1)),
            *(ordered(Sample((short,), {"axes": (0, 1)}, smooth=False), order) for order in (1, 1.5, 3)),
        ),
        (
            *refusals("reduce_norm", filled=False),
            Refusal(
                ((2, 3),),
                {"axes": (1,), "order": math.inf},
                "reduce_norm: order must be a finite number other than 0, found inf; the limit for ever larger orders "
                "is reduce_max of np.abs(x)",
            ),
        ),
        norm,
        products=lambda x, axes, order=2: (math.prod(x) + additions(x, axes)[0], additions(x, axes)[1]),
    ),
    Entry(
        "reduce_log_sum_exp",
        samples(Sample((lambda rng: 9 * rng.standard_normal((2, 3)),), {"axes": (1,)})),
        refusals("reduce_log_sum_exp", filled=True),
        lambda x, axes: x.logsumexp(axes, keepdim=True) if axes else x.clone(),
        products=lambda x, axes: (
            math.prod(x) + additions(x, axes)[0],
            math.prod(x) + additions(x, axes)[1],
        ),
    ),
)
