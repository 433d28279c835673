"""The numbers of a table's column, as amounts: read strictly, with their unit where the column's name says it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from convscope.data.numerals import real
from convscope.errors import DataError
from convscope.text import count, listed

FEW = 20  # different whole numbers up to which a column may hold classes as well as amounts
LARGEST = 1e30  # float32, in which networks compute, ends at 3e38, and its squares at 2e19 deviations
SHOWN = 5
_MISSING = frozenset(("", "nan", "na", "n/a", "null", "none"))
_UNIT = re.compile(r"(?P<name>.*\S)\s*[(\[](?P<unit>[^()\[\]]+)[)\]]")


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


def amounts(where: str, column: str, refs: Sequence[str], values: Sequence[str], most: float = LARGEST) -> np.ndarray:
    """Return the numbers (n,) of a column, NaN for a gap; ``refs`` are what the rows are called.

    Raises:
        DataError: a text, an infinite number, or one beyond ``most``; the rows and values are named.
    """
    numbers = np.full(len(values), np.nan)
    texts, huge = [], []
    for at, value in enumerate(map(str.strip, values)):
        if is_missing(value):
            continue
        number = real(value)
        if number is None:
            texts.append(f"row {refs[at]}: {value!r}")
        elif not abs(number) <= most:
            huge.append(f"row {refs[at]}: {value}")
        else:
            numbers[at] = number
    if texts:
        comma = any(re.fullmatch(r"[^']*'[+-]?\d+,\d+'", text) for text in texts)
        hint = "write decimals with a point" if comma else "correct it, or leave the cell empty where it is not known"
        raise DataError(
            f"{where}: {column}: {count(len(texts), 'value')} of {len(values):,} no number ({listed(texts, SHOWN)}); "
            f"{hint}"
        )
    if huge:
        raise DataError(
            f"{where}: {column}: {count(len(huge), 'number')} beyond ±{most:g} ({listed(huge, SHOWN)}); if it is a "
            "code for what is missing, leave the cell empty"
        )
    return numbers


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


def ask(where: str, column: str, distinct: Sequence[int]) -> DataError:
    """Say that a column may be classes or amounts, and how to answer."""
    return DataError(
        f"{where}: {column} holds {count(len(distinct), 'whole number')} ({listed(map(str, distinct), 6)}), which may "
        "be classes or amounts; say which with --task classification or --task regression"
    )


def refuse_constant(where: str, names: Sequence[str], values: np.ndarray) -> None:
    """Raise ``DataError`` where a target (n, K) is never known, or the same in all rows."""
    for name, column in zip(names, values.T, strict=True):
        known = column[np.isfinite(column)]
        if not len(known):
            raise DataError(f"{where}: {name} is empty in all {len(column):,} rows; there is nothing to learn from")
        if len(known) > 1 and (known == known[0]).all():
            raise DataError(
                f"{where}: {name} is {known[0]:g} in all {len(known):,} rows that have it: there is nothing to learn; "
                "leave the column out"
            )
