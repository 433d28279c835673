"""Padding in the catalogue."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from catalogue.entry import Entry, Refusal, Sample


def torch_pad(x: torch.Tensor, pairs: Any, mode: str) -> torch.Tensor:
    flat = [p for pair in reversed(pairs) for p in pair]
    return F.pad(x, flat, mode="constant" if mode == "zeros" else mode)


def pad(x, padding, mode="zeros") -> torch.Tensor:
    given = (padding,) * (x.ndim - 2) if isinstance(padding, int) else padding
    pairs = [(p, p) if isinstance(p, int) else p for p in given]
    if len(x) == 0:
        space = (n + sum(pair) for n, pair in zip(x.shape[2:], pairs, strict=True))
        return x.new_zeros((*x.shape[:2], *space)) + x.sum()
    return torch_pad(x, pairs, mode)


MODES = ("zeros", "reflect", "replicate", "circular")
SAMPLES = (
    Sample(((1, 1, 3),), {"padding": 0}),
    Sample(((1, 1, 1),), {"padding": 1, "mode": "circular"}),
    Sample(((1, 1, 1),), {"padding": 3, "mode": "replicate"}),
    Sample(((1, 1, 2),), {"padding": 1, "mode": "reflect"}),
    *(Sample(((2, 3, 5),), {"padding": ((2, 1),), "mode": mode}) for mode in MODES),
    *(Sample(((1, 2, 4, 3),), {"padding": (1, 2), "mode": mode}) for mode in MODES),
    *(Sample(((1, 1, 3, 3, 4),), {"padding": ((0, 1), (2, 0), (2, 2)), "mode": mode}) for mode in MODES),
    Sample(((0, 1, 3, 3),), {"padding": 1}),
)
REFUSALS = (
    Refusal(
        (lambda rng: np.arange(3).reshape(1, 1, 3),),
        {"padding": 1},
        "pad: x holds int64; expected float32 or float64: convert it with x.astype(np.float32)",
    ),
    Refusal(
        ((1, 1, 3),),
        {"padding": 3, "mode": "reflect"},
        "pad: reflect padding may be at most 2 along an axis of 3, found (3, 3); pad less, or with zeros",
    ),
    Refusal(
        ((1, 1, 3),),
        {"padding": ((1, 4),), "mode": "circular"},
        "pad: circular padding may be at most 3 along an axis of 3, found (1, 4); pad less, or with zeros",
    ),
    Refusal(
        ((1, 1, 3),),
        {"padding": 1, "mode": "edge"},
        "pad: mode must be one of zeros, reflect, replicate, circular; found 'edge'",
    ),
    Refusal(
        ((1, 1, 3),),
        {"padding": -1},
        "pad: padding must not be negative, found -1; crop the input by slicing it",
    ),
)
ENTRIES = (Entry("pad", SAMPLES, REFUSALS, pad, ("x",), lambda x, **_: (0, 0)),)
