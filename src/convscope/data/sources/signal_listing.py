"""Recordings of tables brought into a listing: what is learned of each, which belong together, which split has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from convscope.data.listing import Listing
from convscope.data.notice import Notice
from convscope.data.sequences.signals import Signals
from convscope.data.sources import targets
from convscope.data.sources.columns import Columns, plain
from convscope.data.sources.files import Files, ending, set_name, strings
from convscope.data.sources.grouping import find_grouping, unused_notice
from convscope.data.sources.labels import text_of
from convscope.data.sources.rowfiles import rows_said
from convscope.data.sources.signal_rows import SPLIT_WORD, bad_notice, lengths_notices, odd_channels
from convscope.data.sources.splitnames import BySplit
from convscope.data.sources.table import splits_of
from convscope.data.sources.tabular import Table
from convscope.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Recordings:
    """The recordings of one table: what each is called in messages, its values (T, C), and its other columns (n,).

    ``bad`` says of each recording that cannot be used why, and ``said`` what was taken for what. ``rate`` is in steps a
    second, where that is known. ``word`` is what a recording is called by in the source, and ``known`` are columns that
    were taken for something and are not to be told of.
    """

    table: Table
    label: str | None
    refs: list[str]
    values: list[np.ndarray]
    rest: dict[str, list[str]]
    bad: dict[str, str] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    said: str = ""
    rate: float | None = None
    notices: tuple[Notice, ...] = ()
    word: str = "row"
    known: tuple[str, ...] = ()

    def without(self, whys: Sequence[str]) -> Recordings:
        """Return them without those that cannot be used, of which ``whys`` (n,) says why, "" of the others."""
        kept = [at for at, why in enumerate(whys) if not why]
        odd = {ref: why for ref, why in zip(self.refs, whys, strict=True) if why}
        refs, values = ([each[at] for at in kept] for each in (self.refs, self.values))
        rest = {name: [cells[at] for at in kept] for name, cells in self.rest.items()}
        return replace(self, refs=refs, values=values, rest=rest, bad=self.bad | odd)

    def cells(self, name: str) -> list[str]:
        """Return the values (n,) of a column; ``DataError`` where another table of the set has it and this has not."""
        if name not in self.rest:
            raise DataError(f"{self.table.where}: no column {name}; give all tables the same columns")
        return self.rest[name]


def listing_of_recordings(files: Files, by_split: BySplit, parts: Sequence[Recordings], columns: Columns) -> Listing:
    """Return the recordings of a table, or of one for each split, as a listing.

    Raises:
        DataError: none that can be used, different rates, a recording without a label, and what ``targets.read``
            raises. Bad recordings are the listing's ``absent``, and those of other channels than most.
    """
    whys = iter(odd_channels([signal for part in parts for signal in part.values]))
    parts = [part.without([next(whys) for _ in part.refs]) for part in parts]
    where, label = ", ".join(by_split.values()), parts[0].label
    refs = [ref for part in parts for ref in part.refs]
    values = [signal for part in parts for signal in part.values]
    bad = [f"{part.word} {ref}: {why}" for part in parts for ref, why in part.bad.items()]
    if not refs or label is None:
        raise DataError(f"{where}: no recording can be used: {'; '.join(bad[:3]) or 'the table has no rows'}")
    named_refs = [f"{part.word} {ref}" for part in parts for ref in part.refs]
    cells = {label: [value for part in parts for value in part.cells(label)]}
    if blank := [ref for ref, value in zip(refs, cells[label], strict=True) if not value.strip()]:
        raise DataError(f"{where}: no {label} in {rows_said(blank)}; fill it in or remove the row")
    target, how, notices = targets.read(where, targets.TargetColumns("label", (label,)), cells, refs, columns)
    rest = {
        name: [text_of(value) for part in parts for value in part.cells(name)]
        for name in parts[0].rest
        if name != label and plain(name) != "split"
    }
    labels = target.values if target.kind == "class" else np.zeros(len(target), np.int64)
    named = columns.pick("group", (), parts[0].table.names, where)
    if named is not None and named not in rest:
        raise DataError(f"{where}: --group {named}: that column holds values or what is learned; name another one")
    grouping = find_grouping(rest, labels, named, wanted=columns.group != "none")
    used = {grouping.column, *parts[0].known}
    first = next(iter(by_split.values())).rpartition("/")[2]
    name = SPLIT_WORD.sub("", first[: -len(ending(first))]) if len(by_split) == 1 else set_name(files.path)
    rate = _one_rate(where, parts)
    said = [parts[0].said + how]
    said += [f"group={grouping.column}"] * bool(grouping.column)
    said += [f"{rate:,g} steps a second"] if rate else []
    return Listing(
        name=name,
        kind=f"signals in {where} ({', '.join(said)})",
        images=Signals(values, refs, parts[0].channels, rate=rate),
        ids=strings(refs),
        target=target,
        split=np.concatenate([_split(part, split) for split, part in zip(by_split, parts, strict=True)]),
        groups=strings(rest[grouping.column]) if grouping.column else None,
        notices=(
            *notices,
            *(notice for part in parts for notice in part.notices),
            *unused_notice("column", [each for each in rest if each not in used], grouping.passed),
            *grouping.notices,
            *(lengths_notices(where, values, named_refs) if parts[0].word == "row" else ()),
        ),
        absent=bad_notice(where, bad, len(refs)),
        columns=tuple(parts[0].table.names),
    )


def _split(part: Recordings, split: str) -> np.ndarray:
    """Return the split of each recording (n,): that of the table, else what its split column says."""
    words = next((part.rest[name] for name in part.rest if plain(name) == "split"), None)
    rows = [int(ref.split()[0]) if ref.split()[0].isdecimal() else 0 for ref in part.refs]
    return splits_of(part.table.where, rows, words, split)


def _one_rate(where: str, parts: Sequence[Recordings]) -> float | None:
    rates = Counter(part.rate for part in parts if part.rate is not None)
    if len(rates) > 1:
        raise DataError(f"{where}: one table has {' and another '.join(f'{rate:g}' for rate in rates)} steps a second")
    return next(iter(rates), None)
