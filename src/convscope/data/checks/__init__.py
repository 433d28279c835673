"""What to know about a set before training on it: one check a file, from ``Examined`` to what it noticed."""

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
    outlying,
    scaling,
    spelling,
)
from convscope.data.examined import Examined
from convscope.data.notice import Notice

__all__ = ["run"]

_CHECKS = (
    duplicates.between_splits,
    duplicates.within_splits,
    conflicts.check,
    lookalikes.check,
    groups.check,
    spelling.check,
    missing.check,
    few.check,
    imbalance.check,
    constant.check,
    scaling.check,
    outlying.check,
)
_OF_IMAGES = {lookalikes.check, constant.check, scaling.check, outlying.check}
_OF_CLASSES = {conflicts.check, spelling.check, missing.check, few.check, imbalance.check}


def run(examined: Examined) -> tuple[Notice, ...]:
    """Return what all checks noticed, the gravest kind first; nothing about a clean set."""
    aside = (set() if examined.classes else _OF_CLASSES) | (set() if examined.noun == "image" else _OF_IMAGES)
    checks = [check for check in _CHECKS if check not in aside]
    return tuple(notice for check in checks for notice in check(examined))
