"""Parts of one size of larger images, with the masks on them: drawn anew each epoch, or side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import NamedTuple, Protocol
from weakref import WeakKeyDictionary

import numpy as np

from convscope.data.columns import Column, Converted, Ragged, Selected
from convscope.data.dataset import Split
from convscope.data.transforms import Transform

FOCUSED = 1 / 3  # of the parts that are drawn are centred on a pixel of the rarest class of their image
KNOWN = 64  # such pixels that are remembered of each image
VOIDS = {"mask": 255, "instances": -1}  # what stands in masks where nothing is known
MASKS = tuple(VOIDS)


class Places(NamedTuple):
    """Where parts lie: in which example, ``at`` (P,), and from which pixel on, ``corner`` (P, d).

    A corner below 0 is that of a part larger than its image. The first ``seen`` (P, d) pixels along each axis are in
    another part as well and do not count in this one.
    """

    at: np.ndarray
    corner: np.ndarray
    seen: np.ndarray


class Patches(Protocol):
    """Which parts of ``size`` are made of a split's examples."""

    @property
    def size(self) -> tuple[int, ...]:
        """The size of a part along each axis."""
        ...

    def __len__(self) -> int: ...

    def places(self, seed: int, epoch: int) -> Places:
        """Return where the parts of an epoch lie."""
        ...


@dataclass(frozen=True, eq=False)
class Drawn:
    """Parts at random places of images of ``sizes`` (N, d): as many of each image as cover its pixels once.

    ``focus`` (M, d) are pixels of the rarest class of each image, those of image i from ``first[i]`` on (N + 1,).
    """

    sizes: np.ndarray
    size: tuple[int, ...]
    focus: np.ndarray
    first: np.ndarray

    @cached_property
    def at(self) -> np.ndarray:
        """The example (P,) that each part is of."""
        covered = np.rint((self.sizes / np.array(self.size)).prod(1)).astype(np.int64)
        return np.repeat(np.arange(len(self.sizes)), np.maximum(covered, 1))

    def __len__(self) -> int:
        return len(self.at)

    def places(self, seed: int, epoch: int) -> Places:
        """Return where the parts of an epoch lie; they depend on seed and epoch alone."""
        draws = np.random.Generator(np.random.Philox(key=[seed, epoch])).random((len(self), len(self.size) + 2))
        spare = self.sizes[self.at] - np.array(self.size)
        corner = np.floor(draws[:, 2:] * (spare + 1)).astype(np.int64)
        known = np.diff(self.first)[self.at]
        focused = np.flatnonzero((draws[:, 0] < FOCUSED) & (known > 0))
        chosen = self.first[self.at[focused]] + np.floor(draws[focused, 1] * known[focused]).astype(np.int64)
        corner[focused] = self.focus[chosen] - np.array(self.size) // 2
        corner = np.where(spare > 0, np.clip(corner, 0, np.maximum(spare, 0)), -(-spare // 2))
        return Places(self.at, corner, np.zeros_like(corner))


@dataclass(frozen=True, eq=False)
class SideBySide:
    """Parts that cover images of ``sizes`` (N, d) once, in the order of the images; the same in each epoch."""

    sizes: np.ndarray
    size: tuple[int, ...]

    @cached_property
    def _places(self) -> Places:
        at, corner, seen = [], [], []
        for i, image in enumerate(self.sizes.tolist()):
            for part in product(*(_along(length, side) for length, side in zip(image, self.size, strict=True))):
                at.append(i)
                corner.append([begin for begin, _ in part])
                seen.append([again for _, again in part])
        return Places(np.array(at), np.array(corner), np.array(seen))

    def __len__(self) -> int:
        return len(self._places.at)

    def places(self, seed: int, epoch: int) -> Places:
        """Return where the parts lie."""
        return self._places


def _along(length: int, side: int) -> list[tuple[int, int]]:
    """Return where parts of a ``side`` begin along an axis, and how much of each is in the one before.

    >>> _along(10, 4), _along(3, 4)
    ([(0, 0), (4, 0), (6, 2)], [(0, 0)])
    """
    if length <= side:
        return [(-((side - length) // 2), 0)]
    begins = [min(begin, length - side) for begin in range(0, length, side)]
    return [(begin, at * side - begin) for at, begin in enumerate(begins)]


def patches_of(split: Split, transform: Transform, *, drawn: bool) -> Patches | None:
    """Return the parts that a network sees of a split's images where they keep their sizes, else ``None``.

    They are ``drawn`` to be trained on, or lie side by side.
    """
    size = transform.part
    if size is None:
        return None
    sizes = sizes_of(split.input)[:, : len(size)]
    if not drawn:
        return SideBySide(sizes, size)
    masks = [split.column(name) for name in split.dataset.targets if split.dataset.columns[name].spec.kind in MASKS]
    return Drawn(sizes, size, *(_rarest(masks[0]) if masks else _nothing(len(sizes), len(size))))


def sizes_of(column: Column) -> np.ndarray:
    """Return the shape (N, d) of each example."""
    if isinstance(column, Selected):
        return sizes_of(column.column)[column.rows]
    if isinstance(column, Ragged):
        return column.shapes
    if isinstance(column, Converted) and None in column.spec.shape:
        sizes = sizes_of(column.column)
        known = [-1 if size is None else size for size in column.spec.shape]
        return np.where(np.array(known) < 0, sizes, known)
    return np.tile(np.array(column.spec.shape), (len(column), 1))


def example(column: Column, at: int) -> np.ndarray:
    """Return one example of a column as it lies there: not copied where it is mapped or in memory."""
    if isinstance(column, Selected):
        return example(column.column, int(column.rows[at]))
    if isinstance(column, Ragged):
        return column.values[column.offsets[at] : column.offsets[at + 1]].reshape(column.shapes[at])
    return column.take(np.array([at]))[0]


class Examples(Sequence[np.ndarray]):
    """The examples of a column, each fetched when it is asked for."""

    def __init__(self, column: Column):
        self.column = column

    def __len__(self) -> int:
        return len(self.column)

    def __getitem__(self, at: int) -> np.ndarray:  # pyright: ignore[reportIncompatibleMethodOverride]
        if at >= len(self):
            raise IndexError(at)
        return example(self.column, at)


def cut(column: Column, places: Places, parts: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Return ``parts`` (k,) of the ``places`` as an array (k, *size, ...).

    What lies outside of an image shows it mirrored, what lies outside of a mask is void, and so is what counts in
    another part.
    """
    spec = column.spec
    void = (spec.ignore if spec.ignore is not None else VOIDS[spec.kind]) if spec.kind in MASKS else None
    pieces: list[np.ndarray] = []
    for part in parts.tolist():
        piece = _window(example(column, int(places.at[part])), places.corner[part].tolist(), size, void)
        if void is not None and places.seen[part].any():
            piece = piece.copy()
            for axis, again in enumerate(places.seen[part].tolist()):
                np.moveaxis(piece, axis, 0)[:again] = void
        pieces.append(piece)
    return np.stack(pieces)


def _window(whole: np.ndarray, corner: Sequence[int], size: Sequence[int], void: int | None) -> np.ndarray:
    """Return the part of ``size`` from ``corner`` on; beyond the border it is ``void``, or without that mirrored."""
    piece = whole[tuple(slice(max(begin, 0), begin + side) for begin, side in zip(corner, size, strict=True))]
    missing = [
        (max(-begin, 0), side - there - max(-begin, 0))
        for begin, side, there in zip(corner, size, piece.shape, strict=False)
    ]
    if not any(map(any, missing)):
        return piece
    width = [*missing, *[(0, 0)] * (piece.ndim - len(size))]
    return np.pad(piece, width, mode="reflect") if void is None else np.pad(piece, width, constant_values=void)


def cuts(column: Column, places: Places, wanted: Iterable[np.ndarray], size: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Yield the parts (k, *size, ...) for each of the numbers (k,) ``wanted``."""
    return (cut(column, places, parts, size) for parts in wanted)


def class_counts(masks: Column) -> np.ndarray:
    """Return how many pixels of each image are of each class, (N, K); of instances background and objects.

    A column that lasts is gone through once, however often it is asked.
    """
    if isinstance(masks, Selected):
        return class_counts(masks.column)[masks.rows]
    if masks not in _COUNTED:
        K = 2 if masks.spec.kind == "instances" else len(masks.spec.names)
        counts = [np.bincount(_classes(mask, masks.spec.kind).ravel(), minlength=256)[:K] for mask in Examples(masks)]
        _COUNTED[masks] = np.array(counts, np.int64).reshape(len(masks), K)
    return _COUNTED[masks]


_COUNTED: WeakKeyDictionary[Column, np.ndarray] = WeakKeyDictionary()


def _classes(mask: np.ndarray, kind: str) -> np.ndarray:
    """Return uint8 class numbers; of instances 1 for an object, 255 for void."""
    return np.where(mask < 0, 255, mask > 0).astype(np.uint8) if kind == "instances" else mask


def _rarest(masks: Column) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels (M, d) of the rarest class that each mask has, and where those of each begin, (N + 1,)."""
    counts = class_counts(masks)
    share = counts.sum(0)
    pixels, first = [], [0]
    for at in range(len(masks)):
        mask = example(masks, at)
        present = np.flatnonzero(counts[at])
        held = np.zeros((0, mask.ndim), np.int64)
        if len(present) > 1:
            rarest = present[share[present].argmin()]
            flat = np.flatnonzero(_classes(mask, masks.spec.kind) == rarest)
            few = flat[np.linspace(0, len(flat) - 1, min(KNOWN, len(flat))).astype(np.int64)]
            held = np.stack(np.unravel_index(few, mask.shape), axis=1)
        pixels.append(held)
        first.append(first[-1] + len(held))
    return np.concatenate(pixels), np.array(first)


def _nothing(count: int, axes: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((0, axes), np.int64), np.zeros(count + 1, np.int64)
