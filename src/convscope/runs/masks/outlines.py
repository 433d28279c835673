"""Outlines of the regions of a label image, exactly along the sides of its pixels.

Pixel (row, column) covers the square from (x, y) = (column, row) to (column + 1, row + 1), as in QuPath and ImageJ, so
that filling an outline gives back its pixels, no more and no less. Curves between pixels (marching squares) would not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, cast

import numpy as np

from convscope.tasks.segmentation.regions import Box, boxes

Ring = np.ndarray  # (k, 2): x and y of the corners, the first one not repeated
PART = 1024  # pixels along each axis of what is looked at together
SLAB = 2**22  # pixels whose sides are looked at together


class Polygon(NamedTuple):
    """An outer ring and the rings of its holes; with y taken upwards, anticlockwise and clockwise."""

    outer: Ring
    holes: list[Ring]


class _Sides(NamedTuple):
    """Straight runs of pixel sides, each with its region to the left (y upwards)."""

    label: np.ndarray
    start: np.ndarray  # number of its first corner, y (W + 1) + x
    end: np.ndarray
    direction: np.ndarray  # 0 is +x, 1 +y, 2 -x, 3 -y


def outlines(labels: np.ndarray) -> Iterator[tuple[int, list[Polygon]]]:
    """Yield the number of each region above 0 in labels (H, W), ascending, and the polygons that cover it exactly.

    The pixels of a polygon are connected over their sides. No ring passes a corner twice; rings may touch in corners.

    >>> [(k, [polygon.outer.tolist() for polygon in polygons]) for k, polygons in outlines(np.array([[0, 5, 5]]))]
    [(5, [[[1, 0], [3, 0], [3, 1], [1, 1]]])]
    """
    width = labels.shape[1] + 1
    components, label_of = _components(labels)
    corners, component_of = _rings(_sides(components))
    order = np.lexsort(([ring[0] for ring in corners], component_of, label_of[component_of]))
    label, polygons = 0, list[Polygon]()
    for at in map(int, order):
        if (new := int(label_of[component_of[at]])) != label:
            if polygons:
                yield label, polygons
            label, polygons = new, []
        rows, columns = np.divmod(corners[at].astype(np.int64), width)
        ring = np.stack([columns, rows], 1)
        if ring[1, 1] == ring[0, 1]:  # from its uppermost corner an outer ring goes to the right, a hole down
            polygons.append(Polygon(ring, []))
        else:
            polygons[-1].holes.append(ring)
    if polygons:
        yield label, polygons


def outlines_in_parts(labels: np.ndarray, side: int = PART) -> Iterator[tuple[int, list[Polygon]]]:
    """Yield what ``outlines`` does, in memory for a part of the image: regions that are near each other at a time.

    What is larger than ``side`` along an axis is taken by itself. Regions come in the order of those parts.
    """
    groups: dict[tuple[int, ...], list[tuple[int, Box]]] = {}
    for label, box in enumerate(boxes(labels), start=1):
        if box is not None:
            large = any(along.stop - along.start > side for along in box)
            key = (-label,) if large else tuple(along.start // side for along in box)
            groups.setdefault(key, []).append((label, box))
    kept = np.zeros(int(labels.max(initial=0)) + 1, labels.dtype)
    for members in groups.values():
        numbers = [label for label, _ in members]
        around = tuple(
            slice(min(along.start for along in axis), max(along.stop for along in axis))
            for axis in zip(*(box for _, box in members), strict=True)
        )
        if len(numbers) == 1:  # which may fill the image: looking numbers up would take eight bytes a pixel
            part = np.where(labels[around] == numbers[0], kept.dtype.type(numbers[0]), kept.dtype.type(0))
        else:
            kept[numbers] = numbers
            part = kept[np.maximum(labels[around], 0)]
            kept[numbers] = 0
        corner = np.array([around[1].start, around[0].start])
        for label, polygons in outlines(part):
            yield label, [Polygon(each.outer + corner, [hole + corner for hole in each.holes]) for each in polygons]


def _components(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the connected part (H, W) int32 that each pixel is of, 0 in the background, and the label of each part.

    Runs of equal pixels along the rows are joined where they touch: that takes a third of the memory of scikit-image's
    ``label``.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components  # pyright: ignore[reportUnknownVariableType]

    begins = np.ones(labels.shape, bool)
    begins[:, 1:] = labels[:, 1:] != labels[:, :-1]
    run = np.cumsum(begins, dtype=np.int32).reshape(labels.shape)  # numbered from 1
    runs = int(run[-1, -1]) if run.size else 0
    touching = [np.zeros((2, 0), np.int32)]
    for rows in _slabs(labels.shape):
        above, below = slice(rows.start, min(rows.stop, len(labels) - 1)), slice(rows.start + 1, rows.stop + 1)
        joined = (labels[above] == labels[below]) & (begins[above] | begins[below])  # once for each pair of runs
        touching.append(np.stack([run[above][joined], run[below][joined]]))
    one, other = np.concatenate(touching, 1)
    graph = coo_matrix((np.ones(len(one), bool), (one, other)), shape=(runs + 1, runs + 1))
    count, part_of = cast(tuple[int, np.ndarray], connected_components(graph, directed=False))
    label_of = np.zeros(count, labels.dtype)
    label_of[part_of[run[begins]]] = labels[begins]
    foreground = label_of > 0
    number = np.where(foreground, np.cumsum(foreground), 0).astype(np.int32)
    for rows in _slabs(labels.shape):
        run[rows] = number[part_of[run[rows]]]
    return run, np.concatenate([np.zeros(1, labels.dtype), label_of[foreground]])


def _slabs(shape: tuple[int, ...]) -> Iterator[slice]:
    rows = max(1, SLAB // max(1, shape[1]))
    for start in range(0, shape[0], rows):
        yield slice(start, start + rows)


def _sides(labels: np.ndarray) -> _Sides:
    """Return all straight runs of sides: first those along the rows, then those along the columns."""
    width = labels.shape[1]
    horizontal = _runs(labels, above_goes=2, below_goes=0)
    vertical = _runs(labels.T, above_goes=1, below_goes=3)
    parts: list[_Sides] = []
    for (label, line, first, last, direction), along_rows in ((horizontal, True), (vertical, False)):
        a, b = (line * (width + 1) + at if along_rows else at * (width + 1) + line for at in (first, last))
        forwards = direction < 2
        parts.append(_Sides(label, np.where(forwards, a, b), np.where(forwards, b, a), direction))
    return _Sides(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _runs(labels: np.ndarray, *, above_goes: int, below_goes: int) -> tuple[np.ndarray, ...]:
    """Return label, line, first and last corner and direction of the runs of sides along the first axis's lines."""
    height, width = labels.shape
    empty = np.zeros((1, width), labels.dtype)
    parts: list[list[np.ndarray]] = [[np.zeros(0, np.int64)] * 5]
    rows = max(1, SLAB // max(1, width))
    for start in range(0, height + 1, rows):
        stop = min(start + rows, height + 1)  # lines from start to stop, each between the rows above and below it
        above = labels[max(0, start - 1) : stop - 1] if start else np.concatenate([empty, labels[: stop - 1]])
        below = labels[start:stop] if stop <= height else np.concatenate([labels[start:], empty])
        for own, other, direction in ((above, below, above_goes), (below, above, below_goes)):
            side = np.where((own != other) & (own > 0), own, 0)
            changes = side[:, 1:] != side[:, :-1]
            begins, ends = side > 0, side > 0
            begins[:, 1:] &= changes
            ends[:, :-1] &= changes
            line, first = np.nonzero(begins)
            last = np.nonzero(ends)[1] + 1
            parts.append([side[line, first].astype(np.int64), line + start, first, last, np.full(len(line), direction)])
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def _rings(sides: _Sides) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the numbers of the corners of each closed ring, the least one first, and its label."""
    following = _following(sides).tolist()
    start, label = sides.start.tolist(), sides.label.tolist()
    done = bytearray(len(following))
    corners: list[np.ndarray] = []
    labels: list[int] = []
    for first in range(len(following)):
        if done[first]:
            continue
        ring = [first]
        done[first] = 1
        at = following[first]
        while at != first:
            done[at] = 1
            ring.append(at)
            at = following[at]
        numbers = np.array([start[side] for side in ring])
        corners.append(np.roll(numbers, -int(numbers.argmin())))
        labels.append(label[first])
    return corners, np.array(labels, np.int64)


def _following(sides: _Sides) -> np.ndarray:
    """Return which side comes after each.

    Where two pixels of a region meet in a corner, two go on. The one to the right keeps them connected through the
    corner, so that what they enclose, connected over sides elsewhere, becomes a ring of its own: no ring passes a
    corner twice.
    """
    step = int(max(sides.start.max(initial=0), sides.end.max(initial=0))) + 1
    starts = sides.label * step + sides.start
    order = np.argsort(starts, kind="stable")
    ordered = starts[order]
    at = np.searchsorted(ordered, sides.label * step + sides.end)
    following = order[at]
    second = np.minimum(at + 1, len(order) - 1)
    forked = (second > at) & (ordered[second] == ordered[at])
    right = (sides.direction - 1) % 4
    other = order[second]
    take_other = forked & (sides.direction[other] == right)
    return np.where(take_other, other, following)
