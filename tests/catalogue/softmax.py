"""Softmax and its logarithm in the catalogue."""

from __future__ import annotations

import numpy as np
from torch.nn import functional as F

from catalogue.entry import Entry, Refusal, Sample

SAMPLES = (
    Sample(((2, 3),)),
    Sample(((2, 3, 2, 2),)),
    Sample(((2, 3, 4),), {"axis": -1}),
    Sample(((4,),), {"axis": 0}),
    Sample(((0, 3),)),
    Sample((lambda rng: 300 * rng.standard_normal((2, 5)),), smooth=False),
)


def refusals(name: str) -> tuple[Refusal, ...]:
    return (
        Refusal(((3,),), {}, f"{name}: axis 1 is not one of the 1 axes of x (3,)"),
        Refusal(
            ((2, 3),),
            {},
            f"{name}: x holds int64; expected float32 or float64: convert it with x.astype(np.float32)",
            dtype=np.int64,
        ),
    )


ENTRIES = (
    Entry("softmax", SAMPLES[:-1], refusals("softmax"), lambda x, axis=1: F.softmax(x, axis)),
    Entry("log_softmax", SAMPLES, refusals("log_softmax"), lambda x, axis=1: F.log_softmax(x, axis)),
)
