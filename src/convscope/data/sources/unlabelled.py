"""A table in which nothing is called as what is learned: what was looked for, and which of its columns may be it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from convscope.data.numerals import REAL
from convscope.data.sources.columns import LABEL_COLUMNS
from convscope.data.sources.tabular import Table
from convscope.errors import DataError
from convscope.text import listed

SHOWN, MOST = 20, 20  # columns named; values of a column that may be one of classes


def no_label(table: Table, read_as: str, taken: Collection[str] = (), also: str = "") -> DataError:
    """Return the error about a table that is ``read_as`` something by its other columns, those ``taken``.

    ``also`` says what else could have been learned ("and none of numbers"). A column whose few values repeat is named
    as the one that may be meant.
    """
    likely = [(name, values) for name, values in table.columns.items() if name not in taken and _like_classes(values)]
    shown = [f"--label-column {name} ({listed(_values(values), 3)})" for name, values in likely]
    example = f", such as {listed(shown, 2)}" if shown else ""
    return DataError(
        f"{table.where} is read as {read_as}, with no label column (one of {', '.join(LABEL_COLUMNS[:3])}){also}; its "
        f"columns: {listed(table.names, SHOWN)}; say which one is to be learned with --label-column{example}"
    )


def _like_classes(values: Sequence[str]) -> bool:
    """Tell whether values are few and repeat: words, or whole numbers that are no more than a count of classes."""
    counts = Counter(value.strip() for value in values)
    counts.pop("", None)
    if not 2 <= len(counts) <= MOST or min(counts.values()) < 2:
        return False
    return not any(REAL.fullmatch(value) and not value.isdecimal() for value in counts)


def _values(values: Sequence[str]) -> list[str]:
    return [value for value, _ in Counter(value.strip() for value in values).most_common() if value]
