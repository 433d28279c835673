"""Losses in the catalogue."""

from __future__ import annotations

import numpy as np
from torch.nn import functional as F

from catalogue.entry import Entry, Refusal, Sample


def classes(*shape: int):
    return lambda rng: rng.integers(0, 3, shape)


def positive(*shape: int):
    return lambda rng: 0.5 + rng.random(shape)


def chances(*shape: int):
    return lambda rng: rng.random(shape)


def cross_entropy(logits, targets, weight, reduction="mean", label_smoothing=0.0):
    return F.cross_entropy(logits, targets, weight, reduction=reduction, label_smoothing=label_smoothing)


def binary(logits, targets, reduction="mean"):
    return F.binary_cross_entropy_with_logits(logits, targets, reduction=reduction)


def squared_error(x, target, reduction="mean"):
    return F.mse_loss(x, target, reduction=reduction)


ENTRIES = (
    Entry(
        "cross_entropy",
        (
            Sample(((4, 3), classes(4), None)),
            Sample(((4, 3), classes(4), positive(3))),
            Sample(((2, 3, 2, 2), classes(2, 2, 2), None), {"reduction": "none"}),
            Sample(((2, 3, 4), classes(2, 4), positive(3)), {"label_smoothing": 0.1}),
            Sample(((4, 3), classes(4), positive(3)), {"reduction": "sum", "label_smoothing": 0.2}),
            Sample(((4, 3), classes(4), None), {"label_smoothing": 0.3}),
            Sample(((2, 3, 2), classes(2, 2), positive(3)), {"reduction": "none", "label_smoothing": 0.3}),
            Sample(((2, 3, 1, 1, 1), classes(2, 1, 1, 1), None), {"reduction": "sum"}),
            Sample(((0, 3), classes(0), None), smooth=False),
            Sample(((0, 3, 2), classes(0, 2), positive(3)), {"reduction": "none"}),
        ),
        (
            Refusal(
                ((2, 3), lambda rng: np.array([0, 3]), None),
                {},
                "cross_entropy: targets must be from 0 to 2, found 3 at (1,)",
            ),
            Refusal(
                ((2, 3), (2,), None),
                {},
                "cross_entropy: targets holds float64; expected whole numbers: convert it with "
                "targets.astype(np.int64)",
            ),
            Refusal(
                ((3,), classes(1), None),
                {},
                "cross_entropy: logits must be (N, K, *space), found (3,); add a batch axis with [None]",
            ),
            Refusal(
                ((2, 3, 4), classes(2), None), {}, "cross_entropy: targets must be (N, *space) = (2, 4), found (2,)"
            ),
            Refusal(((2, 3), classes(2), (2,)), {}, "cross_entropy: weight must be (K,) = (3,), found (2,)"),
            Refusal(
                ((2, 3), classes(2), None),
                {"reduction": "average"},
                "cross_entropy: reduction must be one of mean, sum, none; found 'average'",
            ),
            Refusal(
                ((2, 3), classes(2), None),
                {"label_smoothing": 1.5},
                "cross_entropy: label_smoothing must be from 0 to 1, found 1.5",
            ),
        ),
        cross_entropy,
        wider=("weight",),
    ),
    Entry(
        "binary_cross_entropy_with_logits",
        (
            Sample(((4,), chances(4))),
            Sample(((2, 3), chances(2, 3)), {"reduction": "none"}),
            Sample(((2, 1, 2, 2), chances(2, 1, 2, 2)), {"reduction": "sum"}),
            Sample(((0, 3), chances(0, 3)), {"reduction": "sum"}),
        ),
        (
            Refusal(
                ((2, 1), (2,)),
                {},
                "binary_cross_entropy_with_logits: targets must be of the shape of the first array = (2, 1), "
                "found (2,)",
            ),
        ),
        binary,
    ),
    Entry(
        "squared_error",
        (
            Sample(((4,), (4,))),
            Sample(((2, 3), (2, 3)), {"reduction": "none"}),
            Sample(((2, 1, 2, 2), (2, 1, 2, 2)), {"reduction": "sum"}),
            Sample(((0, 3), (0, 3)), smooth=False),
        ),
        (
            Refusal(
                ((2, 1), (2,)),
                {},
                "squared_error: target must be of the shape of the first array = (2, 1), found (2,)",
            ),
        ),
        squared_error,
    ),
)
