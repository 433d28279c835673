"""What a network sees at once of a signal: all of it, or of a long one its first window."""

from __future__ import annotations

from typing import Any

import numpy as np


def first_window(signal: np.ndarray, rule: Any) -> np.ndarray:
    """Return a signal (T, C) as far as a network sees it at once; ``rule`` is the network's transform.

    >>> from types import SimpleNamespace
    >>> first_window(np.zeros((9, 1)), SimpleNamespace(window=4)).shape, first_window(np.zeros((9, 1)), None).shape
    ((4, 1), (9, 1))
    """
    return signal[: getattr(rule, "window", None)]
