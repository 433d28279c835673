"""Nearly the same image in two splits: saved again, brightened, a neighbouring frame.

Two images of one class look alike when their thumbprints differ in at most 3 of 64 bits. Cut into four bands of 16
bits, at least one band of such a pair is equal, so only images that share a band are compared, never all with all.
Turned or mirrored copies are not found; only a group column tells of those.

A thumbprint tells photographs apart, but not small figures on an empty ground, where strangers agree as often as
copies do. So random pairs of *different* classes are looked at first, and where more than ten agree, that is all
that is said. Measured, of 500,000: 76 for MNIST, 74 for Fashion-MNIST, 28 for the 8×8 digits, none for CIFAR-10,
hymenoptera and the lung tiles. The 33 pairs then found between CIFAR-10's splits are copies by eye; with pairs of
different classes there would be 35.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convscope.data.checks.words import EXAMPLES, count, pairs
from convscope.data.dataset import Notice
from convscope.data.examined import Examined

DISTANCE = 3
BANDS = range(0, 64, 16)
SAMPLE = 500_000  # random pairs, to see how often strangers agree
STRANGERS = 10  # pairs of strangers that may agree
BLOCK = 1 << 20  # pairs compared at a time, in about 50 MB


def check(examined: Examined) -> Iterator[Notice]:
    """Notice images that resemble one of their class in another split, or that thumbprints cannot tell."""
    clear = _clear(examined)
    strangers = _agreeing_strangers(examined, np.flatnonzero(clear))
    if strangers > STRANGERS:
        yield Notice(
            "lookalikes-unknown",
            "near duplicates were not looked for, since these images are too alike to tell them by: "
            f"of {SAMPLE:,} random pairs, {strangers:,} of different classes pass for the same image",
        )
        return
    for name, other, rows, others in pairs(examined.split):
        found, twins = _similar(examined, rows[clear[rows]], others[clear[others]])
        if len(found):
            yield Notice(
                f"lookalikes-{name}-{other}",
                f"{count(len(found), f'{name} image')} of {len(rows):,} nearly the same as one in {other}: if they are "
                f"copies or views of one thing, the {name} score is too good; keep those in one split "
                "(a column 'group' does it)",
                tuple(f"{examined.ids[i]} ~ {examined.ids[j]}" for i, j in zip(found, twins, strict=True))[:EXAMPLES],
            )


def _clear(examined: Examined) -> np.ndarray:
    """Return which images (n,) have enough texture for their thumbprint to mean something."""
    bits = np.bitwise_count(examined.thumbprint)
    contrast = examined.high - examined.low
    return (bits >= 8) & (bits <= 56) & (contrast > np.median(contrast) / 4)


def _agreeing_strangers(examined: Examined, rows: np.ndarray) -> int:
    """Count the pairs among random ones that agree although their classes differ."""
    if len(rows) < 2:
        return 0
    first, second = np.random.default_rng(0).choice(rows, (2, SAMPLE))
    agree = _alike(examined, first, second) & (examined.labels[first] != examined.labels[second])
    return len(np.unique(np.stack([first[agree], second[agree]]), axis=1).T)


def _alike(examined: Examined, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.bitwise_count(examined.thumbprint[first] ^ examined.thumbprint[second]) <= DISTANCE


def _similar(examined: Examined, rows: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ``rows`` that look like one of ``others`` of their class, ascending, and one such twin
    each."""
    found: list[np.ndarray] = []
    for band in BANDS:
        key = examined.labels << 16 | ((examined.thumbprint >> np.uint64(band)) & np.uint64(0xFFFF)).astype(np.int64)
        ordered = others[np.argsort(key[others], kind="stable")]
        start = np.searchsorted(key[ordered], key[rows], "left")
        number = np.searchsorted(key[ordered], key[rows], "right") - start  # candidates of each row
        blocks = np.searchsorted(np.cumsum(number), np.arange(BLOCK, number.sum(), BLOCK))
        for part in np.split(np.arange(len(rows)), blocks):
            row = np.repeat(part, number[part])
            rank = np.arange(len(row)) - np.repeat(np.cumsum(number[part]) - number[part], number[part])
            pair = np.stack([rows[row], ordered[start[row] + rank]])
            found.append(pair[:, _alike(examined, *pair)])
    row, twin = np.concatenate(found, 1)
    different = (examined.content[row] != examined.content[twin]).any(1)  # the same image is for duplicates.py to tell
    row, twin = row[different], twin[different]
    row, first = np.unique(row, return_index=True)
    return row, twin[first]
