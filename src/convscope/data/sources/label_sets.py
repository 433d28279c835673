"""Several labels of one image: a list in one column, or a column of 0 and 1 for each label."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from convscope.data.listing import Target
from convscope.data.names import spellings
from convscope.data.notice import Notice
from convscope.data.sources.candidate import in_order
from convscope.data.sources.labels import BRACKETS, text_of
from convscope.errors import DataError
from convscope.text import count, listed

BETWEEN = ("|", ";", ",")  # what stands between labels that are in no brackets: the first of these that is there
FEW = 10  # examples with a label, below which little can be said of it
SHOWN = 5
_TRUE, _FALSE = {"1", "1.0", "true", "yes"}, {"0", "0.0", "false", "no", ""}
_QUOTED = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([^,"'\[\](){}][^,\[\](){}]*))\s*(?:,|$)""")


def are_lists(values: Sequence[str]) -> bool:
    """Tell whether a column's values are lists in brackets, or empty, and not each of one label.

    All but one in twenty, so that a slip is told of.

    >>> are_lists(["['a', 'b']", "['a']"]), are_lists(["['a']", "['b']"]), are_lists(["a, b"])
    (True, False, False)
    """
    texts = [text for value in values if (text := text_of(value))]
    several = any("," in text or not text[1:-1].strip() for text in texts)
    return several and sum(BRACKETS.fullmatch(text) is not None for text in texts) >= 0.95 * len(texts)


def are_word_lists(values: Sequence[str]) -> bool:
    """Tell whether a column lists words; lists of numbers may be anything, such as boxes.

    >>> are_word_lists(["['a', 'b']", "[]"]), are_word_lists(["[1, 2.5e3]", "[3, 4]"]), are_word_lists(["{'a': 'b', }"])
    (True, False, False)
    """
    texts = [text for value in values if (text := text_of(value))]
    words = any(re.search(r"[^\W\d_]", re.sub(r"\d[eE]", "", text)) for text in texts)
    return words and all(text[0] != "{" for text in texts) and are_lists(values)


def are_flags(values: Sequence[str]) -> bool:
    """Tell whether every value of a column says yes or no.

    >>> are_flags(["0", "1", "1.0"]), are_flags(["true", "False"]), are_flags(["0", "2"])
    (True, True, False)
    """
    return all(value.strip().lower() in _TRUE | _FALSE for value in values)


def from_lists(
    where: str, column: str, refs: Sequence[str], values: Sequence[str]
) -> tuple[Target, str, tuple[Notice, ...]]:
    """Return the labels that a column lists for each of the rows ``refs``, how they were read, what is to be told.

    Raises:
        DataError: a list that cannot be read, or no label at all.
    """
    texts = list(map(text_of, values))
    lists = are_lists(values)
    separator = None if lists else next((each for each in BETWEEN if any(each in text for text in texts)), "|")
    sets = [_parts(where, column, ref, text, separator) for ref, text in zip(refs, texts, strict=True)]
    names = in_order(name for each in sets for name in each)
    if not names:
        raise DataError(f"{where}: {column} names no label in any of {count(len(refs), 'row')}")
    index = {name: k for k, name in enumerate(names)}
    held = np.zeros((len(sets), len(names)), np.uint8)
    for row, each in enumerate(sets):
        held[row, [index[name] for name in each]] = 1
    how = "lists" if lists else f"labels between {separator!r}"
    target, notices = label_target(where, held, names)
    return target, f"; {how}", (*_not_divided(where, column, names, separator), *notices)


def from_columns(
    where: str, names: Sequence[str], refs: Sequence[str], cells: Sequence[Sequence[str]]
) -> tuple[Target, str, tuple[Notice, ...]]:
    """Return a label for each of several columns ``cells`` of 0 and 1; as ``from_lists``.

    Raises:
        DataError: another value, or columns of which exactly one is 1 in every row.
    """
    held = np.zeros((len(refs), len(names)), np.uint8)
    gaps: list[str] = []
    for k, (name, column) in enumerate(zip(names, cells, strict=True)):
        for row, value in enumerate(column):
            word = value.strip().lower()
            if word not in _TRUE | _FALSE:
                raise DataError(f"{where} row {refs[row]}: {name}: expected 0 or 1, found {value[:60]!r}")
            held[row, k] = word in _TRUE
        if any(value.strip().lower() in _FALSE - {""} for value in column):
            gaps += [f"row {ref}: {name}" for ref, value in zip(refs, column, strict=True) if not value.strip()]
    target, notices = label_target(where, held, names)
    if gaps:
        cells_said = count(len(gaps), "cell is", "cells are")
        text = f"{where}: {cells_said} empty ({listed(gaps, SHOWN)}) beside cells of 0: taken as 0, too"
        notices = (*notices, Notice("empty-labels", text, tuple(gaps[:20])))
    return target, "; one column a label", notices


def label_target(where: str, held: np.ndarray, names: Sequence[str]) -> tuple[Target, tuple[Notice, ...]]:
    """Return the labels that examples have, (n, K) of 0 and 1, as what is to be learned, and what is to be told.

    Raises:
        DataError: no example has any label.
    """
    if not held.any():
        raise DataError(f"{where}: no row has any of the labels {listed(names, 6)}: there is nothing to learn from")
    return Target("multilabel", held, tuple(names), name="labels"), _told(where, held, names)


def _parts(where: str, column: str, ref: str, text: str, separator: str | None) -> list[str]:
    """Return the labels of one row; without a ``separator``, it is to be a list."""
    if not text or (separator and not BRACKETS.fullmatch(text)):
        return [part.strip() for part in text.split(separator) if part.strip()]
    try:
        values = json.loads(text) if BRACKETS.fullmatch(text) else None
    except ValueError:
        values = _quoted(text)
    if not isinstance(values, list) or not all(isinstance(value, str | int) for value in values):
        raise DataError(
            f"{where} row {ref}: {column}: expected a list of labels such as ['rust', 'scab'], found {text[:60]}; "
            "numbers need a column each, and points a column each for x and y"
        )
    return [name for value in values if (name := str(value).strip())]


def _quoted(text: str) -> list[str] | None:
    """Return the items of a list as Python or a person writes it; ``None`` for anything else."""
    inner, items = text[1:-1].strip(), []
    while inner:
        if not (matched := _QUOTED.match(inner)):
            return None
        items.append(next(group for group in matched.groups() if group is not None).strip())
        inner = inner[matched.end() :]
    return items


def _not_divided(where: str, column: str, names: Sequence[str], separator: str | None) -> tuple[Notice, ...]:
    """Say which labels hold a sign that divides labels elsewhere, where ``separator`` divides them here."""
    odd = tuple(name for name in names if separator and any(mark in name for mark in BETWEEN))
    if not odd:
        return ()
    marks = listed(repr(mark) for mark in BETWEEN if any(mark in name for name in odd))
    text = (
        f"{where}: {column} is divided at {separator!r}, and {count(len(odd), 'label holds', 'labels hold')} {marks} "
        f"too ({listed(odd, SHOWN)}): if that divides labels, write {separator!r} in its place"
    )
    return (Notice("undivided-labels", text, odd[:20]),)


def _told(where: str, held: np.ndarray, names: Sequence[str]) -> tuple[Notice, ...]:
    """Say of labels that hardly any example has, or every one, and of one label under several spellings."""
    numbers = Counter(dict(zip(names, held.sum(axis=0).tolist(), strict=True)))
    rare = {name: number for name, number in numbers.items() if number < FEW}
    always = [name for name, number in numbers.items() if number == len(held)]
    notices = []
    if alike := spellings(names):
        text = (
            f"{where}: {count(len(alike), 'label has', 'labels have')} several spellings ({listed(alike, SHOWN)}): the "
            "network learns to tell them apart; give them one name unless they are different things"
        )
        notices.append(Notice("spelling", text, alike[:20]))
    if rare:
        said = listed((f"{name}: {number}" for name, number in rare.items()), SHOWN)
        labels = count(len(rare), "label has", "labels have")
        text = f"{where}: {labels} fewer than {FEW} examples ({said}): expect little of them"
        notices.append(Notice("rare-labels", text, tuple(rare)[:20]))
    if always:
        text = f"{where}: every example has {listed(always, SHOWN)}: there is nothing to learn about it"
        notices.append(Notice("constant-labels", text, tuple(always)[:20]))
    return tuple(notices)
