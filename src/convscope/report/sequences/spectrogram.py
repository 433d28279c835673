"""How strong each frequency of a signal is at each time."""

from __future__ import annotations

import numpy as np
from scipy.signal import ShortTimeFFT

WINDOW, FLOOR = 0.032, -80.0  # seconds that are looked at together; decibels below the strongest that are told apart
FEWEST = 64  # steps of a window
AUDIBLE = 1_000.0  # steps a second, from which on a signal is heard rather than looked at


def decibels(signal: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return frequencies (F,) in hertz, times (S,) in seconds, and levels (F, S) in decibels below the strongest.

    A level is the squared amplitude of the short-time Fourier transform of a signal (T,) in Hann windows of 32 ms,
    three quarters of which overlap; what lies more than 80 dB below the strongest is drawn as that.
    """
    width = min(len(signal), max(FEWEST, round(WINDOW * rate)))
    transform = ShortTimeFFT(np.hanning(width + 1)[:-1], hop=max(1, width // 4), fs=rate)
    power = np.abs(transform.stft(np.asarray(signal, np.float64))) ** 2
    strongest = float(power.max()) or 1.0
    levels = 10 * np.log10(np.maximum(power / strongest, 10 ** (FLOOR / 10)))
    return transform.f, transform.t(len(signal)), levels


def heard(rate: float | None, steps: int) -> bool:
    """Return whether a signal is one that a spectrogram says something of: a sound, or as fast as one."""
    return rate is not None and rate >= AUDIBLE and steps >= 4 * FEWEST
