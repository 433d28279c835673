"""Resampling in the catalogue: nearest neighbour and linear interpolation."""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch.nn import functional as F

from catalogue.entry import Entry, Refusal, Sample

LINEAR = {3: "linear", 4: "bilinear", 5: "trilinear"}
SAMPLES = (
    Sample(((2, 3, 5),), {"size": 7}),
    Sample(((1, 2, 6),), {"size": 4}),
    Sample(((1, 1, 1),), {"size": 3}),
    Sample(((1, 1, 3),), {"size": 1}),
    Sample(((1, 2, 3, 4),), {"size": (6, 5)}),
    Sample(((2, 1, 4, 3),), {"size": 4}),
    Sample(((0, 2, 3, 3),), {"size": 5}),
    Sample(((1, 2, 2, 3, 2),), {"size": (3, 2, 4)}),
    Sample(((1, 2, 5),), {"scale": 2}),
    Sample(((1, 1, 5),), {"scale": 0.7}),
    Sample(((1, 1, 4, 5),), {"scale": (2.5, 0.5)}),
)


def nearest(x, size=None, scale=None):
    return F.interpolate(x, size, scale)


def linear(x, size=None, scale=None, align_corners=False):
    return F.interpolate(x, size, scale, LINEAR[x.ndim], align_corners)


def counted(x: tuple[int, ...], **arguments) -> tuple[int, int]:
    """Count, for each output, the products with the two nearest inputs along each axis, and their sum."""
    multiplications = additions = 0
    for _ in itertools.product(*(range(n) for n in linear(torch.ones(x), **arguments).shape)):
        for k, _ in enumerate(itertools.product((0, 1), repeat=len(x) - 2)):
            multiplications += 1
            additions += k > 0
    return multiplications, additions


def refusals(name: str) -> tuple[Refusal, ...]:
    x = (1, 1, 4, 4)
    return (
        Refusal(
            (lambda rng: np.zeros((1, 1, 4), int),),
            {"size": 2},
            f"{name}: x holds int64; expected float32 or float64: convert it with x.astype(np.float32)",
        ),
        Refusal(
            ((4, 4),),
            {"size": 2},
            f"{name}: x must be (N, C, *space) with 1 to 3 spatial axes, found 2 axes: (4, 4); "
            "add a batch or channel axis with [None]",
        ),
        Refusal(
            ((1, 1, 0, 4),), {"size": 2}, f"{name}: x must have inputs along every spatial axis, found (1, 1, 0, 4)"
        ),
        Refusal((x,), {}, f"{name}: give either size or scale, found size None and scale None"),
        Refusal((x,), {"size": 2, "scale": 2}, f"{name}: give either size or scale, found size 2 and scale 2"),
        Refusal((x,), {"size": 0}, f"{name}: size must be at least 1, found 0"),
        Refusal(
            (x,),
            {"scale": (2, 2, 2)},
            f"{name}: scale must be one number or 2 of them (height and width), found (2, 2, 2)",
        ),
        Refusal(
            (x,),
            {"scale": 0.2},
            f"{name}: scale must leave at least one output along every axis, found 0.2 for x (1, 1, 4, 4); "
            "choose a larger scale",
        ),
    )


ENTRIES = (
    Entry(
        "resample_linear",
        (*SAMPLES, *(Sample(s.arrays, {**s.arguments, "align_corners": True}) for s in SAMPLES)),
        refusals("resample_linear"),
        linear,
        linear=("x",),
        products=counted,
    ),
    Entry(
        "resample_nearest",
        SAMPLES,
        refusals("resample_nearest"),
        nearest,
        linear=("x",),
        products=lambda x, **arguments: (0, 0),
    ),
)
