"""What each value of a set's masks was taken for: the rule, and the table that is shown of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convscope.data.masks.census import Census
from convscope.data.masks.rule import VOID, MaskRule, value_text
from convscope.text import count


@dataclass(frozen=True)
class ValueRow:
    """One line of the table of values: ``value`` as the file has it, what it is taken for, on how many pixels.

    ``number`` is the class, 255 for void, ``None`` for objects and for stray values. ``share`` is that of all pixels,
    ``masks`` how many hold it. Of objects, ``objects`` counts them and ``in_a_mask`` says how many a mask has, at least
    and at most.
    """

    value: str
    number: int | None
    name: str
    share: float
    masks: int
    objects: int | None = None
    in_a_mask: tuple[int, int] | None = None


@dataclass(frozen=True)
class MaskMeaning:
    """The ``rule`` by which the masks of a set are read, and what each value was taken for."""

    rule: MaskRule
    table: tuple[ValueRow, ...]


def value_table(
    found: Census, rule: MaskRule, pixels: np.ndarray, objects: np.ndarray, *, size: int, by_source: bool
) -> tuple[ValueRow, ...]:
    """Return what each value was taken for.

    ``pixels`` (n, K) are those of each class in each mask, of ``size`` pixels in all; ``objects`` (m,) are those of
    each mask that is used. With ``by_source`` it is not values that tell objects, but files or polygons.
    """
    if rule.threshold is not None:
        return _sides(rule, pixels, size)
    share = found.pixels / max(1, int(found.pixels.sum()))
    numbers = dict(zip(rule.values, rule.classes, strict=True))
    others = np.array([value not in numbers for value in found.values.tolist()])
    rows = [_known(found, rule, numbers, share, k, by_source=by_source) for k in np.flatnonzero(~others).tolist()]
    if not others.any():
        return tuple(rows)
    share_of_others, masks = float(share[others].sum()), _masks_with(found, others)
    if rule.nearest:
        text = count(int(others.sum()), "other value")
        rows.append(ValueRow(text, None, "the nearest", share_of_others, masks))
    if rule.kind == "instances":
        value, name = _objects_said(found, rule, others, by_source=by_source)
        span = (int(objects.min()), int(objects.max()))
        rows.append(ValueRow(value, None, name, share_of_others, masks, int(objects.sum()), span))
    return tuple(rows)


def _sides(rule: MaskRule, pixels: np.ndarray, size: int) -> tuple[ValueRow, ...]:
    """Return the two sides of a threshold, and what is void, of ``size`` pixels."""
    held = pixels.sum(0)
    texts = (f"below {rule.threshold:g}", f"{rule.threshold:g} and above")
    sides = [
        ValueRow(text, number, rule.names[number], float(held[number] / max(1, size)), masks)
        for number, (text, masks) in enumerate(zip(texts, (pixels > 0).sum(0).tolist(), strict=True))
    ]
    void = size - int(held.sum())
    return (*sides, ValueRow("others", VOID, "void", void / size, 0)) if void else tuple(sides)


def _known(
    found: Census, rule: MaskRule, numbers: dict[float, int], share: np.ndarray, k: int, *, by_source: bool
) -> ValueRow:
    """Return the line of the k-th value, of which the rule tells."""
    value = float(found.values[k])
    number = numbers[value]
    name = "void" if number == VOID else ("background" if rule.kind == "instances" else rule.names[number])
    text = "no object" if by_source and number == 0 else value_text(value, colours=rule.colours)
    return ValueRow(text, number, name, float(share[k]), int(found.masks[k]))


def _objects_said(found: Census, rule: MaskRule, others: np.ndarray, *, by_source: bool) -> tuple[str, str]:
    """Return which values are objects, and what makes one."""
    if by_source:
        return "objects", "an object each"
    low, high = (value_text(value, colours=rule.colours) for value in found.values[others][[0, -1]])
    values = low if low == high else f"{low} to {high}"
    return values, "each connected piece an object" if rule.pieces else "each value an object"


def _masks_with(found: Census, which: np.ndarray) -> int:
    return len(np.unique(found.row[which[found.at]]))
