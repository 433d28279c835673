"""The embedding in the catalogue."""

from __future__ import annotations

import numpy as np
from torch.nn import functional as F

from catalogue.entry import Entry, Refusal, Sample


def indices(*shape: int):
    return lambda rng: rng.integers(0, 4, shape)


ENTRIES = (
    Entry(
        "embedding",
        (
            Sample((indices(5), (4, 3))),
            Sample((indices(2, 3), (4, 2))),
            Sample((lambda rng: np.array([2, 2, 0, 2]), (4, 3))),
            Sample((indices(0, 3), (4, 2))),
            Sample((lambda rng: np.array([2, 1, 0, 2]), (4, 3)), {"padding_index": 2}, smooth=False),
        ),
        (
            Refusal(
                (lambda rng: np.array([[0, 1], [4, 2]]), (4, 3)),
                {},
                "embedding: indices must be from 0 to 3, found 4 at (1, 0)",
            ),
            Refusal(
                (lambda rng: np.array([0, -1]), (4, 3)), {}, "embedding: indices must be from 0 to 3, found -1 at (1,)"
            ),
            Refusal(
                ((2,), (4, 3)),
                {},
                "embedding: indices holds float64; expected whole numbers: convert it with indices.astype(np.int64)",
            ),
            Refusal(
                (indices(2), (4, 3)), {"padding_index": 4}, "embedding: padding_index must be from 0 to 3, found 4"
            ),
            Refusal((indices(2), (4,)), {}, "embedding: weight must be (V, D), one row for each index, found (4,)"),
        ),
        lambda indices, weight, padding_index=None: F.embedding(indices, weight, padding_index),
        products=lambda indices, weight, padding_index=None: (0, 0),
        wider=("weight",),
    ),
)
