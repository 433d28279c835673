"""Classes with very few images to learn from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convscope.data.examined import Examined
from convscope.data.notice import Notice
from convscope.text import count, listed

ENOUGH = 20


def check(examined: Examined) -> Iterator[Notice]:
    """Notice classes with fewer than 20 training images; those with none are ``missing``'s."""
    counts = np.bincount(examined.labels[examined.split == "train"], minlength=len(examined.classes))
    small = [(name, n) for name, n in zip(examined.classes, counts.tolist(), strict=True) if 0 < n < ENOUGH]
    if small:
        yield Notice(
            "few-images",
            f"{count(len(small), 'class has', 'classes have')} fewer than {ENOUGH} {examined.noun}s to train on "
            f"({listed(f'{name}: {n}' for name, n in small)}): expect little of them; more {examined.noun}s help most",
            tuple(name for name, _ in small),
        )
