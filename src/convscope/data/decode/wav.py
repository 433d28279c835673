"""Recordings in WAV files as signals, and signals brought to another rate."""

from __future__ import annotations

import io
import warnings
from fractions import Fraction

import numpy as np

from convscope.data.decode.encoded import Unreadable

MOST = 10_000  # steps of a signal for which two rates are told apart


def read_wav(content: bytes) -> tuple[np.ndarray, int]:
    """Return the values (T, C) float32 of a WAV file, whole numbers scaled to -1..1, and its rate in steps a second.

    Raises ``Unreadable`` for a file that is damaged, none, or without a sample.
    """
    from scipy.io import wavfile

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # chunks beside the sound
            rate, values = wavfile.read(io.BytesIO(content))
    except Exception as error:  # whatever the reader raises on bytes is a verdict on these bytes
        raise Unreadable(f"cannot be read as a WAV file ({error or type(error).__name__})") from None
    values = values[:, None] if values.ndim == 1 else values
    if not len(values):
        raise Unreadable("holds no sample")
    if values.dtype.kind in "iu":
        middle, half = (128, 128) if values.dtype == np.uint8 else (0, -float(np.iinfo(values.dtype).min))
        values = (values.astype(np.float64) - middle) / half
    if not np.isfinite(values).all():
        raise Unreadable("holds values that are not finite (NaN or infinite)")
    return values.astype(np.float32), int(rate)


def resampled(values: np.ndarray, rate: float | None, wanted: float | None) -> np.ndarray:
    """Return values (T, C) at another rate, filtered so that nothing folds back; as they are where none is known.

    >>> resampled(np.zeros((800, 1), np.float32), 16000, 8000).shape
    (400, 1)
    """
    if rate is None or wanted is None or rate == wanted:
        return values
    from scipy.signal import resample_poly

    ratio = Fraction(wanted / rate).limit_denominator(MOST)
    return resample_poly(values, ratio.numerator, ratio.denominator, axis=0).astype(np.float32)
