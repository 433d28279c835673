"""Comparisons, and the choice by them, in the catalogue."""

from __future__ import annotations

import numpy as np
import torch

from catalogue.combination import PAIRS, numbers
from catalogue.entry import Entry, Refusal, Sample
from convscope.errors import ConfigError
from convscope.ops.where import RELATIONS


def truths(*shape: int):
    """Return what draws True and False."""
    return lambda rng: rng.random(shape) < 0.5


def related(sample: Sample, relation: str) -> Sample:
    return Sample(sample.arrays, {"relation": relation})


def whole(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 3, (2, 3))


ENTRIES = (
    Entry(
        "compare",
        (
            *(related(sample, "less") for sample in PAIRS),
            *(related(Sample((whole, whole)), relation) for relation in RELATIONS),
            related(Sample(((2, 3), (3,))), "greater_equal"),
            related(Sample(((2, 3), ())), "greater"),
        ),
        (
            Refusal(
                ((2, 3), (2,)),
                {"relation": "less"},
                "compare: x (2, 3) and y (2,) do not go together: from the last axis on, sizes must be equal or 1",
            ),
            Refusal(
                ((2,), (2,)),
                {"relation": "lesser"},
                "compare: there is no relation 'lesser'; did you mean 'less'?",
                ConfigError,
            ),
            Refusal(
                ((2,), lambda rng: np.array([1, 2])),
                {"relation": "less"},
                "compare: x and y must be of one type, found float64 and int64",
            ),
        ),
        lambda x, y, relation: getattr(torch, {"equal": "eq", "not_equal": "ne"}.get(relation, relation))(x, y),
        products=lambda x, y, relation: (0, numbers(x, y)),
        decides=bool,
    ),
    Entry(
        "where",
        (
            Sample((truths(2, 3, 4), (2, 3, 4), (2, 3, 4))),
            Sample((truths(4), (2, 3, 4), ())),
            Sample((truths(2, 3, 1), (1,), (3, 4))),
            Sample((truths(1), (1,), (1,))),
            Sample((truths(0, 3), (3,), (0, 3))),
        ),
        (
            Refusal(
                (truths(2), (2, 3), (3,)),
                {},
                "where: condition (2,), x (2, 3) and y (3,) do not go together: from the last axis on, sizes must be "
                "equal or 1",
            ),
            Refusal(
                ((2,), (2,), (2,)),
                {},
                "where: condition holds float64; expected True and False: compare it, condition != 0",
            ),
            Refusal(
                (truths(2), (2,), lambda rng: np.array([1, 2])),
                {},
                "where: x and y must be of one type, found float64 and int64",
            ),
        ),
        torch.where,
        linear=("x", "y"),
        products=lambda condition, x, y: (0, 0),
    ),
)
