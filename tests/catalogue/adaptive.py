"""Adaptive and global poolings in the catalogue."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from torch.nn import functional as F

from catalogue.entry import Entry, Refusal, Sample

MAX = {3: F.adaptive_max_pool1d, 4: F.adaptive_max_pool2d, 5: F.adaptive_max_pool3d}
AVG = {3: F.adaptive_avg_pool1d, 4: F.adaptive_avg_pool2d, 5: F.adaptive_avg_pool3d}


def ties(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 2, (2, 2, 5, 4)).astype(float)


SAMPLES = (
    Sample(((2, 3, 7),), {"output_size": 3}),
    Sample(((1, 1, 1),), {"output_size": 1}),
    Sample(((1, 2, 3),), {"output_size": 5}),
    Sample(((2, 1, 5, 7),), {"output_size": (2, 4)}),
    Sample(((1, 2, 6, 4),), {"output_size": 2}),
    Sample(((0, 2, 5, 4),), {"output_size": 2}),
    Sample(((1, 2, 3, 5, 4),), {"output_size": (2, 3, 1)}),
)
GLOBAL = tuple(Sample((shape,)) for shape in ((2, 3, 7), (1, 1, 1), (2, 2, 4, 5), (0, 2, 5, 4), (1, 2, 3, 4, 2)))


def counted(average: bool) -> Callable[..., tuple[int, int]]:
    """Return a loop that counts each window's additions (or comparisons) and, for a mean, its one division."""

    def loop(x: tuple[int, ...], output_size: int | tuple[int, ...] = 1) -> tuple[int, int]:
        outputs = output_size if isinstance(output_size, tuple) else (output_size,) * (len(x) - 2)
        multiplications = additions = 0
        for _ in itertools.product(range(x[0]), range(x[1])):
            for at in itertools.product(*(range(out) for out in outputs)):
                window = [
                    range(int(np.floor(i * n / out)), int(np.ceil((i + 1) * n / out)))
                    for i, n, out in zip(at, x[2:], outputs, strict=True)
                ]
                additions += sum(1 for _ in itertools.product(*window)) - 1
                multiplications += average
        return multiplications, additions

    return loop


def refusals(name: str, **arguments: int) -> tuple[Refusal, ...]:
    return (
        Refusal(
            (lambda rng: np.zeros((1, 1, 4), int),),
            arguments,
            f"{name}: x holds int64; expected float32 or float64: convert it with x.astype(np.float32)",
        ),
        Refusal(
            ((4, 4),),
            arguments,
            f"{name}: x must be (N, C, *space) with 1 to 3 spatial axes, found 2 axes: (4, 4); "
            "add a batch or channel axis with [None]",
        ),
        Refusal(
            ((1, 1, 0, 4),),
            arguments,
            f"{name}: x must have inputs along every spatial axis, found (1, 1, 0, 4)",
        ),
    )


def sized(name: str) -> tuple[Refusal, ...]:
    return (
        *refusals(name, output_size=2),
        Refusal(((1, 1, 4),), {"output_size": 0}, f"{name}: output_size must be at least 1, found 0"),
        Refusal(
            ((1, 1, 4, 4),),
            {"output_size": (1, 2, 3)},
            f"{name}: output_size must be one whole number or 2 of them (height and width), found (1, 2, 3)",
        ),
    )


ENTRIES = (
    Entry(
        "adaptive_avg_pool",
        SAMPLES,
        sized("adaptive_avg_pool"),
        lambda x, output_size: AVG[x.ndim](x, output_size),
        linear=("x",),
        products=counted(average=True),
    ),
    Entry(
        "adaptive_max_pool",
        (
            *SAMPLES,
            Sample(((1, 2, 5, 3),), {"output_size": 2, "return_indices": True}),
            Sample((ties,), {"output_size": 3}, smooth=False),
        ),
        sized("adaptive_max_pool"),
        lambda x, output_size, return_indices=False: MAX[x.ndim](x, output_size),
        products=lambda x, output_size, return_indices=False: counted(average=False)(x, output_size),
    ),
    Entry(
        "global_avg_pool",
        GLOBAL,
        refusals("global_avg_pool"),
        lambda x: AVG[x.ndim](x, 1),
        linear=("x",),
        products=counted(average=True),
    ),
    Entry(
        "global_max_pool",
        (*GLOBAL, Sample((ties,), smooth=False)),
        refusals("global_max_pool"),
        lambda x: MAX[x.ndim](x, 1),
        products=counted(average=False),
    ),
)
