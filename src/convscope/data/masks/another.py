"""The masks of another set, read by the rule of the set that a network was trained on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from convscope.data.masks.census import Census
from convscope.data.masks.kinds import Told, background_of, decide
from convscope.data.masks.names import ignored
from convscope.data.masks.rule import VOID, MaskRule, value_text
from convscope.text import listed

SHOWN = 8  # values that are read otherwise, in a message


def rule_of_another(found: Census, trained: MaskRule, *, by_source: bool) -> MaskRule:
    """Return how the masks of another set, which hold ``found``, are read.

    It is the rule that was trained with, but where what it says is not about values: two values, whichever they are,
    are background and object; more of them are where everything but the background is the object; soft edges, which are
    few, are taken for the nearest value; and of objects the set tells whether each value or each connected piece is one
    (``by_source``: neither, but files or polygons). Values that remain unknown are left to be refused.
    """
    if trained.kind == "instances":
        return _instances(found, trained, by_source=by_source)
    if not found.colours and -1.0 in found.values and -1.0 not in trained.values:
        trained = _void_too(trained, (-1.0,))
    unknown = ~np.isin(found.values, trained.values) if found.colours == trained.colours else np.full(
        len(found.values), True
    )  # fmt: skip
    if trained.threshold is not None or not unknown.any():
        return trained
    if found.colours == trained.colours and not (unknown & ~found.soft()).any():
        return replace(trained, nearest=True)
    return (_binary(found, trained, unknown) if trained.kind == "binary" else None) or trained


def _binary(found: Census, trained: MaskRule, unknown: np.ndarray) -> MaskRule | None:
    """Return the rule of two other values, or of more objects' values; ``None`` where it would contradict the old."""
    alike = found.colours == trained.colours
    known = dict(zip(trained.values, trained.classes, strict=True)) if alike else {}
    void = [value for value, number in known.items() if number == VOID]
    values = [value for value in found.values.tolist() if value not in void]
    if sum(number == 1 for number in trained.classes) > 1 and alike:
        return replace(
            trained, values=(*trained.values, *found.values[unknown].tolist()),
            classes=(*trained.classes, *(1,) * int(unknown.sum())),
        )  # fmt: skip
    if len(values) != 2:
        return None
    low = background_of(found, values) if found.colours else values[0]
    high = next(value for value in values if value != low)
    if known.get(low, 0) != 0 or known.get(high, 1) != 1:
        return None
    return MaskRule(
        "binary", trained.names, (low, high, *void), (0, 1, *(VOID,) * len(void)), found.colours,
        palette=trained.palette,
    )  # fmt: skip


def _instances(found: Census, trained: MaskRule, *, by_source: bool) -> MaskRule:
    alike = found.colours == trained.colours
    void = [v for v, number in zip(trained.values, trained.classes, strict=True) if number == VOID] if alike else []
    rule = decide(found, Told("instances", void=tuple(void), objects=by_source))
    background = trained.values[0]
    return replace(rule, values=(background, *rule.values[1:])) if alike and background in found.values else rule


def ignoring(rule: MaskRule, text: str) -> MaskRule:
    """Return a rule of which some values or classes, as ``--ignore`` names them, are void, too.

    >>> rule = MaskRule("classes", ("ground", "road"), (0, 3), (0, 1))
    >>> ignoring(rule, "road,7").classes, ignoring(rule, "7").values
    ((0, 255, 255), (0, 3, 7.0))

    Raises:
        ConfigError: a name that no class has.
    """
    pairs = zip(rule.values, rule.classes, strict=True)
    names = {} if rule.kind == "instances" else {v: rule.names[number] for v, number in pairs if number != VOID}
    return _void_too(rule, tuple(value for value in ignored(text, names) if value == value))


def _void_too(rule: MaskRule, void: tuple[float, ...]) -> MaskRule:
    classes = [VOID if v in void else number for v, number in zip(rule.values, rule.classes, strict=True)]
    new = tuple(value for value in void if value not in rule.values)
    return replace(rule, values=(*rule.values, *new), classes=(*classes, *(VOID,) * len(new)))


def read_otherwise(used: MaskRule, trained: MaskRule) -> str:
    """Say what another set's values mean that they did not in training; "" where there is nothing to say.

    >>> rule = MaskRule("classes", ("ground", "road"), (0, 3), (0, 1))
    >>> read_otherwise(ignoring(rule, "3"), rule)
    'the masks are read otherwise than in the training of this run: 3 is void (there: road)'
    """
    if differences := list(_differences(used, trained)):
        return f"the masks are read otherwise than in the training of this run: {listed(differences, SHOWN)}"
    return ""


def _differences(used: MaskRule, trained: MaskRule) -> Iterator[str]:
    if used.kind != trained.kind and "instances" in (used.kind, trained.kind):
        yield f"as {used.kind} (there: {trained.kind})"
        return
    if used.threshold != trained.threshold:
        here, there = (
            "value by value" if rule.threshold is None else f"from {rule.threshold:g} on {rule.names[1]}"
            for rule in (used, trained)
        )
        yield f"{here} (there: {there})"
        return
    for value in used.values:
        here, there = _meaning(used, value), _meaning(trained, value)
        if here != there:
            yield f"{value_text(value, colours=used.colours)} is {here} (there: {there})"


def _meaning(rule: MaskRule, value: float) -> str:
    """Say what a value means."""
    number = dict(zip(rule.values, rule.classes, strict=True)).get(value)
    if number == VOID:
        return "void"
    if rule.kind == "instances":
        return "background" if number == 0 else "an object"
    if rule.threshold is not None:
        return rule.names[value >= rule.threshold]
    return "not known" if number is None else rule.names[number]
