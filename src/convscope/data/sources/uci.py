"""Sequences as the UCI repository writes them: ``class,name,sequence``, one a row, without a header."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from itertools import islice

from convscope.data.listing import Listing
from convscope.data.sources.candidate import Candidate
from convscope.data.sources.cells import RowNames, packed
from convscope.data.sources.columns import Columns
from convscope.data.sources.files import Files, ending
from convscope.data.sources.tabular import place
from convscope.data.sources.text_listing import TextRows, listing_of
from convscope.data.sources.textlines import lines_of, opened
from convscope.errors import DataError

ENDINGS = (".data", ".csv", ".txt")
LOOKED_AT = 20
_ROW = re.compile(r"\s*([^,]+?)\s*,\s*([^,]+?)\s*,\s*([A-Za-z]{8,})\s*")


def find(files: Files, columns: Columns, names: Sequence[str] | None = None) -> list[Candidate]:
    """Return a candidate for each file of which the first rows are a class, a name and a sequence."""
    names = [name for name in files.names if ending(name) in ENDINGS] if names is None else names
    return [
        Candidate("sequences, a row each", name, functools.partial(read, files, name, columns), files=(name,))
        for name in names
        if _is_one(files, name)
    ]


def read(files: Files, name: str, columns: Columns) -> Listing:
    """List the sequences of a file; ``DataError`` for a row of another form."""
    where = place(files, name)
    rows: list[int] = []
    labels: list[str] = []
    names: list[str] = []
    sequences: list[str] = []
    with opened(files, name) as stream:
        for number, line in enumerate(lines_of(stream, where), 1):
            if not line.strip():
                continue
            if not (match := _ROW.fullmatch(line)):
                raise DataError(f"{where} row {number}: expected class,name,sequence, found {line.strip()[:60]!r}")
            rows.append(number)
            labels.append(match[1])
            names.append(match[2])
            sequences.append(match[3])
    told = TextRows(packed(sequences), RowNames(rows, name), labels, [""] * len(rows), names)
    return listing_of(files, told, f"table {name} (class, name and sequence a row, without a header)", columns)


def _is_one(files: Files, name: str) -> bool:
    try:
        with opened(files, name) as stream:
            head = [line for line in islice(lines_of(stream, name), LOOKED_AT) if line.strip()]
    except DataError:
        return False
    rows = [_ROW.fullmatch(line) for line in head]
    if len(head) < 2 or not all(rows):
        return False
    letters = "".join(match[3].upper() for match in rows if match)
    return sum(map(letters.count, "ACGTUN")) >= 0.9 * len(letters)
