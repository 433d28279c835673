"""How notices count and name things, and between which splits nothing may be shared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

EXAMPLES = 5  # the first few are enough to find the others
PAIRS = (("test", "train"), ("valid", "train"), ("test", "valid"))


def count(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun.

    >>> count(1, "image"), count(1200, "image"), count(2, "class", "classes")
    ('1 image', '1,200 images', '2 classes')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(items: Iterable[str], most: int = EXAMPLES) -> str:
    """Return items in a row, the first few by name.

    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    items = list(items)
    more = f" and {len(items) - most:,} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more


def pairs(split: np.ndarray) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
    """Yield (name, other name, rows, other rows) for each two splits that exist."""
    for name, other in PAIRS:
        rows, others = np.flatnonzero(split == name), np.flatnonzero(split == other)
        if len(rows) and len(others):
            yield name, other, rows, others
