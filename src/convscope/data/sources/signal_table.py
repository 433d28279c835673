"""A table of signals: a recording in each row (wide), or a step of a recording in each row (long)."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from convscope.data.listing import Listing
from convscope.data.sources.candidate import Candidate
from convscope.data.sources.columns import LABEL_COLUMNS, Columns, plain
from convscope.data.sources.files import Contents, Files
from convscope.data.sources.signal_cells import is_gap, numbers_in, why_bad
from convscope.data.sources.signal_columns import LEAST, TIMES, Long, Wide, check_even, long, unordered_notice, wide
from convscope.data.sources.signal_listing import Recordings, listing_of_recordings
from convscope.data.sources.signal_steps import recordings_of_steps
from convscope.data.sources.splitnames import BySplit, split_sets
from convscope.data.sources.table import tables
from convscope.data.sources.tabular import Table, parse
from convscope.data.sources.unlabelled import no_label
from convscope.errors import DataError

HEAD = 200  # rows looked at to recognise a table


def find(
    files: Files, columns: Columns, names: Sequence[str] | None = None, *, counted: bool | None = None
) -> list[Candidate]:
    """Return a candidate for each set among the tables ``names`` (all) that hold signals.

    With ``counted`` only those whose columns are called as steps or times are, or only the others.
    """
    heads: dict[str, Wide | Long] = {}
    for name in tables(files) if names is None else names:
        try:
            form = form_of(parse_for_signals(files, name, columns, HEAD), columns)
        except DataError:  # some other table lying about
            continue
        if form and form.label and counted in (None, form.counted):
            heads[name] = form
    return [
        Candidate(
            "tables of signals" if len(by_split) > 1 else "table of signals", ", ".join(by_split.values()),
            functools.partial(read, files, by_split, columns), files=tuple(by_split.values()),
            sure=all(heads[name].counted for name in by_split.values()),
        )
        for by_split in split_sets([*heads])
    ]  # fmt: skip


def refuse_unlabelled(files: Files, names: Sequence[str], columns: Columns) -> None:
    """Raise ``DataError`` for the first table whose columns are called as steps or times, and none as a class."""
    for name in names:
        try:
            table = parse_for_signals(files, name, columns, HEAD)
            form = form_of(table, columns)
        except DataError:  # some other table lying about
            continue
        bare = isinstance(form, Wide) and not any(form.channels)  # 0, 1, 2, ...: a header that pandas writes
        if form is not None and form.label is None and form.counted and not bare:
            raise no_label(table, f"a table of signals ({form.said})", form.taken)


def form_of(table: Table, columns: Columns) -> Wide | Long | None:
    """Return how a table holds signals, ``None`` where it holds none."""
    return (long(table, columns) or wide(table, columns)) if table.rows and not table.nested else None


def read(files: Files, by_split: BySplit, columns: Columns) -> Listing:
    """List the recordings of a table (``{"": name}``), or of one for each split.

    Raises:
        DataError: nothing to learn, a decimal comma, times that are none or twice, a class or a group that changes
            within a recording. Recordings with a value that is missing or no number are the listing's ``absent``.
    """
    parts = [_read_one(files, name, columns) for name in by_split.values()]
    return listing_of_recordings(files, by_split, parts, columns)


def _read_one(files: Files, name: str, columns: Columns) -> Recordings:
    table = parse_for_signals(files, name, columns)
    form = form_of(table, columns)
    if form is None or form.label is None:
        raise no_label(table, "a table of signals", form.taken if form else ())
    if isinstance(form, Long):
        return recordings_of_steps(table, form, name, columns)
    return recordings_of_rows(table, form, name, fill=columns.fill)


def recordings_of_rows(table: Table, form: Wide, name: str, *, fill: bool = False) -> Recordings:
    """Return the recordings of a table with one in each row; those with a bad value are said instead."""
    check_even(table.where, form)
    channels = [list(zip(*(table.columns[step] for step in steps), strict=True)) for steps in form.channels.values()]
    steps = [*form.channels.values()]
    kept: list[int] = []
    signals: list[np.ndarray] = []
    bad: dict[str, str] = {}
    for at, row in enumerate(table.rows):
        cells = [[cell.strip() for cell in channel[at]] for channel in channels]
        length = max(_length(channel) for channel in cells)
        numbers = [numbers_in(channel[:length], fill=fill) for channel in cells]
        good = [each for each in numbers if each is not None]
        if len(good) == len(numbers):
            kept.append(at)
            signals.append(np.stack(good, axis=1))
            continue
        why = (why_bad(table.where, row, cells[k][:length], steps[k][:length]) for k in range(len(cells)))
        bad[f"{row} of {name}"] = next(filter(None, why), "has no values")
    rest = {key: [values[at] for at in kept] for key, values in table.columns.items() if key not in form.taken}
    return Recordings(
        table=table, label=form.label, refs=[f"{table.rows[at]} of {name}" for at in kept], values=signals, rest=rest,
        bad=bad, channels=tuple(form.channels) if len(form.channels) > 1 else (), said=form.said,
        notices=unordered_notice(table.where, form),
    )  # fmt: skip


def rows_in(table: Table, columns: Columns) -> list[tuple[str, np.ndarray | str, float | None]] | None:
    """Return (row or recording, signal (T, C) or why it cannot be used, steps a second) of a table.

    ``None`` where it holds no signals.
    """
    form = form_of(table, columns) or _unlabelled(table)
    if form is None:
        return None
    if isinstance(form, Long):
        found = recordings_of_steps(table, form, "", columns)
    else:
        found = recordings_of_rows(table, form, "", fill=columns.fill)
    good = zip(found.refs, found.values, strict=True)
    return [(ref.removesuffix(" of "), signal, found.rate) for ref, signal in [*good, *found.bad.items()]]


def _unlabelled(table: Table) -> Wide | None:
    """Return all columns of a table without labels as steps, where they are numbers and enough of them."""
    numbers = [
        name for name, values in table.columns.items() if all(numbers_in([v.strip()]) is not None for v in values)
    ]
    return Wide(None, {"": numbers}, counted=False) if len(numbers) >= LEAST else None


def _length(cells: Sequence[str]) -> int:
    """Return how many values there are, without the missing ones behind the last."""
    return next((at + 1 for at in reversed(range(len(cells))) if not is_gap(cells[at])), 1)


def parse_for_signals(files: Contents, name: str, columns: Columns, rows: int | None = None) -> Table:
    """Read a table's text, or its first ``rows``: the words of its header tell what parts the columns."""
    words = {plain(word) for word in (*LABEL_COLUMNS, *TIMES, columns.label, columns.group) if word}
    return parse(files, name, lambda names: len(words & set(map(plain, names))), rows)
