"""The same image twice: between splits it makes a score worthless, within one it only counts double."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convscope.data.examined import Examined
from convscope.data.notice import Notice
from convscope.text import EXAMPLES, pairs, part


def identities(content: np.ndarray) -> np.ndarray:
    """Number the images (n,) by content hashes (n, 16) uint8: equal numbers mean the same image."""
    return np.unique(np.ascontiguousarray(content).view("S16").ravel(), return_inverse=True)[1]


def between_splits(examined: Examined) -> Iterator[Notice]:
    """Notice images that a split shares with another."""
    identity = identities(examined.content)
    for name, other, rows, others in pairs(examined.split):
        twin = np.full(identity.max() + 1, -1)
        twin[identity[others[::-1]]] = others[::-1]  # the first of several
        shared = rows[twin[identity[rows]] >= 0]
        if len(shared):
            held = part(len(shared), len(rows), f"{name} {examined.noun}", "is", "are")
            yield Notice(
                f"duplicates-{name}-{other}",
                f"{held} also in {other} (same content): the {name} score partly measures memory; keep each "
                f"{examined.noun} in one split",
                tuple(f"{examined.ids[i]} = {examined.ids[twin[identity[i]]]}" for i in shared[:EXAMPLES]),
            )


def within_splits(examined: Examined) -> Iterator[Notice]:
    """Notice images that occur several times in one split."""
    identity = identities(examined.content)
    repeats: list[int] = []
    for name in ("train", "valid", "test"):
        rows = np.flatnonzero(examined.split == name)
        first = np.unique(identity[rows], return_index=True)[1]
        repeats += np.delete(rows, first).tolist()
    if repeats:
        noun = examined.noun
        yield Notice(
            "duplicates-within-split",
            f"{part(len(repeats), len(identity), noun, 'repeats', 'repeat')} another {noun} of the same split: "
            "they count double; remove them unless that is meant",
            tuple(str(examined.ids[i]) for i in repeats[:EXAMPLES]),
        )
