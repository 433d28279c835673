"""Normalisations in the catalogue."""

from __future__ import annotations

import numpy as np
from torch.nn import functional as F

from catalogue.entry import Entry, Refusal, Sample


def variance(rng: np.random.Generator) -> np.ndarray:
    return 0.5 + rng.random(3)


def batch_norm(x, weight, bias, mean, variance, eps=1e-5):
    return F.batch_norm(x, mean, variance, weight, bias, training=mean is None, eps=eps)


def layer_norm(x, weight, bias, axes=1, eps=1e-5):
    return F.layer_norm(x, x.shape[-axes:], weight, bias, eps)


def group_norm(x, weight, bias, groups, eps=1e-5):
    return F.group_norm(x, groups, weight, bias, eps)


def instance_norm(x, weight, bias, eps=1e-5):
    return F.instance_norm(x, weight=weight, bias=bias, eps=eps)


def affine_sum(numbers: int, sets: int, weight, bias, *, given: bool = False) -> tuple[int, int]:
    """Count mean, variance, deviation, standardising, scale and shift, set by set, number by number."""
    multiplications = additions = 0
    for _ in range(sets):
        members = numbers // sets
        if not given:
            additions += max(members - 1, 0)  # the mean's sum
            multiplications += 1
            for member in range(members):
                additions += 1  # distance
                multiplications += 1  # its square
                additions += member > 0
            multiplications += 1
        additions += 1  # + eps
        multiplications += 1  # root
        for _ in range(members):
            additions += 1 + (bias is not None)
            multiplications += 1 + (weight is not None)
    return multiplications, additions


def batch_products(x, weight, bias, mean, variance, eps=1e-5) -> tuple[int, int]:
    return affine_sum(int(np.prod(x)), x[1], weight, bias, given=mean is not None)


def layer_products(x, weight, bias, axes=1, eps=1e-5) -> tuple[int, int]:
    return affine_sum(int(np.prod(x)), int(np.prod(x[:-axes])), weight, bias)


def group_products(x, weight, bias, groups, eps=1e-5) -> tuple[int, int]:
    return affine_sum(int(np.prod(x)), x[0] * groups, weight, bias)


def instance_products(x, weight, bias, eps=1e-5) -> tuple[int, int]:
    return affine_sum(int(np.prod(x)), x[0] * x[1], weight, bias)


ENTRIES = (
    Entry(
        "batch_norm",
        (
            Sample(((3, 2, 4), (2,), (2,), None, None)),
            Sample(((4, 3), (3,), (3,), None, None)),
            Sample(((2, 3, 2, 3), None, None, None, None), {"eps": 0.1}),
            Sample(((2, 1, 2, 1, 3), (1,), None, None, None)),
            Sample(((0, 3, 4), (3,), (3,), None, None)),
            Sample(((2, 3, 2, 2), (3,), (3,), (3,), variance)),
            Sample(((1, 3), None, (3,), (3,), variance), {"eps": 0.01}),
            Sample(((0, 3), (3,), None, (3,), variance)),
        ),
        (
            Refusal(
                ((3,), None, None, None, None), {}, "batch_norm: x must be (N, C) or (N, C, *space), found 1 axes: (3,)"
            ),
            Refusal(((2, 3), (2,), None, None, None), {}, "batch_norm: weight must be (C,) = (3,), found (2,)"),
            Refusal(
                ((2, 3), None, None, None, (2,)),
                {},
                "batch_norm: mean and variance must be given both, or neither of them",
            ),
            Refusal(((2, 3), None, None, (3,), (2,)), {}, "batch_norm: variance must be (C,) = (3,), found (2,)"),
            Refusal(
                ((1, 3, 1), None, None, None, None),
                {},
                "batch_norm: x (1, 3, 1) has one number a channel, whose own variance is 0; give more examples, or "
                "mean and variance",
            ),
        ),
        batch_norm,
        linear=("weight", "bias"),
        products=batch_products,
    ),
    Entry(
        "layer_norm",
        (
            Sample(((2, 3), (3,), (3,))),
            Sample(((2, 3, 2, 2), (3, 2, 2), (3, 2, 2)), {"axes": 3}),
            Sample(((3, 4, 5), None, None), {"axes": 2, "eps": 0.1}),
            Sample(((5,), (5,), None)),
            Sample(((0, 3), None, (3,))),
        ),
        (
            Refusal(((2, 3), (2,), None), {}, "layer_norm: weight must be the last axes of x = (3,), found (2,)"),
            Refusal(
                ((2, 3), None, None),
                {"axes": 3},
                "layer_norm: axes must be from 1 to the 2 axes of x (2, 3), found 3",
            ),
        ),
        layer_norm,
        linear=("weight", "bias"),
        products=layer_products,
    ),
    Entry(
        "group_norm",
        (
            Sample(((2, 4, 3), (4,), (4,)), {"groups": 2}),
            Sample(((2, 6), None, None), {"groups": 3, "eps": 0.1}),
            Sample(((1, 3, 2, 3), (3,), None), {"groups": 3}),
            Sample(((1, 2, 1, 2, 3), (2,), (2,)), {"groups": 1}),
            Sample(((0, 4, 3), (4,), (4,)), {"groups": 2}),
        ),
        (
            Refusal(
                ((2, 4, 3), None, None),
                {"groups": 3},
                "group_norm: groups must divide the 4 channels of x (2, 4, 3), found 3",
            ),
            Refusal(((2, 4), (3,), None), {"groups": 2}, "group_norm: weight must be (C,) = (4,), found (3,)"),
            Refusal(
                ((1, 4, 1), None, None),
                {"groups": 4},
                "group_norm: x (1, 4, 1) has one number a group, whose own variance is 0; take fewer groups",
            ),
        ),
        group_norm,
        linear=("weight", "bias"),
        products=group_products,
    ),
    Entry(
        "instance_norm",
        (
            Sample(((2, 3, 4), (3,), (3,))),
            Sample(((2, 1, 3, 2), None, None), {"eps": 0.1}),
            Sample(((1, 2, 2, 1, 3), (2,), None)),
            Sample(((0, 3, 4), None, None)),
        ),
        (
            Refusal(((2, 3), None, None), {}, "instance_norm: x must be (N, C, *space), found 2 axes: (2, 3)"),
            Refusal(((2, 3, 4), None, (4,)), {}, "instance_norm: bias must be (C,) = (3,), found (4,)"),
            Refusal(
                ((2, 3, 1), None, None),
                {},
                "instance_norm: x (2, 3, 1) has one number a channel, whose own variance is 0; use layer_norm",
            ),
        ),
        instance_norm,
        linear=("weight", "bias"),
        products=instance_products,
    ),
)
