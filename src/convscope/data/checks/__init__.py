"""Look at a set before it is trained on: one check a file, each a function from ``Examined`` to what it
noticed."""

from __future__ import annotations

from convscope.data.checks import (
    conflicts,
    constant,
    duplicates,
    few,
    groups,
    imbalance,
    lookalikes,
    missing,
    scaling,
)
from convscope.data.dataset import Notice
from convscope.data.examined import Examined

__all__ = ["run"]

_CHECKS = (
    duplicates.between_splits,
    duplicates.within_splits,
    conflicts.check,
    lookalikes.check,
    groups.check,
    missing.check,
    few.check,
    imbalance.check,
    constant.check,
    scaling.check,
)


def run(examined: Examined) -> tuple[Notice, ...]:
    """Return what all checks noticed, the gravest kind first; a set with nothing to say about gives
    ``()``."""
    return tuple(notice for check in _CHECKS for notice in check(examined))
