"""Which frames of a clip are seen: so many, at even distances."""

from __future__ import annotations

import numpy as np

MOST = 16  # frames that are seen where nobody says how many, as most published networks see


def sampled(length: int, wanted: int) -> np.ndarray:
    """Return the positions (wanted,) of the frames that are seen of so many: the middles of equal parts.

    Of a shorter clip some frames are seen twice.

    >>> sampled(12, 4).tolist(), sampled(4, 4).tolist(), sampled(2, 4).tolist()
    ([1, 4, 7, 10], [0, 1, 2, 3], [0, 0, 1, 1])
    """
    return (2 * np.arange(wanted) + 1) * length // (2 * wanted)


def usual(lengths: np.ndarray) -> int:
    """Return how many frames are seen where nobody says it: those of the clip in the middle, at most ``MOST``.

    >>> usual(np.array([12, 12, 12])), usual(np.array([8, 40, 300]))
    (12, 16)
    """
    return min(MOST, int(np.median(lengths)))
