"""Recordings in WAV files as signals, and signals brought to another rate."""

from __future__ import annotations

import io
import warnings
from fractions import Fraction

import numpy as np

from convscope.data.decode.encoded import Unreadable
from convscope.data.decode.wav_header import AGAIN, SAVE, fault_of_wav
from convscope.text import count

MOST = 10_000  # steps of a signal for which two rates are told apart


def read_wav(content: bytes) -> tuple[np.ndarray, int]:
    """Return the values (T, C) float32 of a WAV file, whole numbers scaled to -1..1, and its rate in steps a second.

    Raises ``Unreadable`` for a file that is damaged, cut short, compressed, none, or without a sample.
    """
    if (fault := fault_of_wav(content)) is not None:
        raise Unreadable(fault)
    from scipy.io import wavfile

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # chunks beside the sound
            rate, values = wavfile.read(io.BytesIO(content))
    except Exception as error:  # whatever the reader raises on bytes is a verdict on these bytes
        why = str(error) or type(error).__name__
        raise Unreadable(f"cannot be read as a WAV file, though its header can ({why}): {SAVE}") from None
    values = values[:, None] if values.ndim == 1 else values
    if not len(values):
        raise Unreadable(f"holds no sample: {AGAIN}, or remove it")
    if values.dtype.kind in "iu":
        middle, half = (128, 128) if values.dtype == np.uint8 else (0, -float(np.iinfo(values.dtype).min))
        values = (values.astype(np.float64) - middle) / half
    if odd := int(np.sum(~np.isfinite(values))):
        first = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
        raise Unreadable(
            f"holds {count(odd, 'value')} that {'is' if odd == 1 else 'are'} NaN or infinite, the first at step "
            f"{first + 1:,} ({first / rate:.3g} s): write numbers there, or cut them out"
        )
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
