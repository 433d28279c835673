"""Resampling in the catalogue: nearest neighbour, linear and cubic interpolation."""

from __future__ import annotations

import itertools
import math

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
CORNERS = tuple(Sample(s.arrays, {**s.arguments, "align_corners": True}) for s in SAMPLES)
FEWER = (
    *(
        Sample(arrays, {**how, "antialias": True, **more})
        for arrays, how in (
            (((1, 2, 9),), {"size": 4}),
            (((1, 1, 5),), {"size": 9}),
            (((1, 2, 7, 5),), {"size": (3, 2)}),
            (((1, 1, 6),), {"size": 1}),
            (((0, 2, 6, 3),), {"size": 2}),
        )
        for more in ({}, {"align_corners": True})
    ),
    Sample(((1, 1, 8),), {"scale": 0.4, "antialias": True}),
    Sample(((1, 1, 4, 5),), {"scale": (0.5, 1.5), "antialias": True}),
)


def nearest(x, size=None, scale=None, exact=False):
    return F.interpolate(x, size, scale, "nearest-exact" if exact else "nearest")


def linear(x, size=None, scale=None, align_corners=False, antialias=False):
    if antialias:
        return apart(x, size, scale, mode="bilinear", align_corners=align_corners, antialias=True)
    return F.interpolate(x, size, scale, LINEAR[x.ndim], align_corners)


def cubic(x, size=None, scale=None, align_corners=False, antialias=False):
    return apart(x, size, scale, mode="bicubic", align_corners=align_corners, antialias=antialias)


def apart(x, size, scale, **how):
    """Resample one axis after the other: PyTorch knows the cubic, and antialiasing, of pictures only."""
    rank = x.ndim - 2
    every = (size or scale,) * rank if isinstance(size or scale, int | float) else size or scale
    for axis, one in enumerate(every, start=2):
        lines = x.movedim(axis, -1)
        given = {"size": (1, one)} if scale is None else {"scale_factor": (1, one)}
        wide = lines.reshape(1, lines.numel() // lines.shape[-1], 1, lines.shape[-1])
        wide = F.interpolate(wide, **given, **how) if wide.numel() else wide[..., :1].expand(1, 0, 1, one)
        x = wide.reshape(*lines.shape[:-1], wide.shape[-1]).movedim(-1, axis)
    return x


def counted(taps: int, function=None):
    """Count, for each output, the products with so many inputs along each axis, and their sum."""

    def rule(x: tuple[int, ...], antialias: bool = False, **arguments) -> tuple[int, int]:
        if antialias:  # with all inputs that move the output
            inputs = torch.eye(math.prod(x[2:]), dtype=torch.float64).reshape(1, -1, *x[2:])
            moved = int((function(inputs, antialias=True, **arguments).abs() > 1e-12).sum())
            outputs = math.prod(function(inputs, antialias=True, **arguments).shape[2:])
            return x[0] * x[1] * moved, x[0] * x[1] * (moved - outputs)
        multiplications = additions = 0
        for _ in itertools.product(*(range(n) for n in linear(torch.ones(x), **arguments).shape)):
            for k, _ in enumerate(itertools.product(range(taps), repeat=len(x) - 2)):
                multiplications += 1
                additions += k > 0
        return multiplications, additions

    return rule


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
        "resample_cubic",
        (*SAMPLES, *CORNERS, *FEWER),
        refusals("resample_cubic"),
        cubic,
        linear=("x",),
        products=counted(4, cubic),
    ),
    Entry(
        "resample_linear",
        (*SAMPLES, *CORNERS, *FEWER),
        refusals("resample_linear"),
        linear,
        linear=("x",),
        products=counted(2, linear),
    ),
    Entry(
        "resample_nearest",
        (*SAMPLES, *(Sample(s.arrays, {**s.arguments, "exact": True}) for s in SAMPLES)),
        refusals("resample_nearest"),
        nearest,
        linear=("x",),
        products=lambda x, **arguments: (0, 0),
    ),
)
