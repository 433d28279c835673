"""Batches of inputs that fit into the machine's caches, and what is made of them put together again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from torch import Tensor

from convscope.explaining.explained import Explained
from convscope.explaining.failures import check_finite, check_inputs
from convscope.explaining.forward import forward, without_gradient
from convscope.explaining.score import Score

AT_ONCE = 1_200_000  # numbers of the inputs of one batch: on a CPU larger ones are slower, being out of its caches
MOST = 128  # inputs of one batch
Vary = Callable[[Explained, Tensor, Tensor], Tensor]  # a batch, the numbers of its variants, and the values to vary


def at_once(x: Tensor) -> int:
    """Return how many inputs like those of x (N, ...) are run together.

    >>> at_once(torch.zeros(1, 3, 224, 224)), at_once(torch.zeros(1, 1, 28, 28))
    (7, 128)
    """
    return max(1, min(MOST, AT_ONCE // max(1, x[0].numel())))


def in_batches(
    explained: Explained, score: Score, compute: Callable[[Explained, Score], tuple[Tensor, ...]]
) -> tuple[np.ndarray, ...]:
    """Return arrays (N, ...) float32 of what ``compute`` makes of each batch: tensors (n, ...), all finite."""
    check_inputs(explained)
    step = at_once(explained.x)
    made: list[tuple[np.ndarray, ...]] = []
    for first in range(0, len(explained.x), step):
        rows = slice(first, first + step)
        part = explained.rows(rows)
        tensors = compute(part, score.at(rows))
        for tensor in tensors:
            check_finite(part, tensor)
        made.append(tuple(tensor.detach().float().cpu().numpy() for tensor in tensors))
    return tuple(np.concatenate(arrays) for arrays in zip(*made, strict=True))


def scores_of(explained: Explained, score: Score) -> np.ndarray:
    """Return the score (N,) of each of the inputs as they are."""
    return in_batches(explained, score, lambda part, of: (without_gradient(part, of),))[0]


def pairs(explained: Explained, score: Score, each: int) -> Iterator[tuple[Tensor, Tensor, Explained, Score]]:
    """Yield all pairs of an input and a number below ``each`` in batches: rows (n,), numbers (n,), inputs, score."""
    check_inputs(explained)
    every = len(explained.x) * each
    batches = max(1, -(-every // at_once(explained.x)))
    size = max(1, -(-every // batches))  # alike, as each further size costs the library its preparations
    for first in range(0, every, size):
        at = torch.arange(first, min(first + size, every))
        rows, numbers = at // each, at % each
        yield rows, numbers, explained.rows(rows.to(explained.x.device)), score.at(rows)


def summed_gradients(explained: Explained, score: Score, count: int, vary: Vary, dtype: torch.dtype) -> Tensor:
    """Return the gradients (N, C, *space) of ``count`` variants of each input, added up; all finite.

    ``vary`` is given a batch, the numbers (n,) of its variants and its values (n, C, *space), and returns those at
    which the gradients are taken.
    """
    total: Tensor | None = None
    for rows, numbers, part, of in pairs(explained, score, count):
        with forward(part, of, partial(vary, part, numbers)) as passed:
            slope = passed.gradient().to(dtype)
        total = slope.new_zeros(len(explained.x), *slope.shape[1:]) if total is None else total
        total.index_add_(0, rows.to(slope.device), slope)
    assert total is not None
    check_finite(explained, total)
    return total


def each_example(values: Tensor, like: Tensor) -> Tensor:
    """Return (n,) numbers with the further axes of ``like`` (n, ...), so that each is of one example."""
    return values.to(like.device, like.dtype).view(-1, *[1] * (like.ndim - 1))
