"""Sampling at places of a grid, in the catalogue."""

from __future__ import annotations

import math

from torch.nn import functional as F

from catalogue.entry import Entry, Refusal, Sample

MODES = {"linear": "bilinear", "nearest": "nearest"}


def places(*shape: int):
    """Return what draws places, some of them outside."""
    return lambda rng: rng.uniform(-1.6, 1.6, shape)


def sampled(x, grid, mode="linear", padding_mode="zeros", align_corners=False):
    grid = grid.nan_to_num(99.0)  # PyTorch ends the process at a place that is no number; here it lies outside
    if x.ndim > 3:
        return F.grid_sample(x, grid, MODES[mode], padding_mode, align_corners)
    high = F.pad(grid, (0, 1))[:, None]  # a line is a picture of one row: the second coordinate is in its middle
    return F.grid_sample(x[:, :, None], high, MODES[mode], padding_mode, align_corners)[:, :, 0]


def products(x, grid, mode="linear", **_) -> tuple[int, int]:
    outputs, corners = x[0] * x[1] * math.prod(grid[1:-1]), 2 ** (len(x) - 2)
    return (outputs * corners, outputs * (corners - 1)) if mode == "linear" else (0, 0)


SAMPLES = (
    Sample(((1, 2, 4, 3), places(1, 2, 3, 2))),
    Sample(((2, 3, 5), places(2, 4, 1))),
    # Of places outside, PyTorch's loops for pictures and for volumes differ in what NaN reaches.
    Sample(((1, 1, 2, 3, 2), lambda rng: rng.uniform(-0.4, 0.4, (1, 1, 2, 2, 3)))),
)
HOW = (
    {"mode": mode, "padding_mode": padding, "align_corners": aligned}
    for mode in MODES
    for padding in ("zeros", "border", "reflection")
    for aligned in (False, True)
)

ENTRIES = (
    Entry(
        "grid_sample",
        (
            *SAMPLES,
            *(Sample(((1, 2, 4, 3), places(1, 2, 3, 2)), how) for how in HOW),
            Sample(((0, 2, 4, 3), places(0, 2, 3, 2))),
        ),
        (
            Refusal(
                ((1, 2, 4, 3), (1, 2, 3, 3)),
                {},
                "grid_sample: grid must be (N, *size, 2) for x (1, 2, 4, 3), a coordinate for each axis; found "
                "(1, 2, 3, 3)",
            ),
            Refusal(
                ((1, 2, 0, 3), (1, 2, 3, 2)),
                {},
                "grid_sample: x must have inputs along every spatial axis, found (1, 2, 0, 3)",
            ),
            Refusal(
                ((1, 2, 4, 3), (1, 2, 3, 2)),
                {"padding_mode": "circular"},
                "grid_sample: padding_mode must be one of zeros, border, reflection; found 'circular'",
            ),
        ),
        sampled,
        linear=("x",),
        products=products,
        wider=("x", "grid"),
    ),
)
