"""Recordings of several rates: which one all are brought to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from convscope.data.notice import Notice
from convscope.text import count, listed

SHOWN = 20


def one_rate(rates: Mapping[str, float | None]) -> tuple[float | None, tuple[Notice, ...]]:
    """Return the rate that most recordings have, of several the lowest, and what is told of the others.

    >>> one_rate({"a.wav": 8000, "b.wav": 8000, "c.wav": 16000})[0]
    8000
    """
    counts = Counter(rate for rate in rates.values() if rate is not None)
    if not counts:
        return None, ()
    rate = max(counts, key=lambda each: (counts[each], -each))
    notices: list[Notice] = []
    if other := [f"{name} ({each:,g})" for name, each in rates.items() if each not in (rate, None)]:
        text = (
            f"{count(len(other), 'recording')} of another rate ({listed(other, 3)}): resampled to the {rate:,g} steps "
            "a second of most"
        )
        notices.append(Notice("resampled", text, tuple(other[:SHOWN])))
    if unknown := [name for name, each in rates.items() if each is None]:
        text = (
            f"{count(len(unknown), 'recording')} whose rate is not known ({listed(unknown, 3)}): taken to have the "
            f"{rate:,g} steps a second of the others"
        )
        notices.append(Notice("unknown-rate", text, tuple(unknown[:SHOWN])))
    return rate, tuple(notices)
