"""The interval of a plain proportion, for where the bootstrap collapses."""

from __future__ import annotations

import math


def wilson(successes: float, trials: float) -> tuple[float, float]:
    """Return the ends of the 95 % score interval of ``successes`` out of ``trials``; NaN without a trial.

    Wilson, Probable inference, the law of succession, and statistical inference, JASA 22, 1927.

    >>> [round(end, 3) for end in wilson(20, 20)]
    [0.839, 1.0]
    """
    if trials == 0:
        return math.nan, math.nan
    z2 = 1.959963984540054**2
    share = successes / trials
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = math.sqrt(z2 * (share * (1 - share) / trials + z2 / (4 * trials**2))) / (1 + z2 / trials)
    # None or all: the formula gives 0 or 1 there but for the last bits.
    return 0.0 if successes == 0 else centre - half, 1.0 if successes == trials else centre + half
