"""Numbers on the command line: what is not written plainly is refused, where Python would make some number of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cyclopts import convert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cyclopts import Token

_WHOLE = re.compile(r"([+-]?[0-9]+)(?:\.0*)?")
_REAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def whole(text: str) -> int | None:
    """Read a whole number, or return ``None``.

    >>> whole("10"), whole("10.0"), whole("1_0"), whole("2.5"), whole("٣")
    (10, 10, None, None, None)
    """
    matched = _WHOLE.fullmatch(text)
    return int(matched[1]) if matched else None


def real(text: str) -> float | None:
    """Read a decimal number, or return ``None``.

    >>> real("1e-3"), real("0.1_5"), real("nan"), real("inf")
    (0.001, None, None, None)
    """
    return float(text) if _REAL.fullmatch(text) else None


def convert_strictly(kind: Any, tokens: Sequence[Token]) -> Any:
    """Convert one argument; whole numbers are not rounded, and no underscores or foreign digits are read as numbers."""
    if kind not in (int, float) or len(tokens) != 1:
        return convert(kind, tokens)
    (token,) = tokens
    value = whole(token.value) if kind is int else real(token.value)
    if value is None:
        what = "a whole number such as 10" if kind is int else "a number such as 0.01"
        raise ValueError(f"{token.value!r}: write {what}")  # cyclopts adds the argument's name
    return value
