"""The signals of one file of text that is to be answered, whatever its labels are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convscope.data.decode.encoded import Unreadable
from convscope.data.sources import signal_files, ucr
from convscope.data.sources.columns import Columns
from convscope.data.sources.files import ending
from convscope.data.sources.recording_files import TEXT, recording_in_text
from convscope.data.sources.signal_table import parse_for_signals, rows_in
from convscope.data.sources.table import ENDINGS
from convscope.data.sources.tabular import decoded
from convscope.errors import DataError

# Its row, (T, C) or why it cannot be used, steps a second, and what is to be said of how it was read.
Signal = tuple[str, np.ndarray | str, float | None, str]


@dataclass(frozen=True)
class _Alone:
    """One file, without those beside it."""

    path: Path

    def read(self, name: str) -> bytes:
        """Return the file's bytes."""
        return (self.path / name).read_bytes()


def signals_in(path: Path, channels: int, length: int | None, *, fill: bool = False) -> list[Signal] | None:
    """Return the signals that a file holds, ``None`` for one that is no text of signals.

    A table that can be read as signals in its rows and as one recording is what has ``channels``; a row of at
    most ``length`` values without a header is a signal without a class. A file with one recording gives one, called "".
    """
    if path.suffix.lower() in signal_files.ENDINGS:
        return [(at, signal, None, "") for at, signal in signal_files.cases_in(path, fill=fill)]
    if (rows := _in_table(path, fill=fill)) and all(
        isinstance(each, str) or each.shape[1] == channels for _, each, *_ in rows
    ):
        return rows
    recording = _recording(path, fill=fill)
    if recording is not None and not isinstance(values := recording[0][1], str) and values.shape[1] == channels:
        return recording
    if ucr.holds(path):
        return [(at, signal, None, note) for at, signal, note in ucr.rows_in(path, length, fill=fill)]
    return rows or recording


def _in_table(path: Path, *, fill: bool) -> list[Signal] | None:
    if not path.name.lower().endswith(ENDINGS):
        return None
    try:
        rows = rows_in(parse_for_signals(_Alone(path.parent), path.name, Columns()), Columns(fill=fill))
        return None if rows is None else [(*row, "") for row in rows]
    except DataError:  # rows of numbers without a header
        return None


def _recording(path: Path, *, fill: bool) -> list[Signal] | None:
    if ending(path.name) not in TEXT:
        return None
    try:
        recording = recording_in_text(decoded(path.read_bytes(), str(path)), path.name, fill=fill)
    except Unreadable as error:
        return None if ucr.holds(path) else [("", str(error), None, "")]
    if len(recording.values) < 2 and not recording.channels:
        return None  # a few numbers, which may be anything
    return [("", recording.values, recording.rate, "")]
