"""Classes of very different sizes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convscope.data.examined import Examined
from convscope.data.notice import Notice

UNEVEN = 3.0


def check(examined: Examined) -> Iterator[Notice]:
    """Notice when the largest class has over three times the training images of the smallest (empty ones
    aside)."""
    counts = np.bincount(examined.labels[examined.split == "train"], minlength=len(examined.classes))
    present = np.flatnonzero(counts)
    if len(present) < 2:
        return
    small, large = present[counts[present].argmin()], present[counts[present].argmax()]
    ratio = counts[large] / counts[small]
    if ratio > UNEVEN:
        share = counts[large] / counts.sum()
        yield Notice(
            "imbalance",
            f"the classes differ in size, {ratio:.1f} to 1 in train: {counts[large]:,} {examined.classes[large]}, "
            f"{counts[small]:,} {examined.classes[small]}. Always answering {examined.classes[large]!r} is right in "
            f"{share:.0%}: judge by balanced accuracy, and try --class-weights balanced",
            (examined.classes[large], examined.classes[small]),
        )
