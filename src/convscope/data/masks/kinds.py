"""What kind of masks a set has, decided over all of them: two values, classes, or numbered objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from convscope.data.listing import UNSEEN
from convscope.data.masks.census import Census
from convscope.data.masks.names import is_void
from convscope.data.masks.rule import VOID, MaskKind, MaskRule, value_text
from convscope.errors import DataError
from convscope.text import count, listed

FEW = 64  # values of classes; more may still be classes where each lies in several pieces
MOST_CLASSES = 254
SMALL = 32  # class numbers beside which 255 means void; larger ones where few are left out
MOSTLY = 0.8  # of the values of each mask lie in one piece: then each is an object
SMALLEST = 4  # pixels of objects in the middle; smaller pieces are the shades of soft edges, or of a photograph
FEW_IN_ONE = 8  # values of the only mask of a set, counted from 1: more are objects
BLACK = 0.0


@dataclass(frozen=True)
class Told:
    """What is said of masks from outside: their kind, names of values, which values are void, the threshold.

    ``from_file`` says where the names come from, "" for nowhere. ``objects``: the source holds objects, not values.
    """

    kind: MaskKind | None = None
    names: Mapping[float, str] = field(default_factory=dict)
    void: tuple[float, ...] = ()
    threshold: float | None = None
    from_file: str = ""
    objects: bool = False


def decide(census: Census, told: Told) -> MaskRule:
    """Return what the values of a set's masks mean.

    ======================================================  ==========================================
    values                                                  taken for
    ======================================================  ==========================================
    two, whichever they are                                 binary: the lower one is the background
    one piece each, in numbers that differ from mask to     instances: each value an object
    mask, or more than 8 bits deep
    others                                                  classes, numbered in order; gaps are closed
    255 beside small ones; named void; -1                   void
    ======================================================  ==========================================

    Raises:
        DataError: only one value, too many classes, or a value without a name where names were given.
    """
    void, values = _parted(census, told)
    if told.threshold is not None:
        return MaskRule(
            "binary", _two_names(told, (0.0, 1.0)), tuple(void), (VOID,) * len(void), threshold=told.threshold
        )  # fmt: skip
    kind = kind_of(census, told)
    if kind == "instances":
        return _instances(census, values, void, told)
    if len(values) < 2 and len(told.names) < 2:
        raise DataError(_one_value(census, values))
    if kind == "binary":
        return _binary(census, values, void, told)
    return _classes(census, values, void, told)


def _void(census: Census, told: Told) -> list[float]:
    """Return the values, of those that occur, that are not scored."""
    values = census.values.tolist()
    named = {value for value, name in told.names.items() if is_void(name)}
    void = [v for v in values if v in told.void or v in named or (v == -1 and not census.colours)]
    void += [v for v in (*told.void, *named) if v not in void and v == v]
    if 255 in values and 255 not in void and 255 not in told.names and not census.colours and not told.threshold:
        others = [v for v in values if v not in void and v != 255]
        if len(others) > 1 and max(others) < 254 and (max(others) < SMALL or max(others) < 2 * len(others)):
            void.append(255)
    return [float(v) for v in void]


def kind_of(census: Census, told: Told) -> MaskKind:
    """Return the kind of masks, as asked for, or as the values have it."""
    values = _parted(census, told)[1]
    if told.kind is not None:
        return told.kind
    if len(values) <= 2 and len(told.names) <= 2:
        return "binary"
    named = bool(values) and told.names.keys() >= set(values)
    return "classes" if named or not _numbers_objects(census, values) else "instances"


def _parted(census: Census, told: Told) -> tuple[list[float], list[float]]:
    """Return the values that are void, and the others."""
    void = _void(census, told)
    return void, [v for v in census.values.tolist() if v not in void]


def _numbers_objects(census: Census, values: list[float]) -> bool:
    """Tell whether values number objects: mostly one piece each, and not the same ones in every mask."""
    background = background_of(census, values)
    inside = np.isin(census.values, [v for v in values if v != background])[census.at] & (census.pieces > 0)
    if not inside.any() or (census.pieces[inside] == 1).mean() < MOSTLY:
        return False
    if np.median(census.area[inside] / census.pieces[inside]) < SMALLEST:
        return False
    if census.deep or len(values) > FEW:
        return True
    if census.colours:
        return False
    rows, numbers = np.unique(census.row[inside], return_counts=True)
    highest = np.zeros(len(rows))
    np.maximum.at(highest, np.searchsorted(rows, census.row[inside]), census.values[census.at[inside]])
    counted_up = (highest == numbers).mean() > 0.9  # 1, 2, ... in each mask; classes leave some out
    differ = len(np.unique(numbers)) > 1 or len(rows) == 1  # of one mask, their number must do
    return bool(counted_up and differ and numbers.max() > (3 if len(rows) > 1 else FEW_IN_ONE))


def background_of(census: Census, values: list[float]) -> float:
    """Return the value of what is nothing: 0, black or transparent; else the most frequent one.

    Beside black and others the transparent parts are corners, as of a picture that was turned.
    """
    if census.colours and UNSEEN in values and (BLACK not in values or len(values) == 2):
        return UNSEEN
    if BLACK in values:
        return BLACK
    return max(values, key=lambda v: census.pixels[np.searchsorted(census.values, v)])


def _instances(census: Census, values: list[float], void: list[float], told: Told) -> MaskRule:
    background = background_of(census, values) if values else BLACK
    void = void if census.colours or -1.0 in void else [*void, -1.0]
    pieces = len(values) <= 2 and not told.objects  # one value for all objects: what is connected is one
    return MaskRule(
        "instances", ("object",), (background, *void), (0, *(VOID,) * len(void)), census.colours, pieces=pieces
    )  # fmt: skip


def _binary(census: Census, values: list[float], void: list[float], told: Told) -> MaskRule:
    """Return the rule of two values; of more, asked to be binary, the lowest is the background."""
    if len(values) == 1:  # the other one has a name and no pixel
        values = sorted({*values, *(v for v in told.names if v not in void)})[:2]
    low = background_of(census, values) if census.colours else values[0]
    pair = (low, next(v for v in values if v != low))
    numbers = [int(v != low) for v in values]
    return MaskRule(
        "binary", _two_names(told, pair), (*values, *void), (*numbers, *(VOID,) * len(void)), census.colours
    )  # fmt: skip


def _two_names(told: Told, pair: tuple[float, float]) -> tuple[str, ...]:
    names = tuple(told.names.get(value, default) for value, default in zip(pair, ("background", "object"), strict=True))
    return names if len(set(names)) == 2 else ("background", "object")


def _classes(census: Census, values: list[float], void: list[float], told: Told) -> MaskRule:
    """Return the rule of classes: those that are named, and where there are no names, those that occur."""
    text = [value_text(v, colours=census.colours) for v in values]
    if told.names:
        unnamed = [t for v, t in zip(values, text, strict=True) if v not in told.names]
        if unnamed:
            raise DataError(
                f"{told.from_file}: no name for {count(len(unnamed), 'value')} of the masks ({listed(unnamed, 8)}); "
                "add a line value=name for each, or say what is not scored with --ignore"
            )
        order = [v for v in told.names if v not in void]
        names = [told.names[v] for v in order]
    else:
        first = background_of(census, values)
        order = [first, *(v for v in values if v != first)] if census.colours else values
        plain = {v: value_text(v, colours=census.colours) for v in order}
        names = ["background" if v == BLACK else plain[v] for v in order]
    distinct = list(dict.fromkeys(names))  # several values of one name are one class
    if len(distinct) > MOST_CLASSES:
        raise DataError(
            f"the masks hold {count(len(distinct), 'value')}, which lie in several pieces each: too many for classes, "
            f"of which there are {MOST_CLASSES} at most; where each is an object, say --mask instances"
        )
    numbers = [distinct.index(name) for name in names]
    return MaskRule(
        "classes", tuple(distinct), (*order, *void), (*numbers, *(VOID,) * len(void)), census.colours
    )  # fmt: skip


def _one_value(census: Census, values: list[float]) -> str:
    held = f"{value_text(values[0], colours=census.colours)} everywhere" if values else "void everywhere"
    return (
        f"every mask is {held}: nothing is marked, so there is nothing to learn; check that these are the masks, and "
        "not a blank layer of them"
    )
