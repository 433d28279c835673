"""Values that are missing within signals."""

from __future__ import annotations

import numpy as np


def filled(signal: np.ndarray) -> np.ndarray:
    """Return a signal (T, C) whose missing values lie on the line between their neighbours; at its ends the nearest.

    A channel without any value becomes 0.

    >>> filled(np.array([[np.nan], [1], [np.nan], [np.nan], [4]], np.float32))[:, 0].tolist()
    [1.0, 1.0, 2.0, 3.0, 4.0]
    """
    lacking = ~np.isfinite(signal)
    if not lacking.any():
        return signal
    whole, steps = signal.copy(), np.arange(len(signal))
    for channel in np.flatnonzero(lacking.any(0)).tolist():
        gap = lacking[:, channel]
        known = signal[~gap, channel]
        whole[gap, channel] = np.interp(steps[gap], steps[~gap], known) if len(known) else 0
    return whole
