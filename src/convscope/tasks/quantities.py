"""Figures of merit as a person reads them: shares in per cent, all others in their unit, each with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from convscope.tasks.scores import About
from convscope.text import THIN, decimal, percent

Estimate = Mapping[str, Any]  # value, low and high; None where it has no meaning or no interval is known


def value(estimate: Estimate, about: About) -> str:
    """Return an estimate's value.

    >>> value({"value": 12.345, "low": 11.9, "high": 12.8}, About("Mean error", "", "px")).replace("\u202f", " ")
    '12.35 px'
    """
    return number(estimate["value"], about, places(estimate, about))


def number(value: float | None, about: About, decimals: int) -> str:
    """Return a figure with so many decimals, of per cent where it is a share."""
    if about.unit == "share":
        return percent(value, decimals)
    return decimal(value, decimals) + (_behind(about) if value is not None else "")


def interval(estimate: Estimate, about: About) -> str:
    """Return an estimate's interval, ``"99.3 to 99.6 %"``, or ``"no interval"`` where none is known.

    >>> interval({"value": 0.5, "low": 0.41, "high": 0.6}, About("Accuracy", "", "share")).replace("\u202f", " ")
    '41.0 to 60.0 %'
    """
    if not known(estimate):
        return "no interval"
    low, high = (number(estimate[end], about, places(estimate, about)) for end in ("low", "high"))
    return f"{low.removesuffix(_behind(about))} to {high}"


def bounds(estimate: Estimate, about: About) -> str:
    """Return an estimate's interval as it stands beside its value: a unit that is a word is not said twice.

    >>> bounds({"value": 5.0, "low": 4.1, "high": 6.0}, About("Error", "", "degrees", "lower"))
    '4.1 to 6.0'
    """
    said = interval(estimate, about)
    return said if about.unit == "share" else said.removesuffix(_behind(about))


def known(estimate: Estimate) -> bool:
    """Return whether an estimate has an interval."""
    return estimate["low"] is not None and estimate["high"] is not None


def places(estimate: Estimate, about: About) -> int:
    """Return how many decimals an estimate deserves: more where its interval is narrow, fewer where it is large.

    >>> places({"value": 0.9, "low": 0.88, "high": 0.92}, About("Accuracy", "", "share"))
    1
    >>> [places({"value": v, "low": v, "high": 1.2 * v}, About("Error", "", "px")) for v in (0.1, 5, 5000)]
    [3, 1, 0]
    """
    width = estimate["high"] - estimate["low"] if known(estimate) else None
    narrow = width is not None and width < 0.005
    if about.unit == "share":
        return 2 if narrow else 1
    if width and (about.unit or width < 5e-5):
        return _two_digits(width)
    size = max((abs(estimate[key]) for key in ("value", "low", "high") if estimate[key] is not None), default=0)
    if size >= 10:
        return max(0, 3 - math.floor(math.log10(size)))
    return 4 if narrow else 3


def unit(about: About) -> str:
    """Return what differences are counted in, "" for plain numbers.

    >>> unit(About("Accuracy", "", "share")), unit(About("Error", "", "px"))
    ('points', 'px')
    """
    return "points" if about.unit == "share" else about.unit


def ahead(difference: Estimate, about: About) -> dict[str, float]:
    """Return by how much the first of two is better: their difference, its sign turned where lower is better.

    Ends that are not known are NaN: they are on no side of anything.

    >>> ahead({"value": -2.0, "low": -3.0, "high": 1.0}, About("Error", "", "px", "lower"))
    {'value': 2.0, 'low': -1.0, 'high': 3.0}
    """
    value, low, high = (math.nan if difference[key] is None else difference[key] for key in ("value", "low", "high"))
    if about.better == "lower":
        value, low, high = -value, -high, -low
    return {"value": value, "low": low, "high": high}


def signed(value: float, about: About, decimals: int = 1) -> str:
    """Return a difference with its sign, of shares in percentage points.

    >>> signed(0.0123, About("Accuracy", "", "share")), signed(-0.2, About("Error", "", "px"), 2)
    ('+1.2', '\u22120.20')
    """
    return f"{_scaled(value, about):+.{decimals}f}".replace("-", "\N{MINUS SIGN}")


def amount(value: float, about: About, decimals: int = 1) -> str:
    """Return a difference without its sign, and what it is counted in.

    >>> amount(-0.0123, About("Accuracy", "", "share")), amount(-0.25, About("Error", ""), 2)
    ('1.2 points', '0.25')
    """
    return f"{abs(_scaled(value, about)):.{decimals}f} {unit(about)}".rstrip()


def digits(difference: Mapping[str, float], about: About) -> int:
    """Return how many decimals a difference deserves: of points one or two, else so many that its interval has two.

    >>> digits({"value": 0.1, "low": 0.05, "high": 0.12}, About("Error", ""))
    3
    """
    size = difference["high"] - difference["low"]
    if about.unit == "share":
        return 2 if size < 0.005 else 1
    if not size > 0:  # NaN, where the ends are not known
        size = abs(difference["value"])
    return _two_digits(size) if size else 3


def lead(difference: Mapping[str, float], about: About) -> str:
    """Return a lead with its interval, ``"+1.2  (+0.4 to +2.0)"``; "not defined" where one of two figures has none.

    >>> lead({"value": math.nan, "low": math.nan, "high": math.nan}, About("Dice", ""))
    'not defined'
    """
    if math.isnan(difference["value"]):
        return "not defined"
    return f"{signed(difference['value'], about, digits(difference, about))}  ({ends(difference, about)})"


def ends(difference: Mapping[str, float], about: About) -> str:
    """Return the interval of a lead, ``"+0.4 to +2.0"``."""
    if math.isnan(difference["low"]):
        return "no interval"
    low, high = (signed(difference[end], about, digits(difference, about)) for end in ("low", "high"))
    return f"{low} to {high}"


def within(difference: Mapping[str, float], about: About) -> str:
    """Return the interval of a lead in words, ``"95 % interval +0.4 to +2.0 points"``."""
    if math.isnan(difference["low"]):
        return "no interval is known"
    return f"95 % interval {ends(difference, about)} {unit(about)}".rstrip()


def _two_digits(size: float) -> int:
    """Return how many decimals show two digits of a number."""
    return min(12, max(0, 1 - math.floor(math.log10(size))))


def _scaled(value: float, about: About) -> float:
    return 100 * value if about.unit == "share" else value


def _behind(about: About) -> str:
    """Return what stands behind a number."""
    return f"{THIN}%" if about.unit == "share" else f"{THIN}{about.unit}" if about.unit else ""
