"""A mean over examples with its 95 % interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convscope.tasks.metrics.bootstrap import interval, weights

RESAMPLES = 1000


@dataclass(frozen=True)
class Estimate:
    """The mean of ``count`` examples and the ends of its 95 % bootstrap interval.

    ``None`` stands where there is none: without examples, and for the ends where all examples agree.
    """

    value: float | None
    low: float | None
    high: float | None
    count: int

    def __str__(self) -> str:
        if self.value is None:
            return "n/a"
        return f"{self.value:.2f}" if self.low is None else f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"

    @property
    def words(self) -> str:
        """The mean with two decimals, never "-0.00"; "n/a" where there is none."""
        return "n/a" if self.value is None else f"{self.value:z.2f}"

    @property
    def above_zero(self) -> bool:
        """Whether the whole interval lies above 0; without one, whether the value that all agree on does."""
        end = self.value if self.low is None else self.low
        return end is not None and end > 0

    @property
    def below_zero(self) -> bool:
        """Whether the whole interval lies below 0; without one, whether the value that all agree on does."""
        end = self.value if self.high is None else self.high
        return end is not None and end < 0


def mean_of(values: np.ndarray, seed: int = 0) -> Estimate:
    """Return the mean of values (n,), one an example, with its interval over the examples; NaN are left out.

    >>> mean_of(np.array([1.0, 3.0, np.nan])).value, str(mean_of(np.array([2.0, 2.0])))
    (2.0, '2.00')
    """
    known = values[np.isfinite(values)].astype(np.float64)
    if not len(known):
        return Estimate(None, None, None, 0)
    drawn = np.concatenate([*weights(len(known), RESAMPLES, seed)], axis=1)  # (n, resamples)
    low, high = (float(end) for end in interval(known @ drawn / len(known), known.mean()))
    ends = (low, high) if np.isfinite(low) else (None, None)
    return Estimate(float(known.mean()), *ends, len(known))
