"""A table that names a file for each recording, with its class, and perhaps its group and split."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from convscope.data.decode.encoded import Unreadable
from convscope.data.decode.wav import resampled
from convscope.data.listing import Listing
from convscope.data.notice import Notice
from convscope.data.sources import rates
from convscope.data.sources.candidate import Candidate
from convscope.data.sources.columns import LABEL_COLUMNS, Columns, plain
from convscope.data.sources.files import Files, ending
from convscope.data.sources.recording_files import ENDINGS, Recording, read_recording
from convscope.data.sources.rowfiles import rows_said
from convscope.data.sources.signal_listing import Recordings, listing_of_recordings
from convscope.data.sources.splitnames import BySplit, split_sets
from convscope.data.sources.table import tables
from convscope.data.sources.tabular import Table, parse, place
from convscope.data.sources.unlabelled import no_label
from convscope.errors import DataError
from convscope.text import count, listed

PATHS = ("path", "file", "file_name", "filename", "recording", "signal", "wav", "csv", "audio", "id", "name")
HEAD, SHOWN = 50, 20


def find(files: Files, columns: Columns, names: Sequence[str] | None = None) -> list[Candidate]:
    """Return a candidate for each set among the tables ``names`` (all) that name files of recordings."""
    places = _Places(files)
    if not places.known:
        return []
    known: list[str] = []
    for name in tables(files) if names is None else names:
        try:
            head = _parse(files, name, columns, HEAD)
            if _roles(head, columns, places, name) is not None:
                known.append(name)
        except DataError:  # some other table lying about
            continue
    return [
        Candidate(
            "table of recordings in files", ", ".join(by_split.values()),
            functools.partial(read, files, by_split, columns),
            files=(*by_split.values(), *places.known),
        )
        for by_split in split_sets(known)
    ]  # fmt: skip


def read(files: Files, by_split: BySplit, columns: Columns) -> Listing:
    """List the recordings that a table (``{"": name}``), or one for each split, names; all are brought to one rate.

    Raises:
        DataError: files that are not there or are named twice, and what ``listing_of_recordings`` raises. Files that
            cannot be read, or have other channels than most, are the listing's ``absent``.
    """
    places = _Places(files)
    parts = [_read_one(files, name, columns, places) for name in by_split.values()]
    twice = [file for file, times in Counter(ref for part in parts for ref in part.refs).items() if times > 1]
    if twice:
        raise DataError(f"{', '.join(by_split.values())} names {listed(twice, 3)} twice; keep one row for each file")
    listing = listing_of_recordings(files, by_split, parts, columns)
    unread = [ref.rpartition("(")[2].removesuffix(")") for part in parts for ref in part.bad]
    named = {*unread, *(ref for part in parts for ref in part.refs)}
    kinds = {ending(name) for name in named}
    rest = [name for name in places.known if name not in named and ending(name) in kinds - {".txt"}]
    rest = [name for name in rest if name not in by_split.values()]
    if not rest:
        return listing
    text = f"the table does not name {count(len(rest), 'recording')}; left out ({listed(rest, 3)})"
    return replace(listing, notices=(*listing.notices, Notice("left-out", text, tuple(rest[:SHOWN]))))


def refuse_unlabelled(files: Files, names: Sequence[str], columns: Columns) -> None:
    """Raise ``DataError`` for the first table that names files of recordings, and has no column called as a class."""
    places = _Places(files)
    for name in names if places.known else ():
        try:
            head = _parse(files, name, columns, HEAD)
            label = columns.pick("label", LABEL_COLUMNS, head.names, head.where)
            path = _path_column(head, columns, places, name, label)
        except DataError:  # some other table lying about
            continue
        if path is not None and label is None:
            raise no_label(head, f"a table of recordings in files (path={path})", {path})


class _Places:
    """The files of recordings, and which of them a cell of a table means."""

    def __init__(self, files: Files) -> None:
        self.known = [name for name in files.names if ending(name) in ENDINGS]
        self._names = {*self.known}
        self._last: dict[str, list[str]] = {}
        for name in self.known:
            last = name.rpartition("/")[2]
            for called in (last, last[: -len(ending(last))]):
                self._last.setdefault(called, []).append(name)

    def of(self, cell: str, table: str) -> str | None:
        """Return the file that a cell means: a path from the table or the top, or a name that only one file has."""
        cell = cell.strip().replace("\\", "/").removeprefix("./")
        beside = table.rpartition("/")[0]
        for base in filter(None, (f"{beside}/{cell}" if beside else cell, cell)):
            for end in ("", *ENDINGS):
                if base + end in self._names and base + end != table:
                    return base + end
        alike = [name for name in self._last.get(cell.rpartition("/")[2], []) if name != table]
        return alike[0] if len(alike) == 1 else None


def _roles(table: Table, columns: Columns, places: _Places, name: str) -> tuple[str, str] | None:
    """Return the columns of files and labels, ``None`` where no column names files that are there."""
    label = columns.pick("label", LABEL_COLUMNS, table.names, table.where)
    path = _path_column(table, columns, places, name, label)
    return (path, label) if path and label else None


def _path_column(table: Table, columns: Columns, places: _Places, name: str, label: str | None) -> str | None:
    """Return the column of files: the one the user names, else the first of ``PATHS`` some of whose files are there."""
    named = columns.named("image")
    words = [each for word in PATHS for each in table.columns if plain(each) == plain(word)]
    asked = [named] if named is not None and named in table.columns else words
    return next(
        (each for each in asked if each != label and any(places.of(cell, name) for cell in table.columns[each])), None
    )


def _parse(files: Files, name: str, columns: Columns, rows: int | None = None) -> Table:
    words = {plain(word) for word in (*PATHS, *LABEL_COLUMNS, columns.label, columns.group) if word}
    return parse(files, name, lambda names: len(words & set(map(plain, names))), rows)


def _read_one(files: Files, name: str, columns: Columns, places: _Places) -> Recordings:
    table = _parse(files, name, columns)
    roles = _roles(table, columns, places, name)
    if roles is None:
        raise DataError(f"{place(files, name)}: no column names files that are there, as the first rows did")
    path, label = roles
    meant = [places.of(cell, name) for cell in table.columns[path]]
    missing = [f"{table.rows[at]} ({table.columns[path][at]!r})" for at, file in enumerate(meant) if file is None]
    if missing:
        raise DataError(f"{table.where}: no file for {rows_said(missing)}; put them there, or remove these rows")
    recordings: dict[int, Recording] = {}
    bad: dict[str, str] = {}
    for at, file in enumerate(meant):
        assert file is not None
        try:
            recordings[at] = read_recording(files.read(file), file, fill=columns.fill)
        except Unreadable as error:
            bad[f"{table.rows[at]} of {name} ({file})"] = str(error)
        except OSError as error:
            bad[f"{table.rows[at]} of {name} ({file})"] = f"cannot be opened: {error.strerror}"
    channels, odd = _odd_columns(recordings)
    bad |= {f"{table.rows[at]} of {name} ({meant[at]})": why for at, why in odd.items()}
    kept = sorted(recordings.keys() - odd)
    called = {at: str(meant[at]) for at in kept}
    rate, notices = rates.one_rate({called[at]: recordings[at].rate for at in kept})
    times = {recordings[at].time for at in kept} - {""}
    said = f"a file for each row: path={path}, class={label}" + (f", time={listed(times)} left out" if times else "")
    return Recordings(
        table=table, label=label, refs=[called[at] for at in kept],
        values=[resampled(recordings[at].values, recordings[at].rate, rate) for at in kept],
        rest={key: [values[at] for at in kept] for key, values in table.columns.items() if key != path},
        bad=bad, channels=channels, rate=rate, notices=notices, word="file",
        said=said + (f", channels {listed(channels, 8)}" if channels else ""),
    )  # fmt: skip


def _odd_columns(recordings: Mapping[int, Recording]) -> tuple[tuple[str, ...], dict[int, str]]:
    """Return the names of the channels that most files have, and why the others cannot be used."""
    names = Counter(each.channels for each in recordings.values())
    usual = names.most_common(1)[0][0] if names else ()
    shown = listed(usual, 6) if usual else "no names"
    return usual, {
        at: f"has the channels {listed(each.channels, 6) or 'no names'}, most files {shown}: give all the same columns"
        for at, each in recordings.items()
        if each.channels != usual
    }
