"""Receptive fields without borders, along one axis: they repeat from period to period of units.

Behind an ordinary convolution every unit sees the same, a step further on. Behind a transposed one or an upsampling
a few kinds of units alternate, and so they do in all layers after it, until a stride meets one kind only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from convscope.ops.axes import Link

NOTHING = 2**40  # the first position of an empty span
LONGEST = 1024  # units in a period


@dataclass(frozen=True)
class AxisField:
    """The receptive field along one axis; None for what has no number. ``stride`` 0: all units see the same."""

    size: int | None
    stride: int | Fraction | None
    start: int | None


@dataclass(frozen=True, eq=False)
class Periodic:
    """What units see along an axis without borders: unit u what unit u - n sees, ``advance`` on (a period of n).

    ``first`` and ``last`` (n,): the positions that units 0 to n - 1 see first and last; a first that is larger than the
    last: nothing. ``advance`` None: in no such order, only the sizes are known.
    """

    first: np.ndarray
    last: np.ndarray
    advance: int | None

    @property
    def field(self) -> AxisField:
        """The numbers for people."""
        sees = self.last >= self.first
        if not sees.any():
            return AxisField(None, None, None)
        size = int((self.last - self.first)[sees].max()) + 1
        if self.advance is None:
            return AxisField(size, None, None)
        stride = Fraction(self.advance, len(self.first))
        return AxisField(size, int(stride) if stride.denominator == 1 else stride, int(self.first[sees][0]))

    def past(self, link: Link) -> Periodic | None:
        """Return what the outputs of a link see of what its inputs see."""
        n, advance = len(self.first), self.advance
        if link.nominal is None or advance is None:
            return None
        often = n // math.gcd(n, link.advance)  # until the link begins again at the first unit
        if often * len(link.nominal) > LONGEST:
            return None
        taps = [line + turn * link.advance for turn in range(often) for line in link.nominal]
        first = [(self.first[at % n] + at // n * advance).min(initial=NOTHING) for at in taps]
        last = [(self.last[at % n] + at // n * advance).max(initial=-NOTHING) for at in taps]
        return Periodic(np.array(first), np.array(last), often * link.advance // n * advance).shortest()

    def shortest(self) -> Periodic:
        """Return the same with as few units as possible."""
        n, advance = len(self.first), self.advance
        if advance is None:
            return self
        for fewer in range(1, n):
            if n % fewer == 0 and advance * fewer % n == 0:
                shorter = Periodic(self.first[:fewer], self.last[:fewer], advance * fewer // n)
                again = shorter.repeated(n // fewer)
                if np.array_equal(again.first, self.first) and np.array_equal(again.last, self.last):
                    return shorter
        return self

    def repeated(self, times: int) -> Periodic:
        """Return the same with ``times`` as many units."""
        assert self.advance is not None
        further = np.repeat(np.arange(times), len(self.first)) * self.advance
        return Periodic(np.tile(self.first, times) + further, np.tile(self.last, times) + further, times * self.advance)

    def united(self, other: Periodic) -> Periodic | None:
        """Return what the units of two branches see together; None where they step differently."""
        n, m = len(self.first), len(other.first)
        if self.advance is None or other.advance is None:
            return None
        if self.advance * m != other.advance * n or math.lcm(n, m) > LONGEST:
            return None
        a, b = self.repeated(math.lcm(n, m) // n), other.repeated(math.lcm(n, m) // m)
        return Periodic(np.minimum(a.first, b.first), np.maximum(a.last, b.last), a.advance).shortest()
