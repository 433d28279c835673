"""Which columns of a table are the x and y of points: ``nose_x, nose_y``, ``x1, y1``, ``part_0_x, part_0_y``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from convscope.data.dataset import Notice
from convscope.errors import DataError
from convscope.text import EXAMPLES, count, listed, part

FARTHEST = 1e6  # pixels: no image is as large
CODES = ((0.0, 0.0), (-1.0, -1.0))  # what some programs write for a point that is missing
OFTEN = 2  # rows with one code from which on it is told of

# nose_x, nose.x, nose x, nose-x | noseX | nose1x | x1, x_1, x_nose, x.nose | x
_BEHIND = re.compile(r"(?P<stem>.*?)(?:[_\-. ](?P<axis>[xyXY])|(?<=[a-z0-9])(?P<capital>[XY])|(?<=\d)(?P<digit>[xy]))")
_BEFORE = re.compile(r"(?P<axis>[xyXY])(?:[_\-. ]?(?P<number>\d+)|[_\-. ](?P<stem>.+))?")


@dataclass(frozen=True)
class PointColumns:
    """The points of a table: their names, and the columns of the x and of the y of each."""

    names: tuple[str, ...]
    x: tuple[str, ...]
    y: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, x and y of each point in turn."""
        return tuple(name for pair in zip(self.x, self.y, strict=True) for name in pair)


def axis_of(column: str) -> tuple[str, str] | None:
    """Return the name of the point and the axis that a column's name says, if it says one.

    >>> axis_of("part_0_x"), axis_of("x1"), axis_of("noseY"), axis_of("category")
    (('part_0', 'x'), ('1', 'x'), ('nose', 'y'), None)
    """
    name = column.strip()
    if matched := _BEFORE.fullmatch(name):
        return matched["number"] or matched["stem"] or "", matched["axis"].lower()
    if matched := _BEHIND.fullmatch(name):
        axis = matched["axis"] or matched["capital"] or matched["digit"]
        return matched["stem"], axis.lower()
    return None


def find(where: str, columns: Sequence[str]) -> PointColumns | None:
    """Return the points among a table's columns, in their order; ``None`` where no point has both an x and a y.

    Raises:
        DataError: a point has an x and no y, or the other way round, beside others that have both.
    """
    places: dict[str, dict[str, str]] = {}
    for column in columns:
        if told := axis_of(column):
            stem, axis = told
            places.setdefault(stem, {}).setdefault(axis, column)
    whole = {stem: axes for stem, axes in places.items() if len(axes) == 2}
    if not whole:
        return None
    half = [column for axes in places.values() if len(axes) == 1 for column in axes.values()]
    if half:
        other = {"x": "y", "y": "x"}
        lacking = [f"{name} (no {other[axis]})" for name in half if (axis := (axis_of(name) or ("", "x"))[1])]
        raise DataError(
            f"{where}: {count(len(half), 'column')} of coordinates without the other axis ({listed(lacking)}), beside "
            f"{count(len(whole), 'point')} with both: {2 * len(whole) + len(half)} columns; add what is missing, or "
            "give the column another name"
        )
    names = tuple(stem or "point" for stem in whole)
    return PointColumns(names, *(tuple(axes[axis] for axes in whole.values()) for axis in "xy"))


def checked(
    where: str, points: np.ndarray, names: Sequence[str], refs: Sequence[str]
) -> tuple[np.ndarray, list[Notice]]:
    """Return points (n, K, 2) as they are used, one that lacks x or y having neither, and what is to be told of them.

    ``refs`` are what the examples are called, such as "row 7".

    Raises:
        DataError: no point at all, half of one, one farther off than any image is large, all of them fractions of an
            image, or all the same in every row.
    """
    half = np.isfinite(points).any(axis=2) & ~np.isfinite(points).all(axis=2)
    if half.any():
        row, k = np.argwhere(half)[0]
        raise DataError(
            f"{where}, {refs[row]}: {names[k]} has an x or a y only ({count(int(half.sum()), 'point')} so); give "
            "both, or leave both empty"
        )
    _refuse_far(where, points, names, refs)
    known = np.asarray(np.isfinite(points).all(axis=2))
    if not known.any():
        raise DataError(f"{where}: no point is given in any of {len(points):,} rows; there is nothing to learn from")
    there = points[known]
    if np.abs(there).max() <= 1:
        raise DataError(
            f"{where}: all coordinates lie from {there.min():g} to {there.max():g}: fractions of the image, it seems, "
            "where pixels are expected; multiply x by the image's width and y by its height"
        )
    if len(points) > 1 and known.any(axis=1).sum() > 1 and _same(points, known):
        raise DataError(f"{where}: every point is at the same place in all rows: there is nothing to learn")
    return points, [*_missing(where, known, names), *_codes(where, points, names, refs)]


def _refuse_far(where: str, points: np.ndarray, names: Sequence[str], refs: Sequence[str]) -> None:
    far = np.argwhere((np.abs(points) > FARTHEST).any(axis=2)).tolist()
    if far:
        said = listed(
            (f"{refs[row]}: {names[k]} at ({points[row, k, 0]:g}, {points[row, k, 1]:g})" for row, k in far), 3
        )
        those = part(len(far), points[..., 0].size, "point", "is", "are")
        raise DataError(
            f"{where}: {those} beyond ±{FARTHEST:g} pixels ({said}); if it is a code for what is "
            "missing, leave both empty (NaN)"
        )


def _same(points: np.ndarray, known: np.ndarray) -> bool:
    low, high = np.where(known[..., None], points, np.inf).min(0), np.where(known[..., None], points, -np.inf).max(0)
    return bool((high - low)[known.any(0)].max() == 0)


def _missing(where: str, known: np.ndarray, names: Sequence[str]) -> list[Notice]:
    missing = ~known
    if not missing.any():
        return []
    by_point = sorted(zip(missing.sum(0).tolist(), names, strict=True), key=lambda each: -each[0])
    said = listed((f"{name} in {count(number, 'row')}" for number, name in by_point if number), 3)
    text = (
        f"{where}: {count(int(missing.sum()), 'point')} of {missing.size:,} missing ({said}): they are neither learned "
        "nor scored"
    )
    return [Notice("missing-points", text, tuple(name for number, name in by_point if number)[:EXAMPLES])]


def _codes(where: str, points: np.ndarray, names: Sequence[str], refs: Sequence[str]) -> list[Notice]:
    """Tell of a place that looks like a code: several points of a row, or of several rows, lie exactly there."""
    notices = []
    for code in CODES:
        there = (points == code).all(axis=2)
        if there.sum() >= OFTEN:
            rows = [refs[row] for row in np.flatnonzero(there.any(axis=1)).tolist()]
            text = (
                f"{where}: {count(int(there.sum()), 'point lies', 'points lie')} at exactly ({code[0]:g}, {code[1]:g}) "
                f"in {count(len(rows), 'row')} ({listed(rows, 3)}): if that means missing, leave the cells empty"
            )
            notices.append(Notice("coded-points", text, tuple(rows[:EXAMPLES])))
    return notices
