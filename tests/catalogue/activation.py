"""Activations in the catalogue."""

from __future__ import annotations

import numpy as np
from torch.nn import functional as F

from catalogue.entry import Entry, Refusal, Sample

SHAPES = (Sample(((2, 3, 4),)), Sample(((1,),)), Sample(((),)), Sample(((0, 3),)), Sample(((2, 2, 3, 2, 2),)))


def integers(name: str) -> Refusal:
    return Refusal(
        (lambda rng: np.arange(3),),
        {},
        f"{name}: x holds int64; expected float32 or float64: convert it with x.astype(np.float32)",
    )


ENTRIES = (
    Entry("relu", SHAPES, (integers("relu"),), F.relu),
    Entry(
        "leaky_relu",
        (*SHAPES, Sample(((2, 3),), {"slope": 0.2})),
        (integers("leaky_relu"),),
        lambda x, slope=0.01: F.leaky_relu(x, slope),
    ),
    *(Entry(name, SHAPES, (integers(name),), getattr(F, name)) for name in ("gelu", "selu", "sigmoid", "silu", "tanh")),
)
