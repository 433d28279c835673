"""What values a mask holds: of each how many pixels, and in how many connected pieces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convscope.data.listing import RawMask

MOST = 1 << 17  # values of one mask that are counted apart
SAMPLE = 1 << 10  # of more, or of so many that lie in specks, as in a photograph, the most frequent ones suffice
SPECK = 4  # pixels

# one value of one mask
VALUE = np.dtype([("row", "<i8"), ("value", "<f8"), ("pixels", "<i8"), ("pieces", "<i8")])


@dataclass(frozen=True)
class Values:
    """The values of one mask: ``values`` (k,) of `VALUE`, with all ``distinct`` of them or the most frequent ones."""

    values: np.ndarray
    distinct: int
    bad: int = 0


def values_of(mask: RawMask, row: int) -> Values:
    """Return what values a mask holds; the pieces of one or two are not counted.

    >>> values_of(RawMask(np.array([[0, 7, 0], [0, 7, 9]])), 3).values.tolist()
    [(3, 0.0, 3, 2), (3, 7.0, 2, 1), (3, 9.0, 1, 1)]
    """
    flat = mask.values.reshape(-1)
    not_finite = 0
    if flat.dtype.kind == "f":
        finite = np.isfinite(flat)
        not_finite = int(flat.size - finite.sum())
        flat = flat[finite]
    distinct, pixels = _counted(flat)
    values = np.zeros(len(distinct), VALUE)
    values["row"], values["value"], values["pixels"] = row, distinct, pixels
    if len(distinct) > MOST:
        values["pieces"] = values["pixels"]
    elif len(distinct) > 2:  # two values are one drawing, in however many pieces
        values["pieces"] = _pieces(mask.values, distinct)
    if len(distinct) > SAMPLE and np.median(values["pixels"] / values["pieces"]) < SPECK:
        values = values[np.sort(np.argsort(-pixels, kind="stable")[:SAMPLE])]
    return Values(values, len(distinct), not_finite)


def _counted(flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct values and how often each occurs; by counting where that is faster than sorting."""
    if flat.dtype in (np.uint8, np.uint16):
        counts = np.bincount(flat)
        distinct = np.flatnonzero(counts)
        return distinct, counts[distinct]
    return np.unique(flat, return_counts=True)


def connected(values: np.ndarray, background: int = 0) -> np.ndarray:
    """Return the connected pieces of equal whole numbers, also by corners, numbered from 1; 0 for the background.

    >>> connected(np.array([[5, 0, 6], [0, 5, 6]])).tolist()
    [[1, 0, 2], [0, 1, 2]]
    """
    from skimage.measure import label

    return np.asarray(label(values, background=background, connectivity=2))  # pyright: ignore[reportCallIssue, reportArgumentType]


def _pieces(values: np.ndarray, distinct: np.ndarray) -> np.ndarray:
    """Return in how many pieces, connected also by corners, each of the ``distinct`` values lies."""
    numbers = np.searchsorted(distinct, values) if values.dtype.kind == "f" else values
    if values.dtype.kind == "f":  # what is not finite has no number of its own
        numbers = np.where(np.isfinite(values), numbers, len(distinct))
        distinct = np.arange(len(distinct))
    low = int(numbers.min()) if numbers.size else 0
    pieces = connected(numbers.astype(np.int64, copy=False), low - 1)
    held = np.zeros(int(pieces.max(initial=0)) + 1, numbers.dtype)
    held[pieces] = numbers  # of each piece, its value
    at = np.searchsorted(distinct, held[1:])
    return np.bincount(at[at < len(distinct)], minlength=len(distinct))
