"""The warping error: how much of a disagreement is more than a boundary that lies a little elsewhere.

Jain et al., Boundary learning by optimization with topological constraints, CVPR 2010. The true mask is warped towards
the predicted one by flipping simple points, those that change no topology: no object splits, merges, comes or goes,
and no hole either. The pixels in which the two still differ are the error. Objects are 4-connected, what lies between
them is 8-connected, and outside of the image there are no objects, as in the ISBI 2012 challenge's script. Two axes
only. The search is greedy: the result depends somewhat on the order of flips; the most confident predictions come
first.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache

import numpy as np
from scipy import ndimage

from convscope.errors import ShapeError
from convscope.tasks.metrics.masks.contingency import same_shape

AROUND = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))  # bit k of a neighbourhood


def warping_error(
    truth: np.ndarray,
    predicted: np.ndarray,
    *,
    confidence: np.ndarray | None = None,
    valid: np.ndarray | None = None,
) -> float:
    """Return the fraction of pixels that no warping of the truth explains; NaN where no pixel is ``valid``.

    ``truth`` and ``predicted`` (H, W) bool; others as ``warped``.

    >>> truth = np.array([[1, 1, 0, 1, 1, 1]] * 3, bool)
    >>> shifted, merged = np.roll(truth, 1, axis=1), np.ones((3, 6), bool)
    >>> shifted[:, 0] = True  # the left object is one pixel wider
    >>> round(warping_error(truth, shifted), 3), round(warping_error(truth, merged), 3)
    (0.0, 0.167)
    """
    remaining = warped(truth, predicted, confidence=confidence, valid=valid) != np.asarray(predicted, bool)
    return float(remaining.mean() if valid is None else remaining[valid].mean() if valid.any() else np.nan)


def warped(
    truth: np.ndarray,
    predicted: np.ndarray,
    *,
    confidence: np.ndarray | None = None,
    valid: np.ndarray | None = None,
) -> np.ndarray:
    """Return the truth (H, W) bool, moved towards the prediction as far as its topology allows.

    Pixels of high ``confidence`` (H, W) are tried first, such as |probability - threshold|; without it row by row. Only
    ``valid`` pixels (H, W) are ever moved. Raises ``ShapeError`` unless both masks have the same two axes.
    """
    truth, predicted = np.asarray(truth, bool), np.asarray(predicted, bool)
    same_shape(truth, predicted)
    if truth.ndim != 2:
        raise ShapeError(f"the warping error is defined for two axes, found a mask of shape {truth.shape}")
    wrong = (truth != predicted) & (True if valid is None else valid)
    width = truth.shape[1] + 2
    source, wrong_ones = (bytearray(np.pad(mask, 1).tobytes()) for mask in (truth, wrong))
    at = np.flatnonzero(np.pad(wrong, 1))
    if confidence is not None:
        at = at[np.argsort(-confidence[wrong], kind="stable")]
    _flip_simple(source, wrong_ones, at.tolist(), tuple(dy * width + dx for dy, dx in AROUND))
    return np.frombuffer(source, bool).reshape(-1, width)[1:-1, 1:-1]


def _flip_simple(source: bytearray, wrong: bytearray, order: list[int], around: tuple[int, ...]) -> None:
    """Flip, in place, each wrong pixel when it is a simple point; try again when a pixel next to it was flipped."""
    simple, waiting, queued = simple_points(), deque(order), bytearray(wrong)
    a, b, c, d, e, f, g, h = around
    while waiting:
        p = waiting.popleft()
        queued[p] = 0
        code = (
            (source[p + a] | source[p + b] << 1 | source[p + c] << 2 | source[p + d] << 3)
            | (source[p + e] << 4 | source[p + f] << 5 | source[p + g] << 6 | source[p + h] << 7)
        )  # fmt: skip
        if simple[code]:
            source[p] ^= 1
            wrong[p] = 0
            for step in around:
                if wrong[p + step] and not queued[p + step]:
                    queued[p + step] = 1
                    waiting.append(p + step)


@lru_cache(maxsize=1)
def simple_points() -> bytes:
    """Return for each of the 256 neighbourhoods of a pixel whether flipping it leaves the topology as it is.

    It does if, among the eight neighbours, exactly one 4-connected piece of objects touches the pixel's sides and
    exactly one 8-connected piece of the rest touches the pixel (Bertrand and Malandain 1994).

    >>> simple_points()[0b00000010], simple_points()[0], simple_points()[0b00011000]
    (1, 0, 0)
    """
    return bytes(_is_simple(code) for code in range(256))


def _is_simple(code: int) -> bool:
    objects = np.zeros((3, 3), bool)
    for bit, (dy, dx) in enumerate(AROUND):
        objects[1 + dy, 1 + dx] = code >> bit & 1
    rest = ~objects
    rest[1, 1] = False
    pieces = np.zeros((3, 3), np.int32)
    ndimage.label(objects, output=pieces)
    beside = pieces[[0, 1, 1, 2], [1, 0, 2, 1]]
    ndimage.label(rest, np.ones((3, 3)), output=pieces)
    return len(set(beside[beside > 0])) == 1 == int(pieces.max())
