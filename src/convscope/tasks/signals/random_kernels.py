"""Random kernels: how often each of many fixed kernels answers above a threshold, and ridge regression on that.

The idea is MiniRocket's (Dempster, Schmidt and Webb 2021): the 84 kernels of nine weights -1 or 2 that add up to 0, at
dilations up to the length of a signal; of each the share of steps at which it exceeds a threshold, thresholds being
quantiles of its answers to training signals. Only the thresholds and, of several channels, which are added up are
drawn at random. About 10,000 shares describe a signal.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np

from convscope.tasks.signals.minirocket import LENGTH, PLACES
from convscope.tasks.signals.padded import Padded

SHARES = 9_996  # of a signal at most: 119 of each kernel
DILATIONS = 32
GOLDEN = (np.sqrt(5) + 1) / 2
VALUES = 1 << 17  # values at a time: what a core keeps at hand
CALLS, VALUE = 3e-6, 4e-9  # seconds for a kernel and a signal, and for each of its values
MOST = 4_096  # steps of a signal that are counted, about: a share of so many is known to a hundredth


@dataclass(frozen=True)
class Kernel:
    """Where the weight is 2, the ``dilation``, which channels are added up, and the thresholds (k,).

    ``around`` says that steps count whose window reaches over an end of the signal, too; zeros stand there. Of long
    signals one step in ``every`` is looked at.
    """

    at: tuple[int, ...]
    dilation: int
    channels: np.ndarray
    thresholds: np.ndarray
    around: bool
    every: int = 1


def drawn(signals: Padded, seed: int) -> list[Kernel]:
    """Return the kernels for signals like these.

    Of signals of more than ``MOST`` steps every second, third, ... is looked at, so that about as many are.
    """
    rng = np.random.default_rng(seed)
    usual = int(np.median(signals.lengths))
    dilations = _dilations(usual)
    quantiles = (np.arange(1, SHARES + 1) * GOLDEN) % 1  # evenly over 0..1, whatever part of them is taken
    channels = signals.x.shape[1]
    kernels, taken = [], 0
    for (row, (dilation, number)), (column, at) in itertools.product(enumerate(dilations), enumerate(PLACES)):
        chosen = np.sort(rng.permutation(channels)[: _several(channels, rng)])
        one = signals.part(np.array([rng.integers(len(signals.x))]))
        around = (row + column) % 2 == 0
        every = max(1, -(-(usual if around else usual - 2 * reach_of(dilation)) // MOST))
        kernel = Kernel(at, dilation, chosen, np.zeros(number), around, every)
        dilated = Dilated(one, kernel)
        answers = dilated.answers(kernel)[dilated.counted]
        thresholds = np.quantile(answers, quantiles[taken : taken + number]).astype(np.float32)
        kernels.append(replace(kernel, thresholds=thresholds))
        taken += number
    return kernels


def shares(signals: Padded, kernels: list[Kernel]) -> np.ndarray:
    """Return the shares (n, d) float32 of the steps of each signal at which a kernel exceeds its thresholds.

    >>> signals = Padded(np.arange(12, dtype=np.float32).reshape(1, 1, 12), np.array([12]))
    >>> kernel = Kernel((3, 4, 5), 1, np.array([0]), np.array([-1.0, 1.0]), around=False)
    >>> shares(signals, [kernel]).tolist()  # on a line the weights -1 and 2 add up to 0
    [[1.0, 0.0]]
    """
    n, channels, steps = signals.x.shape
    table = np.empty((n, sum(len(kernel.thresholds) for kernel in kernels)), np.float32)
    size = max(1, VALUES // (channels * min(steps, MOST)))
    for first in range(0, n, size):
        part, at = signals.part(slice(first, first + size)), 0
        for _, alike in itertools.groupby(kernels, lambda kernel: kernel.dilation):
            dilated: dict[bool, Dilated] = {}
            for kernel in alike:
                if kernel.around not in dilated:
                    dilated[kernel.around] = Dilated(part, kernel)
                width = len(kernel.thresholds)
                table[first : first + size, at : at + width] = dilated[kernel.around].shares_above(kernel)
                at += width
    return table


def seconds_for(channels: int, steps: int) -> float:
    """Return how long the shares of one signal take, about: measured on one core of 2.5 GHz.

    >>> round(seconds_for(1, 100), 3), round(seconds_for(1, 4_000), 3), round(seconds_for(1, 1_000_000), 3)
    (0.003, 0.043, 0.05)
    """
    kernels = len(PLACES) * len(_dilations(steps))
    every = -(-steps // MOST)
    return kernels * (CALLS + VALUE * channels**0.5 * steps / every)


def reach_of(dilation: int) -> int:
    """Return how many steps a kernel sees to either side of the one that it answers."""
    return dilation * (LENGTH // 2)


class Dilated:
    """What kernels of one dilation have in common that count ``around`` the ends of signals (n, C, T), or do not.

    A kernel's answer is three times the sum of the three steps where its weight is 2, less the sum of all nine.
    ``like`` is one of these kernels. Which steps of a signal are looked at depends on no other signal.
    """

    def __init__(self, signals: Padded, like: Kernel):
        reach, every = reach_of(like.dilation), like.every
        length, lengths = signals.x.shape[2], signals.lengths[:, None]
        short = lengths - 2 * reach < every  # no window that lies within the signal is looked at: all are
        inside = not like.around and not short.any()
        begin = -(-reach // every) * every if inside else 0
        end = length - reach if inside else length
        values = signals.x if inside else np.pad(signals.x, ((0, 0), (0, 0), (reach, reach)))
        shift = begin - reach if inside else 0  # of the first weight, in ``values``
        firsts = range(shift, shift + LENGTH * like.dilation, like.dilation)
        self.shifted = [np.ascontiguousarray(values[:, :, at : at + end - begin : every]) for at in firsts]
        self.total = sum(self.shifted[1:], self.shifted[0])  # (n, C, steps)
        at = np.arange(begin, end, every)
        whole = (at >= reach) & (at < lengths - reach)
        self.counted = (at < lengths) & (whole | like.around | short)  # (n, steps)
        self.number = self.counted.sum(1, keepdims=True)
        self.aside = None if self.counted.all() else ~self.counted

    def answers(self, kernel: Kernel) -> np.ndarray:
        """Return a kernel's answers (n, steps)."""
        channels = kernel.channels
        if len(channels) == 1:
            first, second, third, total = (
                each[:, channels[0]] for each in (*(self.shifted[at] for at in kernel.at), self.total)
            )
            return 3 * (first + second + third) - total
        first, second, third = (self.shifted[place][:, channels] for place in kernel.at)
        return (3 * (first + second + third) - self.total[:, channels]).sum(1)

    def shares_above(self, kernel: Kernel) -> np.ndarray:
        """Return the shares (n, k) of the steps that count at which a kernel exceeds its thresholds."""
        answers = self.answers(kernel)
        if self.aside is not None:
            answers[self.aside] = -np.inf
        answers.sort(axis=1)  # so that a signal's answers are compared with all thresholds at once
        below = [np.searchsorted(row, kernel.thresholds, side="right") for row in answers]
        return (answers.shape[1] - np.array(below)) / self.number


def _dilations(length: int) -> list[tuple[int, int]]:
    """Return pairs of a dilation and how many thresholds each kernel has there.

    >>> _dilations(96)[:2], sum(number for _, number in _dilations(96)), _dilations(1)
    ([(1, 34), (2, 19)], 119, [(1, 119)])
    """
    most = np.log2(max(1.0, (length - 1) / (LENGTH - 1)))
    places = np.floor(2 ** np.linspace(0, most, DILATIONS)).astype(int)
    dilations, counts = np.unique(places, return_counts=True)
    each = SHARES // len(PLACES)
    numbers = counts * each // DILATIONS
    numbers[: each - numbers.sum()] += 1
    if (rest := each - numbers.sum()) > 0:
        numbers[0] += rest
    return [(int(dilation), int(number)) for dilation, number in zip(dilations, numbers, strict=True) if number]


def _several(channels: int, rng: np.random.Generator) -> int:
    """Return how many channels a kernel adds up: one to nine, each doubling as likely."""
    return int(2 ** rng.uniform(0, np.log2(min(channels, LENGTH) + 1)))
