"""Signals that step up, step down, or do both: what a convolution with the kernel (-1, 1) sees at once.

The third class holds the signal with which the sequence lab introduces convolution: ten zeros, five ones, ten zeros.
``lab_pulse`` returns that very signal. The mean of a signal does not tell its class, and neither does any one value:
pulses go up or down, and the places are random.
"""

from __future__ import annotations

import numpy as np

LENGTH = 25
CLASSES = ("rise", "fall", "pulse")
NOISE = 0.1
_EDGE = 3  # steps at least from a step to the next, and to both ends


def make(seed: int, count: int = 2_000) -> tuple[np.ndarray, np.ndarray]:
    """Return signals (count, 25, 1) float32, of 0 and 1 with noise N(0, 0.1), and labels (count,)."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.arange(count) % len(CLASSES))
    clean = np.zeros((count, LENGTH))
    for signal, label in zip(clean, labels.tolist(), strict=True):
        if CLASSES[label] == "pulse":
            first = random.integers(_EDGE, LENGTH - 2 * _EDGE + 1)
            last = random.integers(first + _EDGE, LENGTH - _EDGE + 1)
            signal[first:last] = 1
        else:
            signal[random.integers(_EDGE, LENGTH - _EDGE + 1) :] = 1
        downwards = random.random() < 0.5 if CLASSES[label] == "pulse" else CLASSES[label] == "fall"
        if downwards:
            signal[:] = 1 - signal
    noisy = clean + random.normal(0, NOISE, clean.shape)
    return noisy.astype(np.float32)[..., None], labels.astype(np.int64)


def lab_pulse() -> np.ndarray:
    """Return the lab's own signal, (25,) float: ten zeros, five ones, ten zeros.

    >>> from convscope.ops import correlate
    >>> edges = correlate(lab_pulse()[None, None], np.array([[[-1.0, 1.0]]]))[0, 0]
    >>> edges.shape, np.flatnonzero(edges).tolist(), edges[[9, 14]].tolist()
    ((24,), [9, 14], [1.0, -1.0])
    """
    return np.repeat([0.0, 1.0, 0.0], (10, 5, 10))
