"""The numbers of a table's column, as amounts: read strictly, with their unit where the column's name says it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from convscope.data.listing import Target
from convscope.data.notice import Notice
from convscope.data.numerals import real
from convscope.errors import DataError
from convscope.text import count, listed, part

FEW = 20  # different whole numbers up to which a column may hold classes as well as amounts
LARGEST = 1e30  # float32, in which networks compute, ends at 3e38, and its squares at 2e19 deviations
SHOWN = 5
ROWS = 20  # named at most where all of them must be mended
_MISSING = frozenset(("", "nan", "na", "n/a", "null", "none"))
_UNIT = re.compile(r"(?P<name>.*\S)\s*[(\[](?P<unit>[^()\[\]]+)[)\]]")
# 57,7 | 1,234.5 | ~40 | about 3 | 12 mm | 80% | 87 um2
_DRESSED = re.compile(
    r"(?:[~<>≈±$€£]|about|ca\.?)?\s*[+-]?\d[\d.,' ]*(?:[eE][+-]?\d+)?\s*"
    r"(?P<unit>[^\W\d_]{1,6}\^?-?[23]|[^\d\s]{0,8})"
)


def split_unit(column: str) -> tuple[str, str]:
    """Return name and unit of a column that says its unit in brackets; else its name and "".

    >>> split_unit("age (years)"), split_unit("mass [kg]"), split_unit("angle")
    (('age', 'years'), ('mass', 'kg'), ('angle', ''))
    """
    matched = _UNIT.fullmatch(column.strip())
    return (matched["name"], matched["unit"].strip()) if matched else (column.strip(), "")


def is_missing(text: str) -> bool:
    """Tell whether a cell says that there is no number."""
    return text.strip().lower() in _MISSING


def are_numbers(values: Sequence[str]) -> bool:
    """Tell whether a column holds numbers, gaps aside: all cells but one in twenty, so that a slip is told of."""
    known = [value for value in values if not is_missing(value)]
    numbers = sum(real(value.strip()) is not None for value in known)
    return numbers > 0 and numbers >= 0.95 * len(known)


def why_not_numbers(name: str, refs: Sequence[str], values: Sequence[str]) -> str | None:
    """Say of a column that is no numbers why not, where it nearly is: it is empty, or its numbers are not plain ones.

    >>> why_not_numbers("age", ["2", "3"], ["57,7", "8,1"])
    "age holds no plain numbers (row 2: '57,7', row 3: '8,1'): write decimals with a point"
    """
    cells = [(ref, value.strip()) for ref, value in zip(refs, values, strict=True) if not is_missing(value)]
    if not cells:
        return f"{name} is empty in all {count(len(values), 'row')}"
    if all(value.startswith("[") for _, value in cells):
        return f"{name} holds lists (row {cells[0][0]}: {cells[0][1][:20]}): give each number a column of its own"
    odd = [f"row {ref}: {value[:20]!r}" for ref, value in cells if real(value) is None]
    near = sum(real(value) is not None or _DRESSED.fullmatch(value) is not None for _, value in cells)
    if near < max(1, len(cells) / 2) or not odd:
        return None
    comma = all(real(value.replace(",", ".", 1)) is not None for _, value in cells)
    unit = next(filter(None, map(_unit_in, (value for _, value in cells))), "mm")
    plainly = f"write plain numbers, and a unit in the header: {name} ({unit})"
    remedy = "write decimals with a point" if comma else plainly
    plain = len(cells) - len(odd)
    found = f"holds {count(plain, 'number')} and {count(len(odd), 'text')}" if plain else "holds no plain numbers"
    return f"{name} {found} ({listed(odd, 3)}): {remedy}"


def _unit_in(cell: str) -> str:
    """Return the unit that stands behind a cell's number, or ""."""
    dressed = None if real(cell) is not None else _DRESSED.fullmatch(cell)
    return dressed["unit"] if dressed and re.search(r"[^\W_]|[%°]", dressed["unit"]) else ""


def amounts(where: str, column: str, refs: Sequence[str], values: Sequence[str], most: float = LARGEST) -> np.ndarray:
    """Return the numbers (n,) of a column, NaN for a gap; ``refs`` are what the rows are called.

    Raises:
        DataError: a text, an infinite number, or one beyond ``most``; the rows and values are named.
    """
    numbers = np.full(len(values), np.nan)
    texts, huge, units = [], [], []
    for at, value in enumerate(map(str.strip, values)):
        if is_missing(value):
            continue
        number = real(value)
        if number is None:
            texts.append(f"row {refs[at]}: {value!r}")
            units += filter(None, [_unit_in(value)])
        elif not abs(number) <= most:
            huge.append(f"row {refs[at]}: {value}")
        else:
            numbers[at] = number
    if texts:
        comma = any(re.fullmatch(r"[^']*'[+-]?\d+,\d+'", text) for text in texts)
        hint = "write decimals with a point" if comma else "correct it, or leave the cell empty where it is not known"
        if units:
            hint = f"write plain numbers, and a unit in the header: {split_unit(column)[0]} ({units[0]})"
        those = part(len(texts), len(values), "value", "is", "are")
        raise DataError(f"{where}: {column}: {those} not a number ({listed(texts, SHOWN)}); {hint}")
    if huge:
        those = part(len(huge), len(values), "value", "is", "are")
        raise DataError(
            f"{where}: {column}: {those} beyond ±{most:g} ({listed(huge, SHOWN)}); if it is a "
            "code for what is missing, leave the cell empty"
        )
    return numbers


def number_target(
    where: str, titles: Sequence[str], refs: Sequence[str], values: np.ndarray, *, asks: bool = False
) -> tuple[Target, tuple[Notice, ...]]:
    """Return numbers (n, K) as what is to be learned, NaN where one is missing, and what is to be told of them.

    ``titles`` name the columns, perhaps with their units; ``refs`` are what the examples are called, such as "row 7";
    with ``asks``, a column of few whole numbers is an error that asks for the task.

    Raises:
        DataError: an infinite or huge number, a column that is empty or the same throughout, or an example without any.
    """
    _refuse_huge(where, titles, refs, values)
    refuse_constant(where, titles, values)
    for title, column in zip(titles, values.T, strict=True):
        if asks and (few := few_whole(column)):
            clear = [other for other, each in zip(titles, values.T, strict=True) if not few_whole(each)]
            raise ask(where, title, few, clear)
    bare = [refs[row] for row in np.flatnonzero(np.isnan(values).all(axis=1)).tolist()]
    if bare:
        raise DataError(f"{where}: no {listed(titles, 3)} in {_together(bare, ROWS)}; fill it in or remove the example")
    notices = []
    if gaps := int(np.isnan(values).sum()):
        text = f"{where}: {gaps:,} of {values.size:,} numbers missing: they are neither learned nor scored"
        notices.append(Notice("missing-numbers", text))
    notices += [
        far for title, column in zip(titles, values.T, strict=True) if (far := _far(where, title, refs, column))
    ]
    told = [split_unit(title) for title in titles]
    names, units = (tuple(each[k] for each in told) for k in (0, 1))
    if len(set(names)) < len(names):  # age (years) beside age (months)
        names = tuple(title.strip() for title in titles)
    return Target("number", values, names, units, "numbers"), tuple(notices)


def _refuse_huge(where: str, titles: Sequence[str], refs: Sequence[str], values: np.ndarray) -> None:
    huge = [f"{refs[row]}: {titles[k]} {values[row, k]:g}" for row, k in np.argwhere(np.abs(values) > LARGEST).tolist()]
    if huge:
        those = part(len(huge), values.size, "number", "is", "are")
        raise DataError(
            f"{where}: {those} beyond ±{LARGEST:g} ({listed(huge, SHOWN)}); if it is a code for "
            "what is missing, leave it out (an empty cell, or NaN)"
        )


def _far(where: str, title: str, refs: Sequence[str], numbers: np.ndarray) -> Notice | None:
    """Tell of one value that lies farther from all others than these from each other, as -999 for a missing one does.

    Only where at least five different ones remain: of fewer, little can be said.
    """
    distinct = np.unique(numbers[np.isfinite(numbers)])
    if len(distinct) < 6:
        return None
    spans = {distinct[0]: (distinct[1], distinct[-1]), distinct[-1]: (distinct[0], distinct[-2])}
    for value, (low, high) in spans.items():
        if max(low - value, value - high) > high - low:
            rows = [refs[row] for row in np.flatnonzero(numbers == value).tolist()]
            text = (
                f"{where}: {title} is {value:g} in {_together(rows, 3)}, and {low:g} to {high:g} in all others: if "
                "that means missing, leave it empty"
            )
            return Notice("far-number", text, tuple(rows[:SHOWN]))
    return None


def _together(refs: Sequence[str], most: int) -> str:
    """Return ["row 2", "row 3"] as "rows 2, 3"."""
    word, numbers = refs[0].partition(" ")[0], [ref.partition(" ")[2] for ref in refs]
    alike = len(refs) > 1 and all(ref.startswith(f"{word} ") for ref in refs)
    return f"{word}s {listed(numbers, most)}" if alike else listed(refs, most)


def few_whole(numbers: np.ndarray) -> list[int]:
    """Return the different values of a column (n,) that may be classes as well as amounts; none of a clear one.

    That is one of at most 20 different whole numbers.

    >>> few_whole(np.array([3.0, 5.0, 3.0, np.nan])), few_whole(np.array([0.5, 1.0]))
    ([3, 5], [])
    """
    distinct = np.unique(numbers[np.isfinite(numbers)])
    whole = len(distinct) <= FEW and (distinct == np.floor(distinct)).all()
    return distinct.astype(int).tolist() if whole else []


def are_codes(distinct: Sequence[int]) -> bool:
    """Tell whether values count classes: 0, 1, 2, ... or 1, 2, 3, ..., none left out.

    >>> are_codes([0, 1]), are_codes([1, 2, 3]), are_codes([2, 4])
    (True, True, False)
    """
    return bool(distinct) and distinct[0] in (0, 1) and list(distinct) == list(range(distinct[0], distinct[-1] + 1))


def ask(where: str, column: str, distinct: Sequence[int], among: Sequence[str] = ()) -> DataError:
    """Say that a column may be classes or amounts, and how to answer; ``among`` are columns to learn in its stead."""
    which = f"; or name what is to be learned: --label-column {','.join(among)}" if among else ""
    return DataError(
        f"{where}: {column} holds {count(len(distinct), 'whole number')} ({listed(map(str, distinct), 6)}), which may "
        f"be classes or amounts; say which with --task classification or --task regression{which}"
    )


def refuse_constant(where: str, names: Sequence[str], values: np.ndarray) -> None:
    """Raise ``DataError`` where a target (n, K) is never known, or the same in all rows."""
    for name, column in zip(names, values.T, strict=True):
        known = column[np.isfinite(column)]
        varied = [
            other for other, each in zip(names, values.T, strict=True) if len(np.unique(each[np.isfinite(each)])) > 1
        ]
        others = [other for other in varied if other != name]
        remedy = f"; leave it out: --label-column {','.join(others)}" if others else ""
        if not len(known):
            raise DataError(
                f"{where}: {name} is empty in all {count(len(column), 'row')}: there is nothing to learn{remedy}"
            )
        if len(known) > 1 and (known == known[0]).all():
            raise DataError(
                f"{where}: {name} is {known[0]:g} in all {count(len(known), 'row')} that have it: there is nothing to "
                f"learn{remedy}"
            )
