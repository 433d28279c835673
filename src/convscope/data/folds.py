"""Splits beyond the first: folds, of which each tests other examples, and redrawn splits of the same sizes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from convscope.errors import ConfigError, DataError

MOST_FOLDS = 1_000


def of_fold(strata: np.ndarray, units: np.ndarray, folds: int, fold: int, *, seed: int = 0) -> tuple[np.ndarray, str]:
    """Return "test" for the examples of a fold, from 1, and "" for the others, (n,); and what that is in words.

    The arguments are those of ``assign_folds``, which see; so are the errors.

    >>> of_fold(np.array([0, 0, 0, 1, 1, 1]), np.arange(6), 3, 1, seed=0)[0].tolist()
    ['', '', 'test', '', 'test', '']
    """
    if not 1 <= fold <= folds:
        raise ConfigError(f"fold: expected a whole number from 1 to {folds:,}, the number of folds, found {fold:,}")
    mine = assign_folds(strata, units, folds, seed=seed) == fold
    return np.where(mine, "test", "").astype("<U5"), f"fold {fold} of {folds}"


class Draw(NamedTuple):
    """What is to be drawn: the split that each example is given, (n,), sizes of the others, a seed, and words."""

    given: np.ndarray
    valid: float | int | None
    test: float | int | None
    seed: int
    words: str = "as given"


def redrawn(draw: Draw, number: int) -> Draw:
    """Return the draw in which nothing is given, and the splits that were given are drawn anew in the same sizes.

    The ``number`` of the draw counts from 0, which changes nothing.

    >>> redrawn(Draw(np.array(["train", "test", "test", "train"]), None, None, seed=7), 2)
    Draw(given=array(['', '', '', ''], dtype='<U5'), valid=None, test=2, seed=9, words='as given')
    """
    if not number:
        return draw
    given, valid, test = draw.given, draw.valid, draw.test
    held = {name: int((given == name).sum()) for name in ("valid", "test")}
    if held["valid"] or held["test"]:
        valid, test = held["valid"] or valid, held["test"] or test or 0
    return Draw(np.full(len(given), "", dtype="<U5"), valid, test, draw.seed + number, draw.words)


def assign_folds(strata: np.ndarray, units: np.ndarray, folds: int, *, seed: int = 0) -> np.ndarray:
    """Return the fold (n,), from 1 to ``folds``, in which each example is tested.

    ``strata`` (n,) are whole numbers, such as those of classes: each fold gets its share of each. ``units`` (n,) number
    what must stay together. Where each example is a unit of its own, folds differ by one example at most, and by one of
    each stratum; larger units are dealt out from the largest down, each to where its strata are most wanted. The draw
    depends on the arguments alone, not on the machine or the NumPy version.

    >>> assign_folds(np.array([0, 0, 0, 1, 1, 1]), np.arange(6), 3)
    array([3, 2, 1, 2, 1, 3])
    >>> assign_folds(np.zeros(6, int), np.array([0, 0, 1, 1, 2, 2]), 3)
    array([3, 3, 2, 2, 1, 1])

    Raises:
        ConfigError: fewer than two folds, or more than ``MOST_FOLDS``.
        DataError: fewer units than folds.
    """
    if not 2 <= folds <= MOST_FOLDS:
        raise ConfigError(f"folds: expected a whole number from 2 to {MOST_FOLDS:,}, found {folds:,}")
    names, at, sizes = np.unique(units, return_inverse=True, return_counts=True)
    if len(names) < folds:
        what = "examples" if len(names) == len(units) else "groups"
        raise DataError(f"folds: {folds:,} folds need as many {what}, found {len(names):,}; choose fewer folds")
    # NumPy promises the raw stream of a bit generator for all versions, but not the shuffles made from it.
    draws = np.random.PCG64([seed, folds]).random_raw(len(names))
    if len(names) == len(units):
        order = np.lexsort((draws[at], strata))
        fold = np.empty(len(units), int)
        fold[order] = np.arange(len(units)) % folds
        return fold + 1
    order = np.lexsort((draws, -sizes))
    return _dealt(strata, at, order, folds)[at] + 1


def _dealt(strata: np.ndarray, units: np.ndarray, order: np.ndarray, folds: int) -> np.ndarray:
    """Return the fold (U,), from 0, of each unit: in this order, each to the fold that wants its strata most."""
    kinds, strata = np.unique(strata, return_inverse=True)
    owner, stratum, counts = _content(strata, units, len(kinds))
    bounds = np.searchsorted(owner, np.arange(len(order) + 1))
    totals = np.bincount(strata)
    room = np.tile(totals / folds, (folds, 1))  # what each fold still wants
    fold = np.empty(len(order), int)
    left = len(order)
    empty = np.ones(folds, bool)
    for unit in order:
        inside = slice(bounds[unit], bounds[unit + 1])
        mine, n = stratum[inside], counts[inside]
        wanted = (n * (2 * room[:, mine] - n) / totals[mine]).sum(axis=1)  # a small class counts as a large one
        if left <= empty.sum():  # no fold may stay without any
            wanted = np.where(empty, wanted, -np.inf)
        best = int(np.lexsort((-room.sum(axis=1), -wanted))[0])
        room[best, mine] -= n
        fold[unit] = best
        empty[best] = False
        left -= 1
    return fold


def _content(strata: np.ndarray, units: np.ndarray, kinds: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what the units hold as three arrays: unit, stratum, number of examples, sorted by unit."""
    pairs, counts = np.unique(units * kinds + strata, return_counts=True)
    owner, stratum = np.divmod(pairs, kinds)
    return owner, stratum, counts
