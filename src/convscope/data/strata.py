"""What examples are drawn by, so that each split has its share: classes, or parts of the range of a number."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from convscope.data.listing import Masks, Target

MOST_STRATA, STRATUM = 10, 20  # of numbers: parts of equal size, each of at least so many examples


class Strata(NamedTuple):
    """The stratum (n,) of each example, what each is called ("" for the only one), and how to say so.

    ``noun`` is what one stratum is, "" where there is one only.
    """

    of: np.ndarray
    names: tuple[str, ...]
    said: str
    noun: str


def strata(target: Target | Masks) -> Strata:
    """Return what examples are drawn by: classes, or parts of the range of the first number.

    >>> numbers, names, *_ = strata(Target("number", np.arange(60.0)[:, None], ("age",), ("years",)))
    >>> np.bincount(numbers).tolist(), names[0]
    ([20, 20, 20], 'part 1 of age')
    """
    if isinstance(target, Masks):
        return one_stratum(target)
    if target.kind == "class":
        return Strata(target.values, target.names, ", stratified", "class")
    parts = min(MOST_STRATA, len(target) // STRATUM) if target.kind == "number" else 1
    if parts < 2 or np.isnan(target.values[:, 0]).all():
        return one_stratum(target)
    bounds = np.nanquantile(target.values[:, 0], np.arange(1, parts) / parts)
    numbers = np.unique(np.searchsorted(bounds, target.values[:, 0], side="right"), return_inverse=True)[1]
    names = tuple(f"part {k + 1} of {target.names[0]}" for k in range(numbers.max() + 1))
    return Strata(numbers, names, f", stratified by {target.names[0]}", f"part of {target.names[0]}")


def one_stratum(target: Target | Masks) -> Strata:
    """Return strata of which all examples are one."""
    return Strata(np.zeros(len(target), np.int64), ("",), ", drawn at random", "")
