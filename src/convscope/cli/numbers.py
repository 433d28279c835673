"""Numbers on the command line: what is not written plainly is refused, where Python would make some number of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cyclopts import convert

from convscope.data.numerals import real, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cyclopts import Token


_NOT_FINITE = ("nan", "inf", "+inf", "-inf")


def convert_pixel_value(kind: Any, tokens: Sequence[Token]) -> Any:
    """Convert a value that pixels may have: a number as elsewhere, or one that is not finite."""
    if len(tokens) == 1 and tokens[0].value.lower() in _NOT_FINITE:
        return float(tokens[0].value)
    return convert_strictly(float, tokens)


def convert_strictly(kind: Any, tokens: Sequence[Token]) -> Any:
    """Convert one argument; whole numbers are not rounded, and no underscores or foreign digits are read as numbers."""
    if kind not in (int, float) or len(tokens) != 1:
        return convert(kind, tokens)
    (token,) = tokens
    value = whole(token.value) if kind is int else real(token.value)
    if value is None:
        example = "a whole number such as 10" if kind is int else "a number such as 0.01"
        raise ValueError(f"{token.value!r}: write {example}")  # cyclopts adds the argument's name
    return value
