"""Poolings in the catalogue: maximum, mean and p-norm of windows."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from catalogue.entry import Entry, Refusal, Sample

MAX = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
AVG = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
LP = {1: F.lp_pool1d, 2: F.lp_pool2d, 3: F.lp_pool3d}


def ties(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 2, (2, 1, 5, 4)).astype(float)


def positive(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(0.5, 2, (1, 2, 7))


WINDOWS = (
    Sample(((2, 3, 9),), {"size": 3}),
    Sample(((1, 2, 7),), {"size": 3, "stride": 2, "padding": 1}),
    Sample(((1, 1, 1),), {"size": 1}),
    Sample(((1, 2, 8),), {"size": 8}),
    Sample(((1, 1, 6, 6),), {"size": 2}),
    Sample(((2, 1, 5, 7),), {"size": (2, 3), "stride": (1, 2), "padding": (1, 0)}),
    Sample(((1, 1, 6, 5),), {"size": 3, "stride": 1, "padding": ((1, 0), (0, 2))}),
    Sample(((1, 1, 5, 5),), {"size": (2, 4), "stride": 2, "padding": "same"}),
    Sample(((1, 1, 5, 5),), {"size": (2, 4), "stride": 2, "padding": "same_lower"}),
    Sample(((1, 1, 5, 6),), {"size": 2, "ceil_mode": True}),
    Sample(((1, 1, 2),), {"size": 3, "ceil_mode": True}),
    Sample(((1, 1, 1, 5),), {"size": (1, 2), "stride": 4}),
    Sample(((0, 2, 5, 5),), {"size": 2}),
    Sample(((1, 2, 4, 5, 3),), {"size": (2, 3, 2), "stride": (2, 1, 1)}),
    Sample(((1, 1, 4, 4, 4),), {"size": 3, "stride": 2, "padding": 1}),
)
SPREAD = (
    Sample(((1, 2, 9),), {"size": 3, "dilation": 2, "stride": 1}),
    Sample(((1, 1, 11),), {"size": 3, "dilation": 4, "padding": "same", "stride": 1}),
    Sample(((1, 1, 9, 8),), {"size": (3, 2), "stride": 2, "padding": (1, 2), "dilation": (2, 3)}),
    Sample(((1, 1, 4, 5, 3),), {"size": 2, "stride": 1, "padding": ((1, 0), (0, 1), (1, 1)), "dilation": (2, 1, 2)}),
)
HANGING = Sample(((1, 1, 6, 7),), {"size": 3, "stride": 2, "padding": 1, "ceil_mode": True})


def padded(x: Any, size: Any, stride: Any, padding: Any, dilation: Any, value: float) -> tuple[Any, tuple[int, ...]]:
    """Return x with what PyTorch cannot pad itself (pairs, "same") padded, and the padding left to PyTorch."""
    rank = x.ndim - 2
    size, stride, dilation = (each(v, rank) for v in (size, size if stride is None else stride, dilation))
    if isinstance(padding, str):
        pairs = []
        for n, k, s, d in zip(x.shape[2:], size, stride, dilation, strict=True):
            total = max(0, ((n + s - 1) // s - 1) * s + d * (k - 1) + 1 - n)
            pairs.append((total // 2, total - total // 2) if padding == "same" else (total - total // 2, total // 2))
    elif isinstance(padding, tuple) and isinstance(padding[0], tuple):
        pairs = list(padding)
    else:
        return x, each(padding, rank)
    return F.pad(x, [p for pair in reversed(pairs) for p in pair], value=value), (0,) * rank


def each(value: Any, rank: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, tuple) else (value,) * rank


def alike(padding: Any) -> Any:
    """Return pairs that are the same at both ends as PyTorch takes them: where windows may hang over, it matters."""
    pairs = isinstance(padding, tuple) and all(isinstance(v, tuple) and v[0] == v[1] for v in padding)
    return tuple(v[0] for v in padding) if pairs else padding


def max_pool(x, size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    x, rest = padded(x, size, stride, alike(padding), dilation, -torch.inf)
    return MAX[x.ndim - 2](x, size, stride, rest, dilation, ceil_mode)


def avg_pool(
    x, size, stride=None, padding=0, dilation=1, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    if dilation != 1 or not fits(padding, size):  # PyTorch has neither
        assert not ceil_mode
        ones, _ = padded(
            torch.ones_like(x), size, stride, pairs(padding, x.ndim - 2), dilation, float(count_include_pad)
        )
        whole, _ = padded(x, size, stride, pairs(padding, x.ndim - 2), dilation, 0.0)
        return summed(whole, size, stride, dilation) / (divisor_override or summed(ones, size, stride, dilation))
    x, rest = padded(x, size, stride, alike(padding), 1, 0.0)
    override = () if divisor_override is None else (divisor_override,)
    return AVG[x.ndim - 2](x, size, stride, rest, ceil_mode, count_include_pad, *override)


def lp_pool(x, size, p=2, stride=None, padding=0, dilation=1, ceil_mode=False):
    rank = x.ndim - 2
    x, _ = padded(x, size, stride, pairs(padding, rank), dilation, 0.0)
    if dilation != 1:
        assert not ceil_mode
        return summed(x**p, size, stride, dilation) ** (1 / p)
    size, stride = (v[0] if rank == 1 and isinstance(v, tuple) else v for v in (size, stride))
    return LP[rank](x, float(p), size, stride, ceil_mode)


def pairs(padding: Any, rank: int) -> Any:
    """Return padding as pairs, so that it is padded beforehand."""
    return (
        padding if isinstance(padding, str) else tuple((v, v) if isinstance(v, int) else v for v in each(padding, rank))
    )


def fits(padding: Any, size: Any) -> bool:
    """Say whether PyTorch takes a padding: one number that is no more than half of the window, or one padded before."""
    return not isinstance(padding, int) or padding <= min(each(size, 1)) // 2


def summed(x: torch.Tensor, size: Any, stride: Any, dilation: Any) -> torch.Tensor:
    """Return the sum of every window: the sum over its elements of the image, moved."""
    rank = x.ndim - 2
    size, stride, dilation = (each(v, rank) for v in (size, size if stride is None else stride, dilation))
    counts = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(x.shape[2:], size, stride, dilation, strict=True)]
    total = torch.zeros(*x.shape[:2], *counts, dtype=x.dtype)
    for element in itertools.product(*(range(k) for k in size)):
        begins = [e * d for e, d in zip(element, dilation, strict=True)]
        each_axis = zip(begins, counts, stride, strict=True)
        total = total + x[(..., *(slice(b, b + s * (n - 1) + 1, s) for b, n, s in each_axis))]
    return total


def counted(reference: Callable[..., Any], powers: bool = False, division: bool = False) -> Callable[..., Any]:
    """Return a loop that counts: every number of a window after the first is added to (or compared with) the rest."""

    def loop(x: tuple[int, ...], size: Any, **arguments: Any) -> tuple[int, int]:
        output = reference(torch.ones(x), size, **arguments).shape
        multiplications = additions = 0
        for _ in itertools.product(*(range(n) for n in output)):
            for k, _ in enumerate(itertools.product(*(range(n) for n in each(size, len(x) - 2)))):
                multiplications += powers
                additions += k > 0
            multiplications += division
        return multiplications, additions

    return loop


def refusals(name: str) -> tuple[Refusal, ...]:
    x = (1, 1, 5, 5)
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
        Refusal((x,), {"size": 0}, f"{name}: size must be at least 1, found 0"),
        Refusal((x,), {"size": 2, "stride": -1}, f"{name}: stride must be at least 1, found -1"),
        Refusal(
            (x,),
            {"size": (2, 2, 2)},
            f"{name}: size must be one whole number or 2 of them (height and width), found (2, 2, 2)",
        ),
        Refusal(
            (x,),
            {"size": (3, 6)},
            f"{name}: a window over 6 does not fit into 5 inputs with padding (0, 0); x is (1, 1, 5, 5): "
            "use a smaller size or more padding",
        ),
        Refusal(
            (x,),
            {"size": 3, "padding": 3},
            f"{name}: padding (3, 3) leaves window 0 over 3 without any of the 5 inputs; x is (1, 1, 5, 5): "
            "use less padding",
        ),
        Refusal(
            (x,),
            {"size": 2, "padding": ((0, 0), (0, 3))},
            f"{name}: padding (0, 3) leaves window 3 over 2 without any of the 5 inputs; x is (1, 1, 5, 5): "
            "use less padding",
        ),
        Refusal(
            (x,),
            {"size": 3, "padding": -1},
            f"{name}: padding must not be negative, found -1; crop the input by slicing it",
        ),
    )


ENTRIES = (
    Entry(
        "max_pool",
        (
            *WINDOWS,
            HANGING,
            Sample(((1, 1, 9, 8),), {"size": (3, 2), "stride": 2, "padding": 1, "dilation": (2, 3)}),
            Sample(((1, 1, 11),), {"size": 3, "dilation": 4, "padding": "same", "stride": 1}),
            Sample(((2, 1, 5, 5),), {"size": 2, "return_indices": True}),
            Sample((ties,), {"size": 2, "stride": 1}, smooth=False),
            Sample(((1, 1, 5, 4),), {"size": 3, "padding": ((2, 2), (1, 2)), "stride": 2}),
        ),
        (
            *refusals("max_pool"),
            Refusal(((1, 1, 5),), {"size": 2, "dilation": 0}, "max_pool: dilation must be at least 1, found 0"),
            Refusal(
                ((1, 1, 1),),
                {"size": 2, "dilation": 2, "padding": 1},
                "max_pool: padding (1, 1) leaves window 0 over 3 without any of the 1 inputs; x is (1, 1, 1): "
                "use less padding",
            ),
        ),
        max_pool,
        products=counted(max_pool),
    ),
    Entry(
        "avg_pool",
        (
            *WINDOWS,
            HANGING,
            Sample(((1, 1, 6, 7),), {**HANGING.arguments, "count_include_pad": False}),
            Sample(((1, 1, 5, 5),), {"size": 2, "padding": 1, "count_include_pad": False}),
            Sample(((1, 1, 5, 5),), {"size": 2, "stride": 1, "padding": 1, "divisor_override": 3}),
            Sample(((1, 1, 4, 3, 4),), {"size": 2, "divisor_override": 1}),
            *SPREAD,
            *(Sample(one.arrays, {**one.arguments, "count_include_pad": False}) for one in SPREAD),
            Sample(((1, 1, 6),), {"size": 3, "padding": 2, "stride": 2}),
            Sample(((1, 1, 5, 4),), {"size": 3, "padding": 2, "stride": 1, "count_include_pad": False}),
        ),
        (
            *refusals("avg_pool"),
            Refusal(
                ((1, 1, 5),),
                {"size": 2, "divisor_override": 0},
                "avg_pool: divisor_override must not be 0; leave it out to divide by the window's size",
            ),
        ),
        avg_pool,
        linear=("x",),
        products=counted(avg_pool, division=True),
    ),
    Entry(
        "lp_pool",
        (
            *WINDOWS,
            Sample((positive,), {"size": 3, "p": 3, "stride": 2}),
            Sample((positive,), {"size": 2, "p": 2.5, "padding": 1}),
            Sample(((1, 2, 6),), {"size": 3, "p": 1, "stride": 1}),
            Sample(((1, 1, 6, 4),), {"size": 3, "padding": 2, "stride": 2}),
            *SPREAD,
        ),
        (
            *refusals("lp_pool"),
            Refusal(
                ((1, 1, 5),),
                {"size": 2, "p": 0},
                "lp_pool: p must be a number above 0, found 0; the limit for ever larger p is max_pool of np.abs(x)",
            ),
        ),
        lp_pool,
        products=counted(lp_pool, powers=True, division=True),
    ),
)
