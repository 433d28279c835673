"""Noticing that steps have become many times slower than they were, as when other programs take the cores."""

from __future__ import annotations

import statistics

SPAN = 8  # steps whose median is taken: one that was held up, or is smaller, does not count
TIMES = 8  # as slow as the fastest span before
LEAST = 2.0  # seconds that a slow span has to last: shorter ones nobody minds


class Pace:
    """Compares the time that steps take with the fastest ones before; all are of one stage, so that they do the same.

    >>> pace = Pace()
    >>> [pace.add(0.01) for _ in range(8)][-1], [pace.add(0.5) for _ in range(8)][-1]
    (None, 50.0)
    """

    def __init__(self) -> None:
        self._span: list[float] = []
        self.fastest: float | None = None  # seconds of a step, a span's median

    def add(self, seconds: float) -> float | None:
        """Enter what a step took; return how many times slower steps are now, where that is many times."""
        self._span.append(seconds)
        if len(self._span) < SPAN:
            return None
        now, lasted = statistics.median(self._span), sum(self._span)
        self._span = []
        times = now / self.fastest if self.fastest else 1.0
        self.fastest = min(now, self.fastest or now)
        return times if times >= TIMES and lasted >= LEAST else None


def in_words(times: float, examples_per_second: float, threads: int | None) -> str:
    """Say that steps have become slow, and what to do.

    >>> print(in_words(50.0, 30.0, 1))
    steps take 50 times as long as before (now 30 examples/s): other programs seem to use the cores; the run only \
takes longer
    """
    said = f"{BEGINS} {times:,.0f} times as long as before (now {examples_per_second:,.0f} examples/s)"
    if threads == 1:
        return f"{said}: other programs seem to use the cores; the run only takes longer"
    return (
        f"{said}: other programs seem to use the cores, so that threads wait for each other. One thread does not wait: "
        "stop with Ctrl-C, and resume with --resume RUN --threads 1 (the weights then differ in their last digits)"
    )


BEGINS = "steps take"  # this notice, among others
