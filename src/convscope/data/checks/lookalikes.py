"""Nearly the same image in two splits: saved again, brightened, a neighbouring frame.

Two images of one class (or set of labels, or tenth of a range) look alike when their thumbprints differ in at most 3
of 64 bits. Cut into four bands of 16 bits, at least one band of such a pair is equal, so only images that share a band
are compared, never all with all. Turned or mirrored copies are not found; only a group column tells of those.

A thumbprint tells photographs apart, but not small figures on an empty ground, where strangers agree as often as
copies do. So random pairs of *different* classes are looked at first, and where more than ten agree, that is all
that is said. Measured, of 500,000: 76 for MNIST, 74 for Fashion-MNIST, 28 for the 8×8 digits, none for CIFAR-10,
hymenoptera and the lung tiles. The 33 pairs then found between CIFAR-10's splits are copies by eye; with pairs of
different classes there would be 35.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convscope.data.checks.duplicates import identities
from convscope.data.examined import Examined
from convscope.data.notice import Notice
from convscope.text import EXAMPLES, count, pairs

DISTANCE = 3
BANDS = range(0, 64, 16)
SAMPLE = 500_000  # random pairs, to see how often strangers agree
STRANGERS = 10  # pairs of strangers that may agree
BLOCK = 1 << 20  # pairs compared at a time, in about 50 MB


def check(examined: Examined) -> Iterator[Notice]:
    """Notice images that resemble one of their class in another split, or that thumbprints cannot tell."""
    clear, identity = _clear(examined), identities(examined.content)
    strangers = _agreeing_strangers(examined, np.flatnonzero(clear))
    if strangers > STRANGERS:
        yield Notice(
            "lookalikes-unknown",
            "near duplicates were not looked for, since these images are too alike to tell them by: "
            f"of {SAMPLE:,} random pairs, {strangers:,} of different {'classes' if examined.classes else 'targets'} "
            "pass for the same image",
        )
        return
    for name, other, rows, others in pairs(examined.split):
        found, twins = _similar(examined, identity, rows[clear[rows]], others[clear[others]])
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
    contrast = examined.high.astype(np.float64) - examined.low
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


def _similar(
    examined: Examined, identity: np.ndarray, rows: np.ndarray, others: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ``rows`` that look like one of ``others`` of their class without being the same, and that one."""
    twins = np.full(len(rows), -1)
    for band in BANDS:
        bits = (examined.thumbprint >> np.uint64(band)) & np.uint64(0xFFFF)
        key = examined.labels << 16 | bits.astype(np.int64)
        ordered = others[np.argsort(key[others], kind="stable")]
        start, stop = (np.searchsorted(key[ordered], key[rows], side) for side in ("left", "right"))
        left = np.flatnonzero((twins < 0) & (start < stop))  # positions in rows that still have candidates
        while len(left):
            width = min(max(1, BLOCK // len(left)), (stop - start)[left].max())
            candidate = start[left, None] + np.arange(width)
            row, other = rows[left, None], ordered[np.minimum(candidate, len(ordered) - 1)]
            hit = _alike(examined, row, other) & (identity[row] != identity[other]) & (candidate < stop[left, None])
            seen = hit.any(1)
            twins[left[seen]] = other[seen, hit[seen].argmax(1)]
            start[left] += width
            left = left[~seen & (start[left] < stop[left])]
    found = twins >= 0
    return rows[found], twins[found]
