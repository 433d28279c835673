"""The cells of a row of text as a signal, and what is wrong with those that are none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from convscope.data.numerals import REAL
from convscope.data.sources.quantities import is_missing
from convscope.errors import DataError
from convscope.text import count

_INFINITE = re.compile(r"[+-]?inf(?:inity)?", re.IGNORECASE)
_FILLABLE = re.compile(r" is (?:missing|infinite|too large) \(")  # as why_bad says it
_LARGEST = float(np.finfo(np.float32).max)
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")


def is_gap(cell: str) -> bool:
    """Return whether a cell says that there is no value.

    >>> is_gap("?"), is_gap("NaN"), is_gap(""), is_gap("0")
    (True, True, True, False)
    """
    return cell == "?" or is_missing(cell)


def is_number(cell: str) -> bool:
    """Return whether a cell is a plain decimal number."""
    return REAL.fullmatch(cell) is not None


def numbers_in(cells: Sequence[str], *, fill: bool = False) -> np.ndarray | None:
    """Return the numbers (n,) float32 of cells where all is well; quick, and so not able to say what is wrong.

    With ``fill`` cells that are missing, NaN or infinite are NaN.

    >>> numbers_in(["1", "2.5"]), numbers_in(["1", "?"]), numbers_in(["1", "?"], fill=True)
    (array([1. , 2.5], dtype=float32), None, array([ 1., nan], dtype=float32))
    """
    text = " ".join(cells)
    if not cells or not text.isascii() or "_" in text:
        return None
    try:
        with np.errstate(over="ignore"):  # what float32 cannot hold is infinite
            numbers = np.array(cells, np.float32)
    except ValueError:
        if not fill or not any(map(is_gap, cells)):
            return None
        return numbers_in(["nan" if is_gap(cell) else cell for cell in cells], fill=True)
    if fill:
        numbers[~np.isfinite(numbers)] = np.nan
        return numbers
    return numbers if np.isfinite(numbers).all() else None


def why_bad(where: str, row: int, cells: Sequence[str], names: Sequence[str]) -> str:
    """Say why cells, which ``names`` call in messages, are no numbers: "" where they are.

    Raises:
        DataError: a cell has a decimal comma, which is no slip of one row.
    """
    odd = [(name, cell) for name, cell in zip(names, cells, strict=True) if not is_finite(cell)]
    if not odd:
        return ""
    name, cell = odd[0]
    if DECIMAL_COMMA.fullmatch(cell):
        raise DataError(
            f"{where} row {row}: {cell} has a decimal comma; write decimals with a point ({cell.replace(',', '.')})"
        )
    more = f", and {count(len(odd) - 1, 'more like it', 'more like it')}" if len(odd) > 1 else ""
    return f"{name} is {fault_of(cell)} ({cell[:20]!r}){more}"


def is_finite(cell: str) -> bool:
    """Return whether a cell is a plain decimal number that float32 can hold."""
    return is_number(cell) and abs(float(cell)) <= _LARGEST


def fault_of(cell: str) -> str:
    """Say what keeps a cell that is not finite from being a value.

    >>> fault_of("?"), fault_of("-inf"), fault_of("1e300"), fault_of("x")
    ('missing', 'infinite', 'too large', 'no number')
    """
    if is_gap(cell):
        return "missing"
    if is_number(cell):
        return "too large"
    return "infinite" if _INFINITE.fullmatch(cell) else "no number"


def fillable(reasons: Iterable[str]) -> bool:
    """Return whether filling missing values would mend a row, by what ``why_bad`` said of each.

    >>> fillable(["value 6 is missing ('?')"]), fillable(["value 6 is no number ('abc')"])
    (True, False)
    """
    return any(map(_FILLABLE.search, reasons))
