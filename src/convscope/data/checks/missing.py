"""Classes without a single example in a split."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convscope.data.examined import Examined
from convscope.data.notice import Notice
from convscope.text import count, listed

_CONSEQUENCE = {
    "train": "the network cannot learn what it is never shown; add {noun}s or leave the class out",
    "valid": "the epoch is chosen without regard to it; add {noun}s or let convscope draw the split",
    "test": "the test score says nothing about it; add {noun}s or let convscope draw the split",
}


def check(examined: Examined) -> Iterator[Notice]:
    """Notice, for each split that exists, the classes that are missing from it."""
    for split, consequence in _CONSEQUENCE.items():
        labels = examined.labels[examined.split == split]
        counts = np.bincount(labels, minlength=len(examined.classes))
        names = [name for name, number in zip(examined.classes, counts, strict=True) if number == 0]
        if names and len(labels):
            lacking = count(len(names), "class has", "classes have")
            text = f"{lacking} no {examined.noun} in {split} ({listed(names)}): "
            text += consequence.format(noun=examined.noun)
            yield Notice(f"missing-from-{split}", text, tuple(names))
