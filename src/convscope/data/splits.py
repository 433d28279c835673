"""Which images train, which choose the epoch, and which judge.

What a set says about its splits stays as given; the rest is drawn at random, each class by its share, and
groups (a patient, a tissue block) are never torn apart. Not scikit-learn's ``StratifiedGroupKFold``: it cuts
only into k equal parts, promises no class a training image, and needs nine seconds for 35,000 groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from convscope.data.listing import NOTHING, Masks, Target
from convscope.data.names import distinct, spellings
from convscope.data.numerals import real
from convscope.data.strata import MOST_STRATA, Strata, one_stratum, strata
from convscope.errors import ConfigError, DataError
from convscope.text import listed

TEST_SHARE = 0.2
VALID_SHARE = 0.1
VALID_AT_MOST = 5_000  # more would cost time every epoch, and 5,000 already fix an accuracy of 0.95 to ±0.006

_GIVEN = "or say yourself which examples train, validate and test (folders train, valid and test, or a column 'split')"
_REMEDY = f"add examples, leave the class out, {_GIVEN}"
_AMOUNTS = "; if these numbers are amounts and no classes, say --task regression"
_UNGROUPED = "; where the column of the groups says nothing of what belongs together, leave it out with --group none"


def assign(
    target: Target | Masks,
    groups: np.ndarray | None,
    given: np.ndarray,
    *,
    valid: float | int | None = None,
    test: float | int | None = None,
    seed: int = 0,
    words: str = "as given",
) -> tuple[np.ndarray, str]:
    """Complete ``given`` to a split for every image, and say by which rule.

    ``target`` is what is learned of each of n examples: classes are drawn each by its share, and numbers from tenths of
    the range of the first (fewer where they are few, and at random where a tenth has too few groups); ``groups`` (n,)
    name what must stay together (an empty name is no group); ``given`` (n,) holds "train", "valid", "test" or "" (not
    given, and so left to divide). ``valid`` and ``test`` are shares (0.1) or numbers of images (500); ``test=0`` carves
    none. By default test is a fifth, and valid a tenth of the rest, at most 5,000; a set that came with a train and a
    valid split gets no test split. Each split that is carved holds every class or tenth, and so does what is left to
    train on. ``words`` say how the given splits came about.

    Returns the splits (n,) and a sentence. The draw depends on the arguments alone, not on the machine or
    the NumPy version. Raises ``DataError`` for a set that cannot be divided, ``ConfigError`` for a share
    that cannot be had.

    >>> split, rule = assign(Target("class", np.arange(20) % 2, ("cat", "dog")), None, np.full(20, ""))
    >>> rule
    'test: 20 % of all, valid: 10 % of the rest, stratified, seed 0'
    >>> [int((split == name).sum()) for name in ("train", "valid", "test")]
    [14, 2, 4]
    """
    _check(target, given)
    try:
        return _assigned(strata(target), groups, given, valid, test, seed, words)
    except DataError:
        if target.kind != "number":
            raise
    return _assigned(one_stratum(target), groups, given, valid, test, seed, words)


def _assigned(
    drawn: Strata,
    groups: np.ndarray | None,
    given: np.ndarray,
    valid: float | int | None,
    test: float | int | None,
    seed: int,
    words: str,
) -> tuple[np.ndarray, str]:
    """Do as ``assign``, by these strata."""
    labels, classes, by, noun = drawn
    split = np.where(given == "", "train", given).astype("<U5", copy=False)
    kept = [name for name in ("valid", "test") if (split == name).any()]
    for name, asked in (("valid", valid), ("test", test)):
        if asked is not None and name in kept:
            found = f"{(split == name).sum():,} examples"
            raise ConfigError(f"{name}={asked:g}: this set brings its own {name} split ({found}), kept as given")

    if test is None:
        test = 0 if kept else TEST_SHARE
    carve: list[tuple[str, float | int]] = [("test", test)] if test else []
    if "valid" not in kept:
        carve.append(("valid", VALID_SHARE if valid is None else valid))

    units = number_units(groups, len(labels))
    rules = []
    while carve:
        name, asked = carve.pop(0)
        pool = np.flatnonzero(split == "train")
        source = "train" if kept else "the rest" if rules else "all"
        wanted, share = _count(name, asked, len(pool), capped=name == "valid" and valid is None)
        held = _hold_out(labels[pool], units[pool], classes, wanted, [name, *dict(carve), "train"], seed)
        split[pool[held]] = name
        rules.append(f"{name}: {share} of {source}{_surprise(held, wanted, noun, grouped=groups is not None)}")

    sentence = [f"train, valid and test {words}" if len(kept) == 2 else f"{kept[0]} {words}"] if kept else []
    if rules:
        by_group = ", by group" if groups is not None else ""
        sentence.append(f"{', '.join(rules)}{by}{by_group}, seed {seed}")
    if not (split == "test").any():
        sentence.append("no test split: the valid score is honest if it chooses neither the epoch nor when to stop")
    return split, "; ".join(sentence)


def _check(target: Target | Masks, given: np.ndarray) -> None:
    if len(target) < 2:
        found = "no example" if len(target) == 0 else "only one example"
        needed = " of each of at least two classes" if target.kind == "class" else ""
        raise DataError(f"found {found}; training needs several{needed}")
    if target.kind == "class" and target.name != NOTHING and (target.values == target.values[0]).all():
        raise DataError(
            f"all {len(target):,} examples are of one class, {target.names[target.values[0]]!r}; telling classes apart "
            "needs at least two (one folder a class, or a label column with two values)"
        )
    if not np.isin(given, ("", "train")).any():
        raise DataError(f"nothing to train on: all {len(given):,} examples are given as valid or test")


def number_units(groups: np.ndarray | None, count: int) -> np.ndarray:
    """Number what must stay together, (n,): each group, and on its own each image that has none (an empty name)."""
    if groups is None:
        return np.arange(count)
    names, units = distinct(groups)
    alone = groups == ""
    units[alone] = len(names) + np.arange(alone.sum())
    return units


def _count(name: str, asked: float | int, available: int, *, capped: bool) -> tuple[int, str]:
    """Return how many of the ``available`` images to hold out, and the words for it."""
    most = int(0.9 * available)
    wanted = round(asked * available) if asked < 1 else int(asked)
    if asked <= 0 or wanted > most or (asked >= 1 and asked != wanted):
        none = "; test=0 carves none" if name == "test" else ""
        raise ConfigError(
            f"{name}={asked:g}: give a share above 0 and up to 0.9, or a number of examples up to {most:,} "
            f"(nine tenths of the {available:,} at hand){none}"
        )
    if capped and wanted > VALID_AT_MOST:
        return VALID_AT_MOST, f"{VALID_AT_MOST:,}"
    return wanted, f"{100 * asked:g} %" if asked < 1 else f"{wanted:,}"


def _hold_out(
    labels: np.ndarray,
    units: np.ndarray,
    classes: Sequence[str],
    wanted: int,
    splits: Sequence[str],
    seed: int,
) -> np.ndarray:
    """Return a mask (n,) of about ``wanted`` images for ``splits[0]``; the other splits can still have each class.

    Units come in random order; one is taken when that brings the counts of its classes nearer to their shares.
    """
    if len(np.unique(units)) == len(units):
        order = np.argsort(units, kind="stable")
        held = np.zeros(len(units), bool)
        held[order] = _hold_out_alone(labels[order], classes, wanted, splits, seed)
        return held
    content = _content(labels, units, len(classes))
    images = np.bincount(labels, minlength=len(classes))
    left = np.zeros(len(classes), int).tolist()  # units of each class not yet held out
    for unit in content:
        for c, _ in unit:
            left[c] += 1
    present = np.flatnonzero(images).tolist()
    for c in present:
        if left[c] < len(splits):
            raise DataError(_too_small(classes, c, int(images[c]), left[c], splits))
    room = np.maximum(_shares(images, wanted), images > 0).tolist()
    missing = set(present)
    held = np.zeros(len(content), bool)

    def spare(unit: int) -> bool:
        return not held[unit] and all(left[c] >= len(splits) for c, _ in content[unit])

    def hold(unit: int) -> None:
        held[unit] = True
        for c, n in content[unit]:
            room[c] -= n
            left[c] -= 1
            missing.discard(c)

    for unit in _drawn(len(content), splits, seed).tolist():
        if spare(unit) and sum(n * (2 * room[c] - n) for c, n in content[unit]) > 0:
            hold(unit)
    while missing:  # only where each group of a class is more than twice its share
        c = min(missing)
        sizes = {u: sum(n for _, n in unit) for u, unit in enumerate(content) if c in dict(unit) and spare(u)}
        if not sizes:
            raise DataError(
                f"no group of class {classes[c]!r} can go to {splits[0]} without taking another class's last "
                f"group: {_REMEDY}{_UNGROUPED}"
            )
        hold(min(sizes, key=lambda u: sizes[u]))
    return held[np.unique(units, return_inverse=True)[1]]


def _hold_out_alone(
    labels: np.ndarray, classes: Sequence[str], wanted: int, splits: Sequence[str], seed: int
) -> np.ndarray:
    """Return what ``_hold_out`` does of examples (n,) that are each a unit: then a class takes nothing from another."""
    images = np.bincount(labels, minlength=len(classes))
    room = np.maximum(_shares(images, wanted), images > 0)
    held = np.zeros(len(labels), bool)
    drawn = _drawn(len(labels), splits, seed)
    for c in np.flatnonzero(images).tolist():
        if images[c] < len(splits):
            raise DataError(_too_small(classes, c, int(images[c]), int(images[c]), splits))
        held[drawn[labels[drawn] == c][: min(room[c], images[c] - len(splits) + 1)]] = True
    return held


def _drawn(count: int, splits: Sequence[str], seed: int) -> np.ndarray:
    """Return the order (count,) in which units are drawn."""
    # NumPy promises the raw stream of a bit generator for all versions, but not the shuffles made from it.
    return np.argsort(np.random.PCG64([seed, len(splits)]).random_raw(count), kind="stable")


def _content(labels: np.ndarray, units: np.ndarray, classes: int) -> list[list[tuple[int, int]]]:
    """Return what each unit holds, in the order of its number: pairs of class and count."""
    pairs, counts = np.unique(units * classes + labels, return_counts=True)
    owner, label = np.divmod(pairs, classes)
    bounds = [*np.unique(owner, return_index=True)[1].tolist(), len(pairs)]
    return [list(zip(label[a:b].tolist(), counts[a:b].tolist(), strict=True)) for a, b in pairwise(bounds)]


def _shares(images: np.ndarray, wanted: int) -> np.ndarray:
    """Divide ``wanted`` among classes as their ``images`` are; the largest remainders are rounded up."""
    exact = images * wanted / images.sum()
    shares = np.floor(exact).astype(int)
    shares[np.argsort(shares - exact, kind="stable")[: wanted - shares.sum()]] += 1
    return shares


def _too_small(classes: Sequence[str], c: int, images: int, units: int, splits: Sequence[str]) -> str:
    others = ", ".join(splits[:0:-1])
    named = f"class {classes[c]!r}" if classes[c] else "the set"
    remedy = _REMEDY if classes[c] else f"add examples, {_GIVEN}"
    if alike := [other for other in classes if other != classes[c] and spellings((other, classes[c]))]:
        said = listed(map(repr, alike), 3)
        remedy = f"if it is {said} in another spelling, give both one name; else {remedy}"
    # Far more numbers than a person would call classes.
    remedy += _AMOUNTS * (len(classes) > MOST_STRATA and all(real(name) is not None for name in classes))
    if units == images:
        found = f"has only {images} example{'s' if images > 1 else ''}"
        return f"{named} {found}, but {others} and {splits[0]} need one each: {remedy}"
    found = f"has its {images:,} examples in only {units} group{'s' if units > 1 else ''}"
    need = f"groups stay whole and {others} and {splits[0]} need one each"
    return f"{named} {found}, but {need}: {remedy}{_UNGROUPED}"


def _surprise(held: np.ndarray, wanted: int, noun: str, *, grouped: bool) -> str:
    """Return the count in words where small classes or whole groups moved it from the one asked for."""
    count = int(held.sum())
    if abs(count - wanted) <= 0.1 * wanted:
        return ""
    # Of classes both are said whether there are groups or not, as it has always been.
    why = f"every {noun} is in it, and groups stay whole" if noun else "groups stay whole" if grouped else "not fewer"
    return f" (came to {count:,} of {len(held):,}: {why})"
