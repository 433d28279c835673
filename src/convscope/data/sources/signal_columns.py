"""Which columns of a table are steps, times, channels, recordings: what makes it one of signals.

A *wide* table has a recording in each row, and its values side by side in columns of numbers. A *long* one has a step
in each row: which recording it belongs to, its time, and a column for each channel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from convscope.data.notice import Notice
from convscope.data.numerals import real
from convscope.data.sources.columns import LABEL_COLUMNS, Columns, plain
from convscope.data.sources.grouping import is_group_word
from convscope.data.sources.quantities import are_numbers, split_unit
from convscope.data.sources.tabular import Table
from convscope.errors import DataError
from convscope.text import count, listed

LEAST = 8  # values in a row: fewer columns of numbers may be anything
SHOWN = 8
RECORDINGS = (
    "id",
    "recording",
    "signal",
    "series",
    "timeseries",
    "trial",
    "sample",
    "case",
    "segment",
    "window",
    "epoch",
)
_RECORDINGS = {word + end for word in RECORDINGS for end in ("", "s", "id", "no", "nr", "number", "index", "name")}
SECONDS = {
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "seconds": 1.0,
    "ms": 1e-3,
    "msec": 1e-3,
    "milliseconds": 1e-3,
    "us": 1e-6,
}
TIMES = (
    "time",
    "t",
    "timestamp",
    "timestep",
    "step",
    "tick",
    "frame",
    "datetime",
    "sampleindex",
    "timeindex",
    *SECONDS,
)
_STEM = re.compile(r"(.*?)[_\-. ]?(\d+)")


@dataclass(frozen=True)
class Wide:
    """Columns that are the steps of a recording: ``channels`` names each channel's, in the order of time."""

    label: str | None
    channels: Mapping[str, Sequence[str]]
    counted: bool

    @property
    def taken(self) -> set[str]:
        """The columns that hold values."""
        return {name for names in self.channels.values() for name in names}

    @property
    def said(self) -> str:
        """What was taken for what."""
        names = [f"{steps[0]} to {steps[-1]}" for steps in self.channels.values()]
        steps = len(next(iter(self.channels.values())))
        label = f", class={self.label}" if self.label else ""
        return f"a row each: {count(steps, 'step')} in the columns {listed(names, SHOWN)}{label}"


@dataclass(frozen=True)
class Long:
    """Columns of a table with a step in each row."""

    label: str | None
    recording: str
    time: str
    counted: ClassVar[bool] = True  # the times say so

    @property
    def taken(self) -> set[str]:
        """The columns that say recording and time."""
        return {self.recording, self.time}

    @property
    def said(self) -> str:
        """What was taken for what."""
        return f"a step a row: recording={self.recording}, time={self.time}"


def wide(table: Table, columns: Columns) -> Wide | None:
    """Return which columns of a table are steps, ``None`` where it holds no recording in each row.

    Columns whose names count are (``t0``, ``t1``, ...; ``x0``, ..., ``y0``, ... are two channels). Where no names
    count, all columns of numbers are, in their order.
    """
    label = columns.pick("label", LABEL_COLUMNS, table.names, table.where)
    numbers = [name for name in table.columns if name != label and _may_be_value(name, table, columns)]
    stems = {stem: names for stem, names in _stems(numbers).items() if len(names) >= LEAST}
    if not stems:
        ordered = _times(numbers) or numbers
        return Wide(label, {"": ordered}, ordered is not numbers) if len(numbers) >= LEAST and label else None
    return Wide(label, stems, counted=True)


def check_even(where: str, form: Wide) -> None:
    """Raise ``DataError`` where channels have different numbers of columns."""
    stems = form.channels
    if len({len(names) for names in stems.values()}) > 1:
        said = listed((f"{names[0]} to {names[-1]} are {len(names):,}" for names in stems.values()), SHOWN)
        raise DataError(f"{where}: channels of different numbers of columns: {said}; give all of them the same")


def long(table: Table, columns: Columns) -> Long | None:
    """Return which columns say recording, time and class, ``None`` where a row is no step of a recording."""
    times = [name for name in table.columns if _is_time(name)]
    recordings = [name for name in table.columns if plain(name) in _RECORDINGS and name not in times]
    repeated = [name for name in recordings if len({*table.columns[name]}) < len(table.rows)]
    if not times or not repeated:
        return None
    return Long(columns.pick("label", LABEL_COLUMNS, table.names, table.where), repeated[0], times[0])


def seconds_in(time: str) -> float | None:
    """Return how many seconds a column of times counts in, where its name says so.

    >>> seconds_in("time (ms)"), seconds_in("time_s"), seconds_in("t")
    (0.001, 1.0, None)
    """
    name, unit = split_unit(time)
    words = re.split(r"[_\-. ]", name.lower())
    return SECONDS.get(unit.lower() or (words[-1] if len(words) > 1 or words[-1] != "s" else ""))


def unordered_notice(where: str, found: Wide) -> tuple[Notice, ...]:
    """Tell that columns are taken for steps whose names do not say so."""
    if found.counted:
        return ()
    names = next(iter(found.channels.values()))
    text = (
        f"{where}: the columns {listed(names, 4)} are taken for {count(len(names), 'step')} of a signal, in their "
        "order, though their names do not count: where they are measurements of different things, a convolution has "
        "nothing to use; a method for tables, such as a random forest, is meant for those"
    )
    return (Notice("columns-as-steps", text, tuple(names[:SHOWN])),)


def is_time(name: str) -> bool:
    """Return whether a column is called after time.

    >>> is_time("Time (ms)"), is_time("time_s"), is_time("x")
    (True, True, False)
    """
    return _is_time(name)


def _is_time(name: str) -> bool:
    bare = plain(split_unit(name)[0])
    return bare in TIMES or any(bare == word + unit for word in ("time", "t", "timestamp") for unit in SECONDS)


def _may_be_value(name: str, table: Table, columns: Columns) -> bool:
    other = plain(name) in {*_RECORDINGS, *map(plain, LABEL_COLUMNS), "split", "index", "unnamed0", ""}
    if other or is_group_word(name) or name == columns.named("group"):
        return False
    return are_numbers(table.columns[name]) or not any(map(str.strip, table.columns[name]))


def _stems(names: Sequence[str]) -> dict[str, list[str]]:
    """Return names that count, by what stands before their numbers, in the order of these.

    >>> _stems(["x_1", "x_0", "age", "7"])
    {'x': ['x_0', 'x_1'], '': ['7']}
    """
    numbered = [(match[1], int(match[2]), name) for name in names if (match := _STEM.fullmatch(name))]
    stems = {stem: sorted((at, name) for other, at, name in numbered if other == stem) for stem, _, _ in numbered}
    return {stem: [name for _, name in each] for stem, each in stems.items()}


def _times(names: Sequence[str]) -> list[str] | None:
    """Return names that are rising times, such as 0.00, 0.02, ..."""
    times = [real(name) for name in names]
    known = [time for time in times if time is not None]
    return [*names] if len(known) == len(times) and known == sorted(set(known)) else None
