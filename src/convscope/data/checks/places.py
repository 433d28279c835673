"""Do points lie in their images? Those outside are kept; where all lie better with x and y exchanged, they are so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from convscope.data.dataset import Notice
from convscope.text import EXAMPLES, count, listed

SOME = 0.02  # of the points outside, from which on it is asked whether x and y are exchanged
FAR_FEWER = 0.25  # of those remain outside when they are


def check_places(points: np.ndarray, heights: np.ndarray, widths: np.ndarray, ids: Sequence[str]) -> Iterator[Notice]:
    """Notice points (n, K, 2) outside of images of these heights and widths (n,), and points given as (row, column)."""
    known = np.isfinite(points).all(axis=2)
    size = np.stack([widths, heights], axis=1)[:, None, :]
    beyond = _beyond(points, size)
    outside, exchanged = known & (beyond > 0), known & (_beyond(points[..., ::-1], size) > 0)
    number = int(outside.sum())
    if not number:
        return
    if number > SOME * known.sum() and exchanged.sum() <= FAR_FEWER * number:
        text = (
            f"{number:,} of {int(known.sum()):,} points lie outside of their images, but only {int(exchanged.sum()):,} "
            "when x and y change places: they seem to be given as (row, column); exchange them, so that x counts "
            "columns and y rows"
        )
        yield Notice("points-exchanged", text, tuple(map(str, np.asarray(ids)[outside.any(axis=1)][:EXAMPLES])))
        return
    rows = np.flatnonzero(outside.any(axis=1))
    worst = rows[np.argsort(-np.where(known, beyond, 0).max(axis=1)[rows], kind="stable")]
    said = listed((f"{ids[row]} by {_pixels(np.where(known, beyond, 0)[row].max())} pixels" for row in worst), 3)
    text = (
        f"{count(number, 'point')} in {count(len(rows), 'image')} outside of the image ({said}): they are learned and "
        "scored as they are; leave out, as empty cells or NaN, what is not known"
    )
    yield Notice("points-outside", text, tuple(str(ids[row]) for row in worst[:EXAMPLES]))


def _pixels(distance: float) -> str:
    return f"{distance:,.0f}" if distance >= 10 else f"{distance:.2g}"


def _beyond(points: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return how many pixels each point (n, K) lies beyond a border of its image, 0 within; NaN where it is missing.

    The first pixel's centre may be called 0 or 0.5: what lies within in either way of counting is no news.
    """
    return np.maximum(np.maximum(-0.5 - points, points - size), 0).max(axis=2)
