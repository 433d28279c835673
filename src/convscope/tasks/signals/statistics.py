"""What a few numbers tell of a signal: its level, spread, range, changes and rhythm, one channel after the other."""

from __future__ import annotations

import numpy as np

from convscope.tasks.signals.padded import Padded

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
NAMES = (
    "mean", "standard deviation", "least", "largest", *(f"quantile {q:g}" for q in QUANTILES), "skewness", "kurtosis",
    "slope", "mean change", "standard deviation of changes", "crossings of the mean", "lag-1 correlation",
    "spectral centre", "strongest frequency",
)  # fmt: skip


def statistics(signals: Padded) -> np.ndarray:
    """Return the numbers (n, C * 18 + 1) float32 of each signal; the last is the logarithm of its length."""
    rows = [
        [*np.ravel([_of(channel[:length]) for channel in x]), np.log(length)]
        for x, length in zip(signals.x.astype(np.float64), signals.lengths.tolist(), strict=True)
    ]
    return np.array(rows, np.float32)


def _of(x: np.ndarray) -> list[np.floating | float]:
    """Return the numbers of one channel (T,), in the order of ``NAMES``."""
    mean, std = x.mean(), x.std()
    apart = (x - mean) / (std if std > 1e-12 else 1.0)
    changes = np.diff(x) if len(x) > 1 else np.zeros(1)
    steps = np.linspace(-1, 1, len(x)) if len(x) > 1 else np.zeros(1)
    power = np.abs(np.fft.rfft(apart)) ** 2
    power /= max(power.sum(), 1e-12)
    places = np.linspace(0, 1, len(power))
    crossings = np.mean(np.diff(apart > 0)) if len(x) > 1 else 0.0
    return [
        mean, std, x.min(), x.max(), *np.quantile(x, QUANTILES), (apart**3).mean(), (apart**4).mean(),
        (apart * steps).mean(), np.abs(changes).mean(), changes.std(), float(crossings),
        float((apart[1:] * apart[:-1]).mean()) if len(x) > 1 else 0.0, power @ places, places[power.argmax()],
    ]  # fmt: skip
