"""Masks in files: one file an image, or one file an object."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import pairwise

import numpy as np

from convscope.data.decode.encoded import MAX_PIXELS, Unreadable
from convscope.data.decode.mask import read_mask
from convscope.data.ingest.pool import payload_bytes
from convscope.data.listing import RawMask
from convscope.data.sources.files import Files, InFiles, Payload, strings


class FileMasks(InFiles):
    """One file a mask."""

    def read(self, row: int) -> RawMask:
        """Return one mask."""
        return read_mask(self.files.read(self.names[row]))

    def each(self, max_pixels: int = MAX_PIXELS) -> Iterator[tuple[int, Callable[[], RawMask]]]:
        """Yield (row, what decodes its mask)."""
        for row, payload in self.files.items(self.names):
            yield row, functools.partial(_decoded, payload, max_pixels)


class ObjectMasks:
    """Several files a mask, one an object: what is not 0 in the k-th is object k + 1."""

    def __init__(self, files: Files, names: np.ndarray, parts: Sequence[Sequence[str]]) -> None:
        """``names`` (n,) are what the masks are called, ``parts`` the files of each."""
        self.files, self.names = files, names
        self._flat = strings([name for those in parts for name in those])
        self._ends = np.cumsum([0, *map(len, parts)])

    def __len__(self) -> int:
        return len(self.names)

    def fingerprint(self) -> str:
        """Return the hash of the names and of what tells that a file changed."""
        return self.files.fingerprint(self._flat)

    def read(self, row: int) -> RawMask:
        """Return one mask."""
        names = self._flat[self._ends[row] : self._ends[row + 1]]
        return _numbered([self.files.read(name) for name in names], names.tolist(), MAX_PIXELS)

    def each(self, max_pixels: int = MAX_PIXELS) -> Iterator[tuple[int, Callable[[], RawMask]]]:
        """Yield (row, what decodes its mask), once all of its files were met."""
        row_of = np.repeat(np.arange(len(self)), np.diff(self._ends)).tolist()
        waiting: dict[int, dict[int, Payload]] = {}
        sizes = [b - a for a, b in pairwise(self._ends.tolist())]
        for at, payload in self.files.items(self._flat):
            row = row_of[at]
            held = waiting.setdefault(row, {})
            held[at] = payload
            if len(held) == sizes[row]:
                order = sorted(waiting.pop(row))
                payloads = [held[k] for k in order]
                yield row, functools.partial(_numbered, payloads, self._flat[order].tolist(), max_pixels)


def stacked_objects(shape: tuple[int, ...], objects: Sequence[np.ndarray], below: Collection[int] = ()) -> np.ndarray:
    """Return objects, each the numbers of its pixels row by row, as one mask of 1, 2, ...: a smaller one lies above.

    Those with a number in ``below``, counted from 0, lie below all others.

    >>> stacked_objects((1, 3), [np.array([0]), np.array([0, 1])]).tolist()
    [[1, 2, 0]]
    """
    values = np.zeros(shape, np.uint16 if len(objects) < 1 << 16 else np.int32)
    for k in sorted(range(len(objects)), key=lambda k: (k not in below, -objects[k].size)):
        values.reshape(-1)[objects[k]] = k + 1
    return values


def _decoded(payload: Payload, max_pixels: int) -> RawMask:
    return read_mask(payload_bytes(payload), max_pixels)


def _numbered(payloads: Sequence[Payload], names: Sequence[str], max_pixels: int) -> RawMask:
    objects: list[np.ndarray] = []
    shape: tuple[int, ...] | None = None
    for payload, name in zip(payloads, names, strict=True):
        try:
            mask = _decoded(payload, max_pixels)
        except Unreadable as error:
            raise Unreadable(f"{name}: {error}") from None
        values = mask.values & 0xFFFFFF if mask.colours else mask.values
        shape = shape or values.shape
        if values.shape != shape:
            raise Unreadable(f"{name} is {_size(values.shape)}, {names[0]} is {_size(shape)}; expected equal sizes")
        objects.append(np.flatnonzero(values))
    return RawMask(stacked_objects(shape or (0, 0), objects))


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]:,} × {shape[0]:,}"
