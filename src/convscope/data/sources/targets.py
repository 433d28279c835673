"""What the columns of a table are to be learned as: classes, sets of labels, amounts, or pairs of coordinates.

A column called label, target or class comes first; where it holds lists, they are sets of labels. Else pairs of
coordinates are points; else several columns of 0 and 1 are labels, and all columns of numbers amounts. What is taken is
said, and ``--task`` and ``--label-column`` overrule it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from convscope.data.dataset import Notice
from convscope.data.listing import Target
from convscope.data.numerals import REAL, real
from convscope.data.sources import label_sets, point_columns, quantities
from convscope.data.sources.candidate import in_order, numbered
from convscope.data.sources.columns import LABEL_COLUMNS, SURELY_CLASSES, Columns, plain
from convscope.data.sources.grouping import is_group_word
from convscope.data.sources.labels import class_texts
from convscope.errors import DataError
from convscope.text import count, listed

Cells = Mapping[str, Sequence[str]]
SHOWN = 20
_ROW_NUMBERS = {"", "index", "id", "row", "nr", "no", "unnamed0"}  # what number the rows, as plain() writes them


@dataclass(frozen=True)
class TargetColumns:
    """Columns to be learned: one "label", whose values tell whether it is of classes, or labels, numbers or points.

    ``why`` adds what is to be said of the choice.
    """

    kind: Literal["label", "labels", "numbers", "points"]
    names: tuple[str, ...]
    why: str = ""

    @property
    def said(self) -> str:
        """What they are called where a set is described."""
        return listed(self.names, 4)


def find(where: str, cells: Cells, columns: Columns, taken: Collection[str]) -> TargetColumns | None:
    """Return the columns to learn among ``cells``, those ``taken`` for other things aside; ``None`` where none can be.

    Raises:
        DataError: a column that the user names is not there, or coordinates lack an axis.
    """
    free = [name for name in cells if name not in taken]
    if (several := _several(columns, cells)) is not None:
        flags = columns.task is None and all(label_sets.are_flags(cells[name]) for name in several)
        return TargetColumns("labels" if flags or columns.task == "multilabel" else "numbers", several)
    if columns.task != "landmarks" and (label := _label(where, cells, columns)) is not None:
        lists = columns.task in (None, "multilabel") and label_sets.are_lists(cells[label.names[0]])
        return TargetColumns("labels", label.names, label.why) if lists or columns.task == "multilabel" else label
    points = point_columns.find(where, free) if columns.task in (None, "landmarks") else None
    if points is not None and _are_coordinates([cells[name] for name in points.columns]):
        return TargetColumns("points", points.columns)
    if columns.task in (None, "multilabel") and (lists := _word_lists(where, free, cells)):
        return TargetColumns("labels", lists)
    if columns.task in (None, "multilabel") and (flags := _flags(free, cells, columns)):
        return TargetColumns("labels", flags)
    if columns.task in (None, "regression") and (numbers := _numbers(free, cells)):
        return TargetColumns("numbers", tuple(numbers))
    return None


def _label(where: str, cells: Cells, columns: Columns) -> TargetColumns | None:
    """Return the label column: where two say the same, words beat numbers."""
    label = columns.pick("label", LABEL_COLUMNS, list(cells), where)
    if label is None:
        return None
    if plain(columns.named("label") or "") == plain(label):
        return TargetColumns("label", (label,))
    values = cells[label]
    others = [name for name in cells if plain(name) in LABEL_COLUMNS and cells[name] != values]
    for other in others:
        pairs = set(zip(values, cells[other], strict=True))
        one_to_one = len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
        if one_to_one and _all_numbers(values) and not _all_numbers(cells[other]):
            return TargetColumns("label", (other,), f"; {label} numbers the same classes")
    why = f"; {', '.join(others)} says something else and is not used" if others else ""
    return TargetColumns("label", (label,), why)


def _all_numbers(values: Sequence[str]) -> bool:
    return all(REAL.fullmatch(value.strip()) for value in values)


def _several(columns: Columns, cells: Cells) -> tuple[str, ...] | None:
    """Return the columns that the user names as a list, where no one column is called so."""
    named = columns.named("label")
    if named is None or "," not in named or any(plain(name) == plain(named) for name in cells):
        return None
    wanted = [part.strip() for part in named.split(",")]
    known = {plain(name): name for name in cells}
    missing = [name for name in wanted if plain(name) not in known]
    if missing:
        raise DataError(f"--label-column {named}: no columns {listed(missing)}; the columns are {listed(cells, SHOWN)}")
    return tuple(known[plain(name)] for name in wanted)


def _flags(free: Sequence[str], cells: Cells, columns: Columns) -> tuple[str, ...]:
    """Return the columns that say yes or no of a label each; unasked only where no column holds other numbers."""
    flags = [
        name
        for name in free
        if plain(name) not in _ROW_NUMBERS and not is_group_word(name) and label_sets.are_flags(cells[name])
    ]
    alone = columns.task == "multilabel" or (len(flags) > 1 and set(_numbers(free, cells)) <= set(flags))
    return tuple(flags) if alone else ()


def _are_coordinates(columns: Sequence[Sequence[str]]) -> bool:
    """Tell whether columns hold numbers; a point that no image shows has none."""
    there = [values for values in columns if not all(map(quantities.is_missing, values))]
    return bool(there) and all(map(quantities.are_numbers, there))


def _word_lists(where: str, free: Sequence[str], cells: Cells) -> tuple[str, ...]:
    """Return the column that lists words, whatever it is called."""
    lists = tuple(name for name in free if not is_group_word(name) and label_sets.are_word_lists(cells[name]))
    if len(lists) > 1:
        raise DataError(f"{where}: {listed(lists)} list labels; say which to learn with --label-column {lists[0]}")
    return lists


def _numbers(free: Sequence[str], cells: Cells) -> list[str]:
    return [
        name
        for name in free
        if plain(name) not in _ROW_NUMBERS and not is_group_word(name) and quantities.are_numbers(cells[name])
    ]


def read(
    where: str, chosen: TargetColumns, cells: Cells, refs: Sequence[str], columns: Columns
) -> tuple[Target, str, tuple[Notice, ...]]:
    """Return what is to be learned of rows called ``refs``, how it was read, and what is to be told.

    Raises:
        DataError: gaps where there must be none, texts among numbers, numbers that may be classes, a target that never
            changes, coordinates that are no pixels.
    """
    if chosen.kind == "points":
        return _points(where, chosen, cells, refs)
    if chosen.kind == "labels" and len(chosen.names) == 1:
        return label_sets.from_lists(where, chosen.names[0], refs, cells[chosen.names[0]])
    if chosen.kind == "labels":
        return label_sets.from_columns(where, chosen.names, refs, [cells[name] for name in chosen.names])
    if chosen.kind == "label" and not _are_amounts(where, chosen.names[0], cells[chosen.names[0]], refs, columns):
        values, how, notices = class_texts(where, chosen.names[0], cells[chosen.names[0]])
        classes = in_order(values)
        return Target("class", numbered(values, classes), classes), how, notices
    return _amounts(where, chosen, cells, refs, columns)


def _are_amounts(where: str, name: str, values: Sequence[str], refs: Sequence[str], columns: Columns) -> bool:
    """Tell whether a label column holds amounts; whole numbers that may be either ask the user."""
    if columns.task in ("classification", "regression"):
        return columns.task == "regression"
    if not quantities.are_numbers(values):
        return False
    numbers = [number for value in values if (number := real(value.strip())) is not None]
    if any(number != int(number) for number in numbers if np.isfinite(number)):
        return True
    distinct = np.unique(numbers)
    if plain(name) in SURELY_CLASSES or quantities.are_codes(distinct.astype(int).tolist()):
        return False
    if len(distinct) <= quantities.FEW:
        raise quantities.ask(where, name, distinct.astype(int).tolist())
    return True


def _amounts(
    where: str, chosen: TargetColumns, cells: Cells, refs: Sequence[str], columns: Columns
) -> tuple[Target, str, tuple[Notice, ...]]:
    """Return columns of numbers as amounts."""
    values = np.stack([quantities.amounts(where, name, refs, cells[name]) for name in chosen.names], axis=1)
    asks = columns.task is None and chosen.kind == "numbers"
    rows = [f"row {ref}" for ref in refs]
    target, notices = quantities.number_target(where, chosen.names, rows, values, asks=asks)
    if len(chosen.names) > 1 and columns.named("label") is None:
        text = (
            f"{count(len(chosen.names), 'number')} are learned: {listed(target.names, SHOWN)}; --label-column chooses"
        )
        notices = (Notice("several-numbers", text, target.names[:SHOWN]), *notices)
    told = map(quantities.split_unit, chosen.names)
    said = listed((f"{name} in {unit}" if unit else name for name, unit in told), 4)
    return target, f"; amounts: {said}", notices


def _points(
    where: str, chosen: TargetColumns, cells: Cells, refs: Sequence[str]
) -> tuple[Target, str, tuple[Notice, ...]]:
    """Return pairs of columns as points."""
    points = point_columns.find(where, chosen.names)
    assert points is not None
    flat = [quantities.amounts(where, name, refs, cells[name], point_columns.FARTHEST) for name in points.columns]
    values = np.stack(flat, axis=1).reshape(len(refs), -1, 2)
    found, notices = point_columns.checked(where, values, points.names, [f"row {ref}" for ref in refs])
    return (
        Target("points", found, points.names, name="points"),
        f"; {count(len(points.names), 'point')}",
        tuple(notices),
    )
