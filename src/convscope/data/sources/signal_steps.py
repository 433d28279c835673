"""A table with a step of a recording in each row: sorted by recording and time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convscope.data.notice import Notice
from convscope.data.sources.columns import Columns
from convscope.data.sources.grouping import is_group_word
from convscope.data.sources.quantities import are_numbers
from convscope.data.sources.signal_cells import numbers_in, why_bad
from convscope.data.sources.signal_columns import Long, seconds_in
from convscope.data.sources.signal_listing import Recordings
from convscope.data.sources.tabular import Table
from convscope.errors import DataError
from convscope.text import count, listed

UNEVEN = 0.01  # of a step, by which the distance of two times may differ from the usual one
SHOWN = 20


def recordings_of_steps(table: Table, form: Long, name: str, columns: Columns) -> Recordings:
    """Return the recordings of a table with a step in each row, in the order of their first rows.

    A column of numbers is a channel if it changes within a recording; one that does not says something of the whole
    recording, as the class does.

    Raises:
        DataError: times that are none or twice in a recording, a class that changes within one, no channel.
    """
    recordings = _by_recording(table, form, columns)
    times = _times(table, form)
    order = [rows[np.argsort(times[rows], kind="stable")] for rows in recordings.values()]
    refs = [f"{called} of {name}" for called in recordings]
    _refuse_twice(table, form, order, times)
    steady = {key for key, values in table.columns.items() if key != form.time and _is_steady(values, order)}
    if form.label is not None and form.label not in steady:
        raise _changing(table, form.label, order, form)
    channels = [
        key for key, values in table.columns.items()
        if key not in (form.recording, form.time, form.label) and key not in steady and are_numbers(values)
    ]  # fmt: skip
    if not channels:
        raise DataError(f"{table.where}: no column of numbers changes within a {form.recording}: there is no channel")
    kept, values, bad = _signals(table, order, channels, refs, fill=columns.fill)
    rest = {key: [table.columns[key][int(order[at][0])] for at in kept] for key in table.columns if key in steady}
    rate, notices = _rate([times[each] for each in order], form, table.where)
    label = f", class={form.label}" if form.label else ""
    return Recordings(
        table=table, label=form.label, refs=[refs[at] for at in kept], values=values,
        rest=rest, bad=bad, channels=tuple(channels), rate=rate, notices=notices,
        word="recording", known=(form.recording,),
        said=f"a step a row: recording={form.recording}, time={form.time}, channels {listed(channels, 8)}{label}",
    )  # fmt: skip


def _by_recording(table: Table, form: Long, columns: Columns) -> dict[str, np.ndarray]:
    """Return the rows of each recording by its name; those that groups number anew are told apart by group, too."""
    ids = table.columns[form.recording]
    keys: list[tuple[str, ...]] = [(each,) for each in ids]
    words = [
        key for key in table.columns if key == columns.named("group") or (is_group_word(key) and key != form.recording)
    ]
    for word in set(words) - {form.recording}:
        if len({*zip(ids, table.columns[word], strict=True)}) > len({*ids}):
            keys = [(each, *key) for key, each in zip(keys, table.columns[word], strict=True)]
    of: dict[tuple[str, ...], list[int]] = {}
    for at, key in enumerate(keys):
        of.setdefault(key, []).append(at)
    return {" ".join(key): np.array(rows) for key, rows in of.items()}


def _times(table: Table, form: Long) -> np.ndarray:
    """Return the time (n,) of each row: numbers, or dates in seconds."""
    cells = [cell.strip() for cell in table.columns[form.time]]
    try:
        numbers = np.array(cells, np.float64)
    except ValueError:
        try:
            numbers = np.array(cells, "datetime64[us]").astype(np.float64) / 1e6
        except ValueError:
            numbers = np.array([np.nan])
    if np.isfinite(numbers).all():
        return numbers
    at = next(k for k, cell in enumerate(cells) if not _is_time(cell))
    raise DataError(
        f"{table.where} row {table.rows[at]}: expected a time in {form.time}, a number or a date such as "
        f"2024-05-01T12:00:00, found {cells[at][:20]!r}"
    )


def _is_time(cell: str) -> bool:
    try:
        return bool(np.isfinite(float(cell)))
    except ValueError:
        try:
            return not np.isnat(np.datetime64(cell))
        except ValueError:
            return False


def _refuse_twice(table: Table, form: Long, order: Sequence[np.ndarray], times: np.ndarray) -> None:
    for rows in order:
        same = np.flatnonzero(np.diff(times[rows]) == 0)
        if len(same):
            first, second = (table.rows[int(rows[same[0] + k])] for k in (0, 1))
            which = table.columns[form.recording][int(rows[0])]
            raise DataError(
                f"{table.where}: rows {first} and {second} have the same {form.time} in {form.recording} {which}; keep "
                "one of them, or give each recording a name of its own"
            )


def _is_steady(values: Sequence[str], order: Sequence[np.ndarray]) -> bool:
    return all(len({values[at] for at in rows.tolist()}) == 1 for rows in order)


def _changing(table: Table, label: str, order: Sequence[np.ndarray], form: Long) -> DataError:
    values = table.columns[label]
    rows = next(rows for rows in order if len({values[at] for at in rows.tolist()}) > 1)
    odd = next(at for at in rows.tolist() if values[at] != values[int(rows[0])])
    which = table.columns[form.recording][odd]
    return DataError(
        f"{table.where} row {table.rows[odd]}: {label} changes within {form.recording} {which} from "
        f"{values[int(rows[0])]!r} to {values[odd]!r}; expected one for each recording: give each part of one class a "
        f"{form.recording} of its own"
    )


def _signals(
    table: Table,
    order: Sequence[np.ndarray],
    channels: Sequence[str],
    refs: Sequence[str],
    *,
    fill: bool,
) -> tuple[list[int], list[np.ndarray], dict[str, str]]:
    """Return which recordings can be used, their values (T, C), and why the others cannot."""
    columns = [[cell.strip() for cell in table.columns[channel]] for channel in channels]
    numbers = [numbers_in(column, fill=fill) for column in columns]
    whole = [each for each in numbers if each is not None]
    kept: list[int] = []
    values: list[np.ndarray] = []
    bad: dict[str, str] = {}
    for at, rows in enumerate(order):
        if len(whole) == len(columns):  # as nearly always: no walk through the cells
            kept.append(at)
            values.append(np.stack([column[rows] for column in whole], axis=1))
            continue
        parts = [numbers_in([column[row] for row in rows.tolist()], fill=fill) for column in columns]
        good = [part for part in parts if part is not None]
        if len(good) == len(parts):
            kept.append(at)
            values.append(np.stack(good, axis=1))
            continue
        row, why = next(
            (table.rows[row], why)
            for row in rows.tolist()
            if (why := why_bad(table.where, table.rows[row], [column[row] for column in columns], channels))
        )
        bad[refs[at]] = f"row {row}: {why}"
    return kept, values, bad


def _rate(times: Sequence[np.ndarray], form: Long, where: str) -> tuple[float | None, tuple[Notice, ...]]:
    """Return the steps a second, where the times' unit is known and they are even; tell of uneven ones."""
    steps = [np.diff(each) for each in times if len(each) > 1]
    if not steps:
        return None, ()
    usual = float(np.median(np.concatenate(steps)))
    uneven = [at for at, each in enumerate(steps) if np.abs(each - usual).max() > UNEVEN * usual]
    if uneven:
        every = np.concatenate(steps)
        text = (
            f"{where}: the times in {form.time} are {every.min():g} to {every.max():g} apart ({usual:g} usually; "
            f"{count(len(uneven), 'recording')} uneven): the network sees the order of steps, not their times; bring "
            "them to even times, by the line between neighbours, where that matters"
        )
        return None, (Notice("uneven-times", text),)
    unit = seconds_in(form.time)
    return (None if unit is None else round(1 / (usual * unit), 6)), ()
