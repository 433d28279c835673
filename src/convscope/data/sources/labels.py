"""The labels of a table as class names: as they are written, save that whole numbers lose a needless ``.0``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from convscope.data.notice import Notice
from convscope.data.numerals import REAL
from convscope.errors import DataError
from convscope.text import count, listed

# Which numbers lose their ".0"; a sign of its own makes a name, as in +3 (HER2) beside 3.
_WHOLE = re.compile(r"-?[0-9]+(\.0+)?")
_NO_NUMBER = frozenset(("nan", "inf", "-inf", "infinity", "-infinity", "na", "n/a", "null", "none"))
_MISSING = frozenset(("nan", "na", "n/a", "null"))
_INVISIBLE = "\u200b\u2060\ufeff"  # of no width, and no space to Python
_BETWEEN = (" ", ",", ";", "|", "+", "&", "/")  # what stands between several labels of one image
BRACKETS = re.compile(r"\[.*\]|\{.*\}|\(.*,.*\)", re.DOTALL)


def text_of(value: str) -> str:
    """Return a value as it is compared: without spaces and invisible marks around it."""
    return value.strip().strip(_INVISIBLE).strip()


def class_texts(where: str, column: str, values: Sequence[str]) -> tuple[list[str], str, tuple[Notice, ...]]:
    """Return each row's class name, how it was made of the values, and which values were taken as one.

    Raises:
        DataError: the values are lists, or real numbers.
    """
    texts = list(map(text_of, values))
    if all(map(BRACKETS.fullmatch, texts)):
        raise DataError(several_labels(where, column, texts[0]))
    real = [text for text in texts if REAL.fullmatch(text) and not float(text).is_integer()]
    if real and all(REAL.fullmatch(text) or text.lower() in _NO_NUMBER for text in texts):
        raise DataError(
            f"{where}: the column {column} holds real numbers ({listed(dict.fromkeys(real), 3)}), which are no "
            "classes; learn them as amounts, with --task regression"
        )
    names, how = texts, ""
    if all(map(_WHOLE.fullmatch, texts)):
        names = [text.partition(".")[0] for text in texts]
        shortened = next(((a, b) for a, b in zip(texts, names, strict=True) if a != b), None)
        how = f"; {shortened[0]} is read as {shortened[1]}" if shortened else ""
    return (
        names,
        how,
        (
            *_as_one(where, column, values, names),
            *_like_none(where, column, names),
            *_like_several(where, column, names),
        ),
    )


def several_labels(where: str, column: str, value: str) -> str:
    """Say that an image has one label here, and what to do with a list of one."""
    lone = re.fullmatch(r"\[(?:\"([^\"]+)\"|'([^']+)'|([^\s,'\"]+))\]", value)
    label = next(filter(None, lone.groups())) if lone else ""
    advice = f"; where each list holds one label, write it without brackets ({label})" if label else ""
    return (
        f"{where}: the {column} {value[:60]} is a list or an object, where one class an image is expected; for several "
        f"labels an image give lists throughout, and --task multilabel{advice}"
    )


def _like_none(where: str, column: str, names: Sequence[str]) -> tuple[Notice, ...]:
    """Say which class names are what other programs write where a label is missing."""
    rows = Counter(name for name in names if name.lower() in _MISSING)
    if not rows:
        return ()
    said = listed(f"{name} ({count(number, 'row')})" for name, number in rows.items())
    text = f"{where}: {column}: {said} is taken for a class; remove these rows if it means that the label is missing"
    return (Notice("missing-label", text, tuple(rows)),)


def _like_several(where: str, column: str, names: Sequence[str]) -> tuple[Notice, ...]:
    """Say which class names consist of other classes' names, as several labels of one image do."""
    classes = set(names)
    several = [name for name in sorted(classes) if any(_consists(name, between, classes) for between in _BETWEEN)]
    if not several:
        return ()
    said = f"{count(len(several), 'class', 'classes')} made of the names of others ({listed(several, 3)})"
    text = (
        f"{where}: {column}: {said}: each is taken for a class of its own; if these are several labels of one image, "
        "say so with --task multilabel"
    )
    return (Notice("several-labels", text, tuple(several)),)


def _consists(name: str, between: str, classes: set[str]) -> bool:
    parts = [part.strip() for part in name.split(between)]
    return len(parts) > 1 and len(set(parts)) == len(parts) and classes.issuperset(parts)


def _as_one(where: str, column: str, values: Sequence[str], names: Sequence[str]) -> tuple[Notice, ...]:
    """Say which classes are written in several ways."""
    written: dict[str, set[str]] = {}
    for value, name in zip(values, names, strict=True):
        written.setdefault(name, set()).add(value)
    several = {name: sorted(ways) for name, ways in written.items() if len(ways) > 1}
    if not several:
        return ()
    said = listed(f"{name} ({', '.join(map(repr, ways))})" for name, ways in several.items())
    text = f"{where}: {column}: {count(len(several), 'class', 'classes')} written in several ways, taken as one: {said}"
    return (Notice("labels-as-one", text, tuple(several)),)
