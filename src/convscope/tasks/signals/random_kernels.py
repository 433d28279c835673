"""Random kernels: how often each of many fixed kernels answers above a threshold, and ridge regression on that.

The idea is MiniRocket's (Dempster, Schmidt and Webb 2021): the 84 kernels of nine weights -1 or 2 that add up to 0, at
dilations up to the length of a signal; of each the share of steps at which it exceeds a threshold, thresholds being
quantiles of its answers to training signals. Only the thresholds and, of several channels, which are added up are
drawn at random. About 10,000 shares describe a signal.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from convscope.tasks.signals.padded import Padded

KERNEL = 9
KERNELS = tuple(itertools.combinations(range(KERNEL), 3))  # where the weight is 2
SHARES = 9_996  # of a signal at most: 119 of each kernel
DILATIONS = 32
GOLDEN = (np.sqrt(5) + 1) / 2
VALUES = 1 << 20  # comparisons at a time


@dataclass(frozen=True)
class Kernel:
    """Where the weight is 2, the ``dilation``, which channels are added up, and the thresholds (k,).

    ``around`` says that steps count whose window reaches over an end of the signal, too; zeros stand there.
    """

    at: tuple[int, ...]
    dilation: int
    channels: np.ndarray
    thresholds: np.ndarray
    around: bool


def drawn(signals: Padded, seed: int) -> list[Kernel]:
    """Return the kernels for signals like these."""
    rng = np.random.default_rng(seed)
    dilations = _dilations(int(np.median(signals.lengths)))
    quantiles = (np.arange(1, SHARES + 1) * GOLDEN) % 1  # evenly over 0..1, whatever part of them is taken
    channels = signals.x.shape[1]
    kernels, taken = [], 0
    for (row, (dilation, number)), (column, at) in itertools.product(enumerate(dilations), enumerate(KERNELS)):
        chosen = np.sort(rng.permutation(channels)[: _several(channels, rng)])
        one = signals.part(np.array([rng.integers(len(signals.x))]))
        kernel = Kernel(at, dilation, chosen, np.zeros(number), (row + column) % 2 == 0)
        answers, counted = _answers(kernel, one)
        thresholds = np.quantile(answers[counted], quantiles[taken : taken + number]).astype(np.float32)
        kernels.append(Kernel(at, dilation, chosen, thresholds, kernel.around))
        taken += number
    return kernels


def shares(signals: Padded, kernels: list[Kernel]) -> np.ndarray:
    """Return the shares (n, d) float32 of the steps of each signal at which a kernel exceeds its thresholds.

    >>> signals = Padded(np.arange(12, dtype=np.float32).reshape(1, 1, 12), np.array([12]))
    >>> kernel = Kernel((3, 4, 5), 1, np.array([0]), np.array([-1.0, 1.0]), around=False)
    >>> shares(signals, [kernel]).tolist()  # on a line the weights -1 and 2 add up to 0
    [[1.0, 0.0]]
    """
    n = len(signals.x)
    found = np.empty((n, sum(len(kernel.thresholds) for kernel in kernels)), np.float32)
    step = max(1, VALUES // (signals.x.shape[2] * max(len(kernel.thresholds) for kernel in kernels)))
    for first in range(0, n, step):
        part, at = signals.part(slice(first, first + step)), 0
        for kernel in kernels:
            answers, counted = _answers(kernel, part)
            above = answers[:, None] > kernel.thresholds[:, None]  # (n, k, T)
            number = np.count_nonzero(above & counted[:, None], axis=2)
            width = len(kernel.thresholds)
            found[first : first + step, at : at + width] = number / counted.sum(1, keepdims=True)
            at += width
    return found


def _dilations(length: int) -> list[tuple[int, int]]:
    """Return pairs of a dilation and how many thresholds each kernel has there.

    >>> _dilations(96)[:2], sum(number for _, number in _dilations(96)), _dilations(1)
    ([(1, 34), (2, 19)], 119, [(1, 119)])
    """
    most = np.log2(max(1.0, (length - 1) / (KERNEL - 1)))
    places = np.floor(2 ** np.linspace(0, most, DILATIONS)).astype(int)
    dilations, counts = np.unique(places, return_counts=True)
    each = SHARES // len(KERNELS)
    numbers = counts * each // DILATIONS
    numbers[: each - numbers.sum()] += 1
    if (rest := each - numbers.sum()) > 0:
        numbers[0] += rest
    return [(int(dilation), int(number)) for dilation, number in zip(dilations, numbers, strict=True) if number]


def _several(channels: int, rng: np.random.Generator) -> int:
    """Return how many channels a kernel adds up: one to nine, each doubling as likely."""
    return int(2 ** rng.uniform(0, np.log2(min(channels, KERNEL) + 1)))


def _answers(kernel: Kernel, signals: Padded) -> tuple[np.ndarray, np.ndarray]:
    """Return a kernel's answers (n, T), and which of its steps count (n, T)."""
    x = signals.x[:, kernel.channels].sum(1)  # (n, T): the sum of what it answers to each channel
    steps, reach = np.arange(x.shape[1]), kernel.dilation * (KERNEL // 2)
    around = np.pad(x, ((0, 0), (reach, reach)))
    answers = np.zeros_like(x)
    for place in range(KERNEL):
        first = place * kernel.dilation
        answers += (2 if place in kernel.at else -1) * around[:, first : first + x.shape[1]]
    lengths = signals.lengths[:, None]
    whole = (steps >= reach) & (steps < lengths - reach)
    return answers, (steps < lengths) & (whole | kernel.around | (lengths <= 2 * reach))
