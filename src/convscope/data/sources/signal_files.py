"""Files that say themselves that they hold signals: ``.ts`` of sktime and aeon, and Weka's ``.arff``, also relational.

A case is a line: in ``.ts`` its channels parted by colons, then its label; in ARFF its values and its label, or, where
an attribute is relational, a quoted text with a line (``\\n``) for each channel. ``?`` and NaN behind the last value of
every channel fill shorter signals up.
"""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from convscope.data.listing import Listing
from convscope.data.sources.candidate import Candidate
from convscope.data.sources.columns import Columns
from convscope.data.sources.files import Files, ending
from convscope.data.sources.signal_cells import fault_of, is_finite, is_gap
from convscope.data.sources.signal_rows import SignalRows, listing_of
from convscope.data.sources.splitnames import BySplit, split_sets
from convscope.data.sources.tabular import decoded, place
from convscope.errors import DataError

ENDINGS = (".ts", ".arff")
NUMERIC = ("numeric", "real", "integer")
_ATTRIBUTE = re.compile(r"@attribute\s+('[^']*'|\"[^\"]*\"|\S+)\s+(.*)", re.IGNORECASE)
_STAMPED = re.compile(r"\(([^()]*),([^(),]*)\)")
Case = Callable[[str], tuple[list[list[str]], str]]  # a line -> the values of each channel as text, and the label


def find(files: Files, columns: Columns, names: Sequence[str] | None = None) -> list[Candidate]:
    """Return a candidate for each set among the files ``names`` (all) that have one of ``ENDINGS`` and hold signals."""
    if names is None:  # those of code and of videos end alike
        names = [name for name in files.names if ending(name) in ENDINGS and b"@data" in files.read(name).lower()]
    known = [name for name in names if ending(name) == ".ts" or _is_of_signals(files, name)]
    return [
        Candidate(
            "signals", ", ".join(by_split.values()), functools.partial(read, files, by_split, columns),
            files=tuple(by_split.values()),
        )
        for by_split in split_sets(known)
    ]  # fmt: skip


def read(files: Files, by_split: BySplit, columns: Columns) -> Listing:
    """List the signals of a file (``{"": name}``), or of one for each split.

    Raises:
        DataError: no header, no case, cases without labels, channels of different numbers. Cases with a value that is
            missing or no number are the listing's ``absent``.
    """
    parts = [_read_one(files, name, fill=columns.fill) for name in by_split.values()]
    return listing_of(by_split, parts, columns, "a case each: its channels, then its label")


def cases_in(path: Path, *, fill: bool = False) -> list[tuple[str, np.ndarray | str]]:
    """Return (row, signal (T, C) or why it cannot be used) of a file, whatever its labels are."""
    rows = _rows(path.read_bytes(), str(path), path.name, labelled=False, fill=fill)
    cases = [*zip(rows.refs, rows.values, strict=True), *rows.bad.items()]
    return [(ref.partition(" ")[0], case) for ref, case in sorted(cases, key=lambda case: int(case[0].split()[0]))]


def _read_one(files: Files, name: str, *, fill: bool) -> SignalRows:
    where = place(files, name)
    rows = _rows(files.read(name), where, name, fill=fill)
    if not rows.refs:
        raise DataError(f"{where}: no case can be used: {'; '.join(rows.said[:3]) or 'none is there behind @data'}")
    return rows


def _rows(content: bytes, where: str, name: str, *, labelled: bool = True, fill: bool = False) -> SignalRows:
    head, data = _halves(decoded(content, where), where)
    case = _case_of_ts(head, where) if ending(name) == ".ts" else _case_of_arff(head, where)
    rows = SignalRows()
    for at, line in data:
        ref = f"{at} of {name}"
        try:
            channels, label = case(line)
        except (ValueError, csv.Error) as error:
            raise DataError(f"{where} row {at}: {error}") from None
        signal = _signal(channels, fill=fill)
        if isinstance(signal, str) or (labelled and is_gap(label)):
            rows.bad[ref] = signal if isinstance(signal, str) else "its label is missing"
            continue
        rows.refs.append(ref)
        rows.labels.append(label)
        rows.values.append(signal)
    return rows


def _halves(text: str, where: str) -> tuple[list[str], list[tuple[int, str]]]:
    """Return the lines before ``@data``, and those behind it with their numbers; comments and blank ones aside."""
    lines = [(at, line.strip()) for at, line in enumerate(text.splitlines(), 1)]
    lines = [(at, line) for at, line in lines if line and not line.startswith(("#", "%"))]
    begin = next((k for k, (_, line) in enumerate(lines) if line.lower() == "@data"), None)
    if begin is None:
        raise DataError(f"{where}: there is no line @data; expected a header of lines with @, then @data, then cases")
    return [line for _, line in lines[:begin]], lines[begin + 1 :]


def _case_of_ts(head: list[str], where: str) -> Case:
    said = {key.lower(): rest for key, _, rest in (line.partition(" ") for line in head)}
    labels = [said.get(key, "false").split() for key in ("@classlabel", "@targetlabel")]
    if not any(words and words[0].lower() == "true" for words in labels):
        raise DataError(f"{where}: the header says no @classLabel true, and no @targetLabel true: nothing to learn")

    def case(line: str) -> tuple[list[list[str]], str]:
        *channels, label = line.split(":")
        if not channels:
            raise ValueError(f"expected channels and a label with colons between them, found {line[:40]!r}")
        return [_values_of(channel) for channel in channels], label.strip()

    return case


def _values_of(channel: str) -> list[str]:
    """Return the values of a channel, without the time stamps that they may have.

    >>> _values_of("1, 2,?"), _values_of("(0,1.5),(3,2.5)")
    (['1', '2', '?'], ['1.5', '2.5'])
    """
    if stamped := _STAMPED.findall(channel):
        return [value.strip() for _, value in stamped]
    return [value.strip() for value in channel.split(",")]


def _case_of_arff(head: list[str], where: str) -> Case:
    kinds = _kinds(head)
    if len(kinds) < 2:
        raise DataError(f"{where}: expected an attribute or more for values, and one to learn, found {len(kinds)}")
    # The label is the last attribute, as the archives have it, or else the one that is no number.
    places = [at for at, kind in enumerate(kinds) if kind not in NUMERIC and kind != "relational"]
    label_at = len(kinds) - 1 if len(kinds) - 1 in places or len(places) != 1 else places[0]
    relational = "relational" in kinds

    def case(line: str) -> tuple[list[list[str]], str]:
        quote = "'" if line.count("'") > line.count('"') else '"'
        cells = next(csv.reader([line], quotechar=quote, skipinitialspace=True, strict=True))
        if len(cells) != len(kinds):
            raise ValueError(f"expected {len(kinds)} values, as the header says, found {len(cells)}")
        label = cells.pop(label_at).strip().strip("'\"")
        if not relational:
            return [[cell.strip() for cell in cells]], label
        return [
            _values_of(channel) for cell in cells for channel in re.split(r"\\n|\n", cell) if channel.strip()
        ], label

    return case


def _kinds(head: list[str]) -> list[str]:
    """Return the kind of each attribute; what belongs to a relational one stands in it."""
    kinds: list[str] = []
    inside = False
    for line in head:
        if line.lower().startswith("@end"):
            inside = False
        elif (told := _ATTRIBUTE.match(line)) and not inside:
            kinds.append(told[2].strip().lower())
            inside = kinds[-1] == "relational"
    return kinds


def _is_of_signals(files: Files, name: str) -> bool:
    """Return whether an ARFF file holds signals: a relational attribute, or numbers but for what is learned.

    Numbers called each by a word of its own are the columns of a table.
    """
    try:
        head, _ = _halves(decoded(files.read(name), name), name)
    except DataError:
        return False
    kinds = _kinds(head)
    if "relational" in kinds:
        return True
    names = [told[1].strip("'\"") for line in head if (told := _ATTRIBUTE.match(line))]
    numbers = [each for each, kind in zip(names, kinds, strict=True) if kind in NUMERIC]
    counted = [re.fullmatch(r"\D*(\d+)", each) for each in numbers]
    return len(numbers) >= len(kinds) - 1 and len(numbers) > 1 and sum(map(bool, counted)) >= len(kinds) - 1


def _signal(channels: list[list[str]], *, fill: bool = False) -> np.ndarray | str:
    """Return the values (T, C) of a case, or why it cannot be used."""
    lengths = {len(channel) for channel in channels}
    if len(lengths) > 1:
        return f"its channels have {', '.join(map(str, sorted(lengths)))} values; give all of them the same number"
    steps = list(zip(*channels, strict=True))
    while len(steps) > 1 and all(map(is_gap, steps[-1])):
        steps.pop()
    if fill:
        steps = [tuple("nan" if is_gap(cell) else cell for cell in step) for step in steps]
    try:
        with np.errstate(over="ignore"):  # what float32 cannot hold is infinite
            values = np.array(steps, np.float32)
    except ValueError:
        values = np.full((1, 1), np.nan)
        fill = False
    if fill:
        return values
    if np.isfinite(values).all() and not any("_" in cell for step in steps for cell in step):
        return values
    for at, step in enumerate(steps, 1):
        for channel, cell in enumerate(step, 1):
            if not is_finite(cell):
                which = f" of channel {channel}" if len(channels) > 1 else ""
                return f"value {at}{which} is {fault_of(cell)} ({cell[:20]!r})"
    return "it holds values that are no numbers"
