"""Sets of places in an array: unions of boxes, a box being every combination of some positions along each axis.

Exact, holes included, and small: what one unit sees is nearly always a single box. Where a set would need very many
boxes it becomes the one box around them, and says so (``at_most``).
"""

from __future__ import annotations

import bisect
import itertools
import math
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

Shape = tuple[int, ...]
Box = tuple[np.ndarray, ...]  # for each axis, which positions: (size,) of bool
MANY = 48  # boxes, beyond which they are put together anew
MOST = 256  # boxes, beyond which a set is told by the box around them


@dataclass
class IndexSet:
    """Places in an array of ``shape``; ``at_most``: some of them may not belong to the set, which is told roughly."""

    shape: Shape
    boxes: list[Box] = field(default_factory=list)
    at_most: bool = False
    _many: int = field(default_factory=lambda: MANY, repr=False)

    @classmethod
    def at(cls, shape: Shape, index: Sequence[int | Sequence[int] | slice | np.ndarray]) -> IndexSet:
        """Return the box of an index: for each axis a position, several, or a slice.

        >>> IndexSet.at((4, 4), (1, slice(0, 2))).count
        2
        """
        box = tuple(np.zeros(n, bool) for n in shape)
        for line, chosen in zip(box, index, strict=True):
            line[chosen] = True
        return cls(shape, [box])

    @classmethod
    def all(cls, shape: Shape) -> IndexSet:
        """Return every place."""
        return cls(shape, [tuple(np.ones(n, bool) for n in shape)])

    def add(self, box: Box) -> None:
        """Add a box; one that lies in another is dropped, and two that differ along one axis only become one."""
        if not all(line.any() for line in box):
            return
        for i, other in enumerate(self.boxes):
            inside, around = _within(box, other), _within(other, box)
            if all(inside):
                return
            if all(around):
                del self.boxes[i]
                return self.add(box)
            differing = [axis for axis, (a, b) in enumerate(zip(inside, around, strict=True)) if not (a and b)]
            if len(differing) == 1:
                del self.boxes[i]
                axis = differing[0]
                return self.add((*box[:axis], box[axis] | other[axis], *box[axis + 1 :]))
        self.boxes.append(box)
        if len(self.boxes) > self._many:
            self.boxes = list(boxes_of(self.mask()))
            self._many = max(MANY, 2 * len(self.boxes))
            if len(self.boxes) > MOST:
                self.boxes = [tuple(np.logical_or.reduce(lines) for lines in zip(*self.boxes, strict=True))]
                self.at_most = True
        return None

    def mask(self) -> np.ndarray:
        """Return the places as an array of booleans."""
        mask = np.zeros(self.shape, bool)
        for box in self.boxes:
            mask[np.ix_(*box)] = True
        return mask

    @property
    def count(self) -> int:
        """How many places there are."""
        if len(self.boxes) > 1:
            return int(self.mask().sum())
        return sum(math.prod(int(line.sum()) for line in box) for box in self.boxes)

    def along(self, axis: int) -> np.ndarray:
        """Return the positions along one axis at which there is any place."""
        lines = [box[axis] for box in self.boxes]
        return np.flatnonzero(np.logical_or.reduce(lines)) if lines else np.arange(0)

    def __contains__(self, at: Sequence[int]) -> bool:
        return any(all(line[i] for line, i in zip(box, at, strict=True)) for box in self.boxes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IndexSet) and self.shape == other.shape and np.array_equal(self.mask(), other.mask())

    __hash__ = None  # pyright: ignore[reportAssignmentType]


def _within(box: Box, other: Box) -> list[bool]:
    return [a is b or not (a & ~b).any() for a, b in zip(box, other, strict=True)]


def boxes_of(mask: np.ndarray) -> Iterator[Box]:
    """Yield boxes that together are the places where ``mask`` is true: equal slices along the first axis together.

    >>> len(list(boxes_of(np.array([[True, True, False], [True, True, False], [False, False, True]]))))
    2
    """
    if mask.ndim == 0:
        if mask:
            yield ()
        return
    lines = [mask.any(tuple(other for other in range(mask.ndim) if other != axis)) for axis in range(mask.ndim)]
    if math.prod(int(line.sum()) for line in lines) == mask.sum():  # one box
        if mask.any():
            yield tuple(map(np.asarray, lines))
        return
    alike: dict[bytes, list[int]] = {}
    for i in np.flatnonzero(lines[0]):
        alike.setdefault(mask[i].tobytes(), []).append(int(i))
    for positions in alike.values():
        first = np.zeros(len(mask), bool)
        first[positions] = True
        yield from ((first, *rest) for rest in boxes_of(mask[positions[0]]))


def reshaped(box: Box, before: Shape, after: Shape) -> Iterator[Box]:
    """Yield the boxes of an array of shape ``before`` that a box (not empty) of its form ``after`` is made of."""
    runs = [old for old, _ in pairings(before, after)]
    parts: list[list[Box]] = []
    for old, new in pairings(before, after):
        if len(old) == len(new) == 1:
            parts.append([(box[new[0]],)])
            continue
        mask = np.ones((), bool)
        for axis in new:
            mask = np.logical_and.outer(mask, box[axis])
        parts.append(list(boxes_of(mask.reshape([before[axis] for axis in old]))))
    for chosen in itertools.product(*parts):
        lines = {
            axis: line for old, part in zip(runs, chosen, strict=True) for axis, line in zip(old, part, strict=True)
        }
        yield tuple(lines.get(axis, np.ones(n, bool)) for axis, n in enumerate(before))


def pairings(before: Shape, after: Shape) -> list[tuple[list[int], list[int]]]:
    """Return the runs of axes of two shapes of one array that hold the same numbers; axes of size 1 hold none.

    >>> pairings((1, 8, 5, 5), (1, 200)), pairings((6, 4), (2, 3, 4))
    ([([1, 2, 3], [1])], [([0], [0, 1]), ([1], [2])])
    """
    ends: list[list[int]] = [list(itertools.accumulate(shape, operator.mul)) for shape in (before, after)]
    cuts: list[int] = sorted(set(ends[0]) & set(ends[1]) - {1})
    runs: list[tuple[list[int], list[int]]] = [([], []) for _ in cuts]
    for side, shape in enumerate((before, after)):
        for axis, n in enumerate(shape):
            if n > 1:
                runs[bisect.bisect_left(cuts, ends[side][axis])][side].append(axis)
    return runs
