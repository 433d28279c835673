"""Regions as COCO writes them: polygons, and run lengths plain or compressed into text.

A region is returned as the numbers of its pixels in an image (H, W), counted row by row. A pixel belongs to a polygon
when its centre lies inside; pixel (0, 0) covers 0..1 along both axes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convscope.data.decode.encoded import Unreadable


def polygon_pixels(parts: Sequence[Sequence[float]], height: int, width: int) -> np.ndarray:
    """Return the pixels of polygons, each x, y, x, y, ...; one that lies within another is a hole in it.

    >>> polygon_pixels([[0, 0, 3, 0, 3, 3, 0, 3], [1, 1, 2, 1, 2, 2, 1, 2]], 3, 3).tolist()
    [0, 1, 2, 3, 5, 6, 7, 8]

    Raises:
        Unreadable: fewer than three points, half a point, what is no number, or nothing within the image.
    """
    _check_inside(parts, height, width)
    region = np.zeros((height, width), bool)
    planes = sorted((_inside(part, height, width) for part in parts), key=lambda plane: -int(plane.sum()))
    for plane in planes:
        if plane.any():
            hole = region[plane].all()
            region[plane] = not hole
    return np.flatnonzero(region)


def _points(part: Sequence[float]) -> np.ndarray:
    """Return the corners (n, 2), x and y, of one polygon."""
    try:
        points = np.array(part, np.float64).reshape(-1, 2)
    except (TypeError, ValueError):
        raise Unreadable(f"a polygon of the points {str(part)[:60]}; expected x, y, x, y, ...") from None
    if not np.isfinite(points).all():
        raise Unreadable(f"a polygon of the points {str(part)[:60]}; expected numbers")
    if len(points) < 3:
        raise Unreadable(f"a polygon of {len(points)} points; expected three or more, x, y, x, y, ...")
    return points


def _check_inside(parts: Sequence[Sequence[float]], height: int, width: int) -> None:
    """Refuse polygons drawn for another image, or in other units: all of them beside this one."""
    points = np.concatenate([_points(part) for part in parts])
    (left, top), (right, bottom) = points.min(0), points.max(0)
    if right < 0 or bottom < 0 or left > width or top > height:
        raise Unreadable(
            f"a polygon outside the image: x from {left:g} to {right:g}, y from {top:g} to {bottom:g}, in an image "
            f"{width:,} wide and {height:,} high"
        )


def _inside(part: Sequence[float], height: int, width: int) -> np.ndarray:
    """Return which pixels have their centre inside one polygon, (H, W): an odd number of edges on its left."""
    points = _points(part)
    inside = np.zeros((height, width + 1), bool)
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        low, high = sorted((y0, y1))
        # rows whose centre, r + 0.5, lies in [low, high)
        rows = np.arange(max(0, int(np.ceil(low - 0.5))), min(height, int(np.ceil(high - 0.5))))
        if len(rows):
            x = x0 + (rows + 0.5 - y0) * (x1 - x0) / (y1 - y0)
            columns = np.clip(np.ceil(x - 0.5), 0, width).astype(int)
            np.logical_xor.at(inside, (rows, columns), True)
    return np.logical_xor.accumulate(inside, axis=1)[:, :width]


def run_lengths(text: str | bytes) -> list[int]:
    """Return the run lengths in COCO's compressed text: six bits a letter, from the third on less that two before.

    >>> run_lengths("52203")
    [5, 2, 2, 2, 5]
    """
    values: list[int] = []
    number = shift = 0
    for letter in text.encode() if isinstance(text, str) else text:
        bits = letter - 48
        number |= (bits & 0x1F) << shift
        shift += 5
        if not bits & 0x20:
            if bits & 0x10:
                number -= 1 << shift
            values.append(number + (values[-2] if len(values) > 2 else 0))
            number = shift = 0
    return values


def run_pixels(counts: Sequence[int], height: int, width: int) -> np.ndarray:
    """Return the pixels of run lengths, of nothing and of the region in turn, column by column.

    >>> run_pixels([1, 2, 3], 2, 3).tolist()
    [1, 3]

    Raises:
        Unreadable: they do not add up to the image, or are no whole numbers.
    """
    try:
        runs = np.array(counts, np.int64)
    except (TypeError, ValueError, OverflowError):
        raise Unreadable(f"run lengths of the form {str(counts)[:60]}; expected whole numbers") from None
    if (runs < 0).any() or runs.sum() != height * width:
        raise Unreadable(f"run lengths of {runs.sum():,} pixels; expected {width:,} × {height:,} = {height * width:,}")
    inside = np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(width, height)
    return np.flatnonzero(inside.T)
