"""What is a number in a text: plain decimals. Python reads more (``1_1``, ``３``, ``nan``): names, here."""

from __future__ import annotations

import re

WHOLE = re.compile(r"([+-]?[0-9]+)(?:\.0*)?")
REAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def whole(text: str) -> int | None:
    """Read a whole number, or return ``None``.

    >>> whole("10"), whole("10.0"), whole("1_0"), whole("2.5"), whole("٣")
    (10, 10, None, None, None)
    """
    matched = WHOLE.fullmatch(text)
    return int(matched[1]) if matched else None


def real(text: str) -> float | None:
    """Read a decimal number, or return ``None``.

    >>> real("1e-3"), real("0.1_5"), real("nan"), real("inf")
    (0.001, None, None, None)
    """
    return float(text) if REAL.fullmatch(text) else None
